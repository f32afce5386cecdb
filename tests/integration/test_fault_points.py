# SPDX-License-Identifier: MIT
"""comard is killed at each of its own steps, and another one goes on: nothing is lost, nothing is there twice."""

import re

import pytest

from support.bus import BusError
from support.daemon import Daemon
from support.place import BUILD
from support.processes import Process, processes_that_mention
from support.scripts import PLAIN, service_script
from support.ways import HIDDEN_CGROUPS

# What comard does itself, without a script.
SUPERVISED = "\n    serviceRestart = RESTART\n" + PLAIN

SCRIPT = """
    import os
    """ + SUPERVISED

STARTS = ["start.next", "start.begun", "start.worker", "start.sent", "start.process", "start.adopted",
          "start.answered", "start.over", "start.ended", "start.told", "state.unsaved"]
STOPS = ["stop.next", "stop.begun", "stop.worker", "stop.sent", "stop.answered", "stop.empty", "stop.over",
         "stop.ended", "stop.told"]
PLAIN_STARTS = ["start.begun", "start.spawning", "start.spawned", "start.over", "start.ended", "start.told"]
PLAIN_STOPS = ["stop.begun", "stop.signalled", "stop.gone", "stop.empty", "stop.ended", "stop.told"]


@pytest.fixture
def faulty(place):
    """Starts a comard that is killed at `step`."""
    daemons = []

    def start(step, mounts=()):
        daemon = Daemon(place, program=BUILD / "bin/comard-faulty", environment={"COMAR_FAULT": step}, mounts=mounts)
        daemons.append(daemon)
        return daemon

    yield start
    for daemon in daemons:
        if daemon.running:
            daemon.stop()


class Service:
    """The service "app" of a comard, and the processes of its program that there really are."""

    def __init__(self, place, restart, script=SCRIPT):
        self.program = place.program("server")
        self.script = service_script(script, RESTART=restart, SERVER=self.program, ARGS="",
                                     PIDFILE=f"{place.root}/run/app.pid")

    def processes(self):
        return [each for each in processes_that_mention(self.program) if each.argv[:1] == [str(self.program)]]


def dies_of(daemon, act):
    """comard must be killed by what `act` asks for."""
    end = Process(daemon.pid)
    try:
        act()
    except BusError:
        pass    # the connection is gone
    end.wait_gone()
    daemon.disconnect()
    daemon.wait()


def goes_on(place, start_comard, service, wanted):
    """Another comard tells the truth, and does what is asked of it, once."""
    comard = start_comard()
    known = comard.service("app")
    comard.until(lambda: known.supervision["SubState"] not in ("start", "stop"), "the end of what was under way")
    if wanted is not None:
        comard.until(lambda: (known.supervision["State"] == "running") == wanted, f"it to run: {wanted}")
    pids = [each.pid for each in service.processes()]
    assert len(pids) <= 1
    assert (known.supervision["State"] == "running") == bool(pids), known.supervision
    assert known.supervision["PIDs"] == pids
    known.start()
    again = [each.pid for each in service.processes()]
    assert len(again) == 1
    assert not pids or again == pids, "what ran was started again"
    known.stop()
    assert service.processes() == []
    assert known.supervision["State"] == "stopped"


@pytest.mark.parametrize("restart", ["no", "always"])
@pytest.mark.parametrize("step", STARTS)
def test_during_a_start(place, start_comard, faulty, step, restart):
    service = Service(place, restart)
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    dies_of(daemon, daemon.service("app").start)
    # One that is supervised runs in the end, once it was written down that somebody wants it to.
    is_written = step not in ("start.next", "state.unsaved")
    goes_on(place, start_comard, service, wanted=True if restart == "always" and is_written else None)


@pytest.mark.parametrize("step", STOPS)
def test_during_a_stop(place, start_comard, faulty, step):
    service = Service(place, "always")
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    daemon.service("app").start()
    dies_of(daemon, daemon.service("app").stop)
    goes_on(place, start_comard, service, wanted=None)


@pytest.mark.parametrize("restart", ["no", "always"])
@pytest.mark.parametrize("step", PLAIN_STARTS)
def test_during_a_plain_start(place, start_comard, faulty, step, restart):
    service = Service(place, restart, SUPERVISED)
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    dies_of(daemon, daemon.service("app").start)
    goes_on(place, start_comard, service, wanted=True if restart == "always" else None)


@pytest.mark.parametrize("step", PLAIN_STOPS)
def test_during_a_plain_stop(place, start_comard, faulty, step):
    service = Service(place, "always", SUPERVISED)
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    daemon.service("app").start()
    dies_of(daemon, daemon.service("app").stop)
    goes_on(place, start_comard, service, wanted=None)


# Where there are no cgroups, what is not written is lost.

@pytest.mark.parametrize("script", [SCRIPT, SUPERVISED])
@pytest.mark.parametrize("restart", ["no", "always"])
def test_who_was_told_of_a_start_relies_on_it(place, start_comard, faulty, script, restart):
    service = Service(place, restart, script)
    daemon = faulty("start.told", HIDDEN_CGROUPS).start()
    daemon.register("app", service.script)
    started = daemon.signals()
    end = Process(daemon.pid)
    daemon.service("app").begin("start")
    started.wait_for("app", "started")
    main, = service.processes()
    end.wait_gone()
    daemon.disconnect()
    daemon.wait()
    comard = start_comard(mounts=HIDDEN_CGROUPS)
    assert comard.service("app").supervision["PIDs"] == [main.pid]
    comard.service("app").stop()
    assert service.processes() == []


@pytest.mark.parametrize("script", [SCRIPT, SUPERVISED])
def test_who_was_told_of_a_stop_relies_on_it(place, start_comard, faulty, script):
    service = Service(place, "always", script)
    daemon = faulty("stop.told", HIDDEN_CGROUPS).start()
    daemon.register("app", service.script)
    daemon.service("app").start()
    dies_of(daemon, daemon.service("app").stop)
    comard = start_comard(mounts=HIDDEN_CGROUPS)
    assert comard.service("app").supervision["State"] == "stopped"
    assert service.processes() == []


@pytest.mark.parametrize("step", ["start.adopted", "start.answered", "start.over"])
def test_what_was_started_without_a_cgroup_is_found(place, start_comard, faulty, step):
    service = Service(place, "always")
    daemon = faulty(step, HIDDEN_CGROUPS).start()
    daemon.register("app", service.script)
    dies_of(daemon, daemon.service("app").start)
    main, = service.processes()
    comard = start_comard(mounts=HIDDEN_CGROUPS)
    known = comard.service("app")
    comard.until(lambda: known.supervision["State"] == "running", "it to run")
    assert known.supervision["PIDs"] == [main.pid]
    known.stop()
    assert service.processes() == []


@pytest.mark.parametrize("script", [SCRIPT, SUPERVISED])
@pytest.mark.parametrize("step", ["restart.planned", "restart.due"])
def test_during_a_restart(place, start_comard, faulty, step, script):
    service = Service(place, "always", script)
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    daemon.service("app").start()
    main, = service.processes()
    dies_of(daemon, main.kill)
    goes_on(place, start_comard, service, wanted=True)


@pytest.mark.parametrize("step", ["reexec.drained", "reexec.accepted", "exit.released"])
def test_during_a_reexec(place, start_comard, faulty, step):
    service = Service(place, "always")
    daemon = faulty(step).start()
    daemon.register("app", service.script)
    daemon.service("app").start()
    main, = service.processes()
    dies_of(daemon, lambda: daemon.cli("daemon-reexec"))
    goes_on(place, start_comard, service, wanted=True)
    assert not main.alive, "it was stopped in the end"


@pytest.mark.parametrize("step", ["register.checked", "register.written", "register.installed"])
def test_during_a_registration(place, start_comard, faulty, step):
    daemon = faulty(step).start()
    text = service_script("def start():\n    pass\n\ndef stop():\n    pass\n")
    dies_of(daemon, lambda: daemon.register("app", text))
    comard = start_comard()
    assert comard.bus.applications() in ([], ["app"])
    comard.register("app", text).start()


def test_every_step_is_one_that_is_taken(place, faulty):
    """Or else a test above would wait for what never comes."""
    service = Service(place, "always")
    daemon = faulty("?").start()
    app = daemon.register("app", service.script)
    app.start()
    main, = service.processes()
    main.kill()
    daemon.until(lambda: service.processes(), "the restart")
    daemon.until(lambda: app.supervision["State"] == "running", "the restart to be over")
    app.stop()
    daemon.cli("daemon-reexec")
    daemon.disconnect()
    taken = set(re.findall(r"^step: (\S+)$", daemon.log, re.MULTILINE))
    assert {*STARTS, *STOPS, "restart.planned", "restart.due", "reexec.drained", "reexec.accepted",
            "register.checked", "register.written", "register.installed", "exit.released"} <= taken
