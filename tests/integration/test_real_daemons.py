# SPDX-License-Identifier: MIT
"""The daemons of Debian themselves, with scripts as for the field, at the paths they name."""

import json
import os
import signal

import pytest

from support.bus import BusError
from support.daemon import Daemon
from support.field_machine import program_of
from support.processes import Process
from support.real_machine import Inside, RealMachine, script_of
from support.real_table import TABLE


class Run:
    """One of them on a machine of its own, registered."""

    def __init__(self, real, place):
        assert os.path.exists(real.program), f"{real.program} is missing: script/bootstrap --test"
        self.real = real
        self.machine = RealMachine(place)
        for path, text in real.files.items():
            self.machine.write(path, text, mode=0o600 if "crontabs" in path else 0o644)
        for path, owner in real.folders.items():
            self.machine.make_folder(path, owner)
        self.comard = Daemon(place, mounts=self.machine.mounts, network=True).start()
        self.comard.bus.register(real.name, script_of(real.name))
        self.service = self.comard.service(real.name)
        self.inside = Inside(self.comard.pid)
        self.changed = self.comard.signals()

    def processes(self):
        """All of the daemon's, whatever comard says."""
        return [process for process in self.inside.processes() if program_of(process) == self.real.program]

    def main(self):
        return Process(self.service.supervision["MainPID"])

    def status(self):
        """(exit code, what it shows) of `comar status`"""
        result = self.comard.cli("status", self.real.name, "--json")
        return result.returncode, json.loads(result.stdout)

    def until(self, condition, what):
        self.comard.until(condition, what)

    def start(self):
        """Until it works, and all of its processes are known."""
        self.service.start()
        self.changed.wait_for(self.real.name, "started")
        self.wait_until_it_works()

    def wait_until_it_works(self):
        if self.real.port:
            self.until(lambda: self.inside.is_open(self.real.port), f"port {self.real.port}")
        self.real.proves(self)

    def clean_up(self):
        """Ends what a test has left, whatever state it is in."""
        for process in self.inside.processes():
            if process.pid != self.comard.pid and process.comm != "comar-script-ho":
                process.kill()
        self.comard.stop()


@pytest.fixture(params=TABLE, ids=[real.name for real in TABLE])
def run(request, place):
    it = Run(request.param, place)
    yield it
    it.clean_up()


# Each of them, from its start to its end.

def test_a_real_daemon_lives_as_its_script_says(run):
    check_that_it_is_off(run)
    run.start()
    check_that_it_runs(run)
    check_second_start(run)
    check_reload(run)
    check_stop(run)


def check_that_it_is_off(run):
    assert run.service.state == run.real.states[0]
    assert run.processes() == []
    code, shown = run.status()
    assert (code, shown["main_pid"], shown["pids"]) == (3, None, [])
    if run.real.port:
        assert not run.inside.is_open(run.real.port)


def check_that_it_runs(run):
    real, main = run.real, run.main()
    assert program_of(main) == real.program
    assert os.readlink(f"/proc/{main.pid}/ns/net") != os.readlink("/proc/self/ns/net")
    run.until(lambda: main.uid == RealMachine.uid(real.user), f"the user {real.user}")
    assert main.parent not in pids_of(run), "the main process is a child of another one"
    if real.pidfile:
        assert int(run.comard.file(real.pidfile).read_text()) == main.pid
    check_workers(run, main)
    check_status(run, main)


def check_status(run, main):
    """Those that handle the last request, or run a job, or come after a reload may just come or go."""
    run.until(lambda: sorted(run.service.supervision["PIDs"]) == pids_of(run),
              lambda: f"{pids_of(run)}; known are {run.service.supervision['PIDs']}")
    run.until(lambda: sorted(run.status()[1]["pids"]) == pids_of(run),
              lambda: f"{pids_of(run)}; shown are {run.status()}")
    code, shown = run.status()
    assert (code, shown["main_pid"]) == (0, main.pid)
    assert run.service.state == run.real.states[1]


def check_workers(run, main):
    run.until(lambda: len(run.processes()) == 1 + run.real.workers, lambda: f"all of {run.processes()}")
    for worker in run.processes():
        if worker.pid != main.pid:
            user = RealMachine.uid(run.real.worker_user)
            run.until(lambda each=worker, uid=user: each.uid == uid, f"the user of {worker}")


def pids_of(run):
    return sorted(process.pid for process in run.processes())


def check_second_start(run):
    before, changes = pids_of(run), run.changed.all()
    run.service.start()
    assert pids_of(run) == before, "another start, another process"
    assert run.changed.all() == changes


def check_reload(run):
    main = run.main()
    if run.real.changes is None:
        with pytest.raises(BusError) as caught:
            run.service.reload()
        assert caught.value.name == "Missing"
        return
    run.real.changes(run)
    if run.real.renews:
        main.wait_gone()
        main = wait_for_another_main(run, main)
    assert main.alive and run.main().pid == main.pid, "a reload keeps the main process"
    assert run.service.state == run.real.states[1]
    check_that_it_runs(run)
    assert run.changed.all() == [(run.real.name, "started")]


def wait_for_another_main(run, old):
    run.until(lambda: run.service.supervision["MainPID"] not in (0, old.pid), "another main process")
    run.until(lambda: run.service.state == run.real.states[1], "its pidfile")
    return run.main()


def check_stop(run):
    everyone = run.processes()
    run.service.stop()
    for process in everyone:
        process.wait_gone()
    run.changed.wait_for(run.real.name, "stopped")
    run.until(lambda: run.service.supervision["State"] == "stopped", lambda: f"{run.service.supervision}")
    check_that_it_is_off(run)
    assert run.changed.all() == [(run.real.name, "started"), (run.real.name, "stopped")]
    assert run.real.leaves is None or run.machine.path(run.real.leaves).exists()


# An end from outside.

def test_a_real_daemon_that_is_killed_is_missed_and_starts_again(run):
    run.start()
    check_that_it_runs(run)
    killed = run.main()
    killed.kill()
    end_workers(run)
    run.changed.wait_for(run.real.name, "stopped")
    assert run.changed.all() == [(run.real.name, "started"), (run.real.name, "stopped")]
    assert run.service.supervision["State"] == "failed"
    assert run.service.supervision["ExitSignal"] == signal.SIGKILL
    check_that_it_is_off(run)
    run.start()
    check_that_it_runs(run)
    assert run.main().pid != killed.pid
    check_stop_after_that(run)


def end_workers(run):
    """A service runs until its last process is gone; workers go on without their main process."""
    if run.real.workers:
        run.until(lambda: run.service.state == run.real.states[0], "a status that tells the truth")
        for process in run.processes():
            process.kill()


def check_stop_after_that(run):
    everyone = run.processes()
    run.service.stop()
    for process in everyone:
        process.wait_gone()
    assert run.processes() == []


@pytest.mark.parametrize("run", [real for real in TABLE if real.workers], indirect=True,
                         ids=lambda real: real.name)
def test_a_start_beside_workers_that_have_lost_their_main_process_says_why_it_fails(run):
    """Nobody can serve the port again until they are gone, which no pidfile tells; so they must be shown."""
    run.start()
    check_that_it_runs(run)
    run.main().kill()
    workers = pids_of(run)
    assert len(workers) == run.real.workers
    run.until(lambda: sorted(run.service.supervision["PIDs"]) == workers, "the end of the main process")
    assert run.service.state == run.real.states[0]
    with pytest.raises(BusError, match="Address already in use"):
        run.service.start()
    assert pids_of(run) == workers
    assert run.service.supervision["State"] == "running"
    assert run.service.supervision["MainPID"] in workers
    end_workers(run)
    run.changed.wait_for(run.real.name, "stopped")
    assert run.changed.all() == [(run.real.name, "started"), (run.real.name, "stopped")]
