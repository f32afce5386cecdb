# SPDX-License-Identifier: MIT
"""A service whose start() only starts a program comes back without a script host, and as if there had been one."""

import os

import pytest

from support.processes import Process
from support.scripts import service_script

SCRIPT = """
    serviceRestart = "always"

    @synchronized
    def start():
        startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True, donotify=True)

    @synchronized
    def stop():
        stopService(pidfile=PIDFILE, donotify=True)

    def status():
        return isServiceRunning(PIDFILE)
    """


@pytest.fixture
def comard(start_comard):
    return start_comard({"host": {"idle_seconds": 1}})


def register(comard, told, program="server", extra=""):
    return comard.register("app", service_script(
        extra + SCRIPT, SERVER=comard.program(program), ARGS=f"--tell {told}", PIDFILE=f"{comard.root}/run/app.pid"))


def limits(process):
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
        return file.read()


def environment(process):
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        return sorted(file.read().split(b"\0"))


def as_it_is(process, comard):
    """All that a program has from whoever started it."""
    fds = {number: process.fd(number) for number in (0, 1, 2)}
    comard.until(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == 4, "the mailbox to be closed")
    status = {field: process.status(field) for field in
              ("Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapEff", "NoNewPrivs")}
    return (process.argv, environment(process), limits(process), os.readlink(f"/proc/{process.pid}/cwd"), fds,
            status, process.nice, process.session == process.pid, process.cgroup)


def crash(told):
    """Kills the program; returns it and the one that took its place."""
    first = Process(int(told.line()))
    first.kill()
    return first, Process(int(told.line()))


def hosts(comard):
    with open(f"/proc/{comard.pid}/task/{comard.pid}/children", encoding="ascii") as file:
        children = [Process(int(pid)) for pid in file.read().split()]
    return [child for child in children if child.alive and child.comm.startswith("comar-script")]


def test_it_is_as_a_worker_would_have_started_it(comard, told):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    expected = as_it_is(first, comard)
    assert first.parent != comard.pid
    first.kill()
    second = Process(int(told.line()))
    assert second.parent == comard.pid, "a worker has started it"
    assert as_it_is(second, comard) == expected
    with open(f"{comard.root}/run/app.pid", encoding="ascii") as pidfile:
        assert pidfile.read() == f"{second.pid}\n"
    comard.until(lambda: service.supervision["State"] == "running", "the start to be over")
    assert service.supervision["PIDs"] == [second.pid] and service.supervision["MainPID"] == second.pid
    service.stop()


def test_no_script_host_is_needed(comard, told):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    comard.until(lambda: not hosts(comard), "the script host to be let go")
    first.kill()
    told.line()
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    assert not hosts(comard)
    service.stop()


def test_its_end_and_its_changes_are_told_as_ever(comard, told):
    changed = comard.signals()
    service = register(comard, told)
    service.start()
    _, second = crash(told)
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    service.stop()
    assert not second.alive
    assert [state for app, state in changed.all() if app == "app"] == ["started", "stopped", "started", "stopped"]


def test_a_program_that_is_gone_is_told_by_its_script(comard, told):
    service = register(comard, told, extra="\n    serviceRestartLimit = (1, 60)\n")
    service.start()
    first = Process(int(told.line()))
    os.unlink(f"{comard.root}/usr/bin/server")
    first.kill()
    comard.until(lambda: service.supervision["State"] == "failed", "the restart to fail")
    comard.until(lambda: "comar reset" in service.supervision["LastError"], "comard to give up")
    assert "server" in comard.service_log("app")


def test_an_edited_script_is_what_is_started(comard, told, place):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    path = service.supervision["Script"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("--tell", "--comm edited --tell"))
    first.kill()
    second = Process(int(told.line()))
    assert second.comm == "edited"
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    service.stop()
