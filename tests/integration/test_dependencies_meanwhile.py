# SPDX-License-Identifier: MIT
"""What others require, while it starts, ends, or is away: nobody runs without what he requires, nobody is forgotten."""

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import PLAIN, service_script

# Its start takes until the test lets it go on.
GATED = PLAIN.replace("startService(", """tell("starting")
        open(GATE).read(1)
        startService(""")


@pytest.fixture
def comard(start):
    return start()


@pytest.fixture
def gate(comard):
    return comard.gate("start")


def service(comard, name, settings="", text=PLAIN, **names):
    return comard.register(name, service_script(
        f"\n    {settings}\n{text}", SERVER=comard.program(name), ARGS="",
        PIDFILE=f"{comard.root}/run/{name}.pid", **names))


def start_until_the_gate(comard, name, told):
    """Its caller, who waits."""
    caller = comard.launch_cli("start", name)
    assert told.value() == "starting"
    return caller


def state(one):
    return one.supervision["State"]


def end_main(one):
    main = Process(one.supervision["MainPID"])
    main.kill()
    main.wait_gone()


def test_what_a_starting_one_requires_is_not_stopped_below_it(comard, told, gate):
    db = service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"', GATED, told=told, GATE=gate)
    caller = start_until_the_gate(comard, "web", told)
    with pytest.raises(BusError, match="cannot stop db: web requires it"):
        db.stop()
    gate.open()
    assert caller.wait() == 0
    assert state(db) == "running"


def test_a_starting_one_is_taken_along_when_that_is_asked_for(comard, told, gate):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"', GATED, told=told, GATE=gate)
    caller = start_until_the_gate(comard, "web", told)
    stop = comard.launch_cli("stop", "--with-dependents", "db")
    gate.open()
    caller.wait()
    assert stop.wait() == 0
    assert state(web) == state(db) == "stopped"


def test_a_stop_does_not_wait_for_what_it_would_have_required(comard, told, gate):
    db = service(comard, "db", text=GATED, told=told, GATE=gate)
    web = service(comard, "web", 'serviceRequires = "db"')
    starting = web.begin("start")
    assert told.value() == "starting"
    comard.connect().service("web").stop()
    with pytest.raises(BusError, match=r"cannot start web: it is to be stopped \(stop asked for by"):
        starting.result()
    gate.open()
    comard.until(lambda: state(db) == "running", "db to run")
    comard.bus.sync()
    assert state(web) == "stopped", "it does not follow db"


def test_one_that_is_stopped_with_what_it_waits_for_does_not_follow_it(comard):
    db = service(comard, "db", text="""
    def is_up():
        return os.path.exists(FLAG)

    serviceReadiness = is_up
    """ + PLAIN, FLAG=f"{comard.root}/flag")
    web = service(comard, "web", 'serviceRequires = "db"')
    starting = web.begin("start")
    comard.until(lambda: db.supervision["PIDs"], "db to start")
    assert comard.cli("stop", "--with-dependents", "db").returncode == 0
    with pytest.raises(BusError, match="cannot start web"):
        starting.result()
    comard.write("/flag", "")
    db.start()
    comard.bus.sync()
    assert web.supervision["PIDs"] == [] and state(web) not in ("starting", "running")


def test_a_stop_that_is_refused_ends_no_start(comard, told, gate):
    db = service(comard, "db", text=GATED, told=told, GATE=gate)
    web = service(comard, "web", 'serviceRequires = "db"')
    starting = web.begin("start")
    assert told.value() == "starting"
    with pytest.raises(BusError, match="cannot stop db: web requires it"):
        comard.connect().service("db").stop()    # now, not when it has started
    gate.open()
    starting.result()
    assert state(db) == state(web) == "running"


def test_what_a_starting_one_requires_may_die(comard, told, gate):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"', GATED, told=told, GATE=gate)
    caller = start_until_the_gate(comard, "web", told)
    end_main(db)
    comard.until(lambda: state(db) == "failed", "the end of db to be known")
    gate.open()
    caller.wait()
    comard.until(lambda: state(web) == "stopped", "web to be stopped again")
    db.start()
    assert told.value() == "starting"
    gate.open()
    comard.until(lambda: state(web) == "running", "web to follow db")


def test_one_of_two_that_it_requires_may_die_before_the_other_is_there(comard, told, gate):
    db = service(comard, "db")
    service(comard, "cache", text=GATED, told=told, GATE=gate)
    web = service(comard, "web", 'serviceRequires = ["db", "cache"]')
    caller = comard.launch_cli("start", "web")
    assert told.value() == "starting"
    comard.until(lambda: state(db) == "running", "db")
    end_main(db)
    comard.until(lambda: state(db) == "failed", "the end of db to be known")
    gate.open()
    assert caller.wait() != 0
    assert "cannot start web: db, which it requires, has ended meanwhile" in web.supervision["LastError"]
    db.start()
    comard.until(lambda: state(web) == "running", "web to follow db")


def test_of_two_that_conflict_and_start_at_once_one_runs(comard, told, gate):
    first = service(comard, "first", 'serviceConflicts = "second"', GATED, told=told, GATE=gate)
    second = service(comard, "second", text=GATED, told=told, GATE=gate)
    caller = start_until_the_gate(comard, "first", told)
    with pytest.raises(BusError, match="cannot start second: it conflicts with first, which is starting"):
        second.start()
    gate.open()
    assert caller.wait() == 0
    assert state(first) == "running" and state(second) != "running"
    gate.open()
    second.start()
    assert state(first) == "stopped" and state(second) == "running"


@pytest.mark.parametrize("names", [("web", "db"), ("db", "web")])
def test_several_are_stopped_in_their_order_whatever_the_order_of_their_names(comard, names):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    changed = comard.signals()
    result = comard.cli("stop", *names)
    assert result.returncode == 0, result.stderr
    assert changed.all() == [("web", "stopped"), ("db", "stopped")]
    assert state(web) == state(db) == "stopped"


def test_a_stop_says_whom_it_takes_along(comard):
    db = service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"')
    shop = service(comard, "shop", 'serviceRequires = "web"')
    shop.start()
    with pytest.raises(BusError, match="web requires it; .* stops (shop and web|web and shop), too"):
        db.stop()
    assert "stopping shop and web, too" in comard.cli("stop", "--with-dependents", "db").stderr


def test_what_it_requires_may_end_while_comard_is_away(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"')
    web.start()
    main = Process(db.supervision["MainPID"])
    comard.kill()
    main.kill()
    main.wait_gone()
    comard.start()
    web, db = comard.service("web"), comard.service("db")
    comard.until(lambda: state(web) == "stopped", "web to be stopped")
    db.start()
    comard.until(lambda: state(web) == "running", "web to follow db")


@pytest.mark.parametrize("settings", ["", 'serviceProvides = "database"'])
def test_what_it_requires_may_be_registered_later(comard, settings):
    required = "database" if settings else "db"
    web = service(comard, "web", f'serviceRequires = "{required}"')
    with pytest.raises(BusError, match=f"cannot find {required}"):
        web.start()
    service(comard, "db", settings).start()
    comard.until(lambda: state(web) == "running", "web to follow db")


@pytest.mark.parametrize("command", [["shutdown"], ["stop", "--with-dependents", "db"], ["stop", "--with-dependents", "web"],
                                     ["switch", "rescue"]], ids=" ".join)
def test_what_has_become_a_circle_while_it_ran_can_be_stopped(comard, command):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    comard.write("/etc/comar/services/db.toml", 'requires = ["web"]\n')
    comard.cli("check", "--all")    # reads what was edited
    with pytest.raises(BusError, match="db requires it"):
        web.stop()
    assert comard.cli(*command).returncode == 0
    assert state(db) == state(web) == "stopped"
    assert db.supervision["PIDs"] == web.supervision["PIDs"] == []


BROKEN = """
    def start():
        tell("tried")
        fail("no disk")
"""


def restart(comard, name):
    return comard.bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s", name)


def test_who_cannot_have_what_it_requires_is_not_stopped_for_a_restart(comard, told):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    main = web.supervision["MainPID"]
    end_main(db)
    service(comard, "db", text=BROKEN, told=told)
    with pytest.raises(BusError, match="cannot start web: .*no disk"):
        restart(comard, "web").result()
    assert state(web) == "running" and web.supervision["MainPID"] == main


def test_a_restart_tries_once_what_it_only_wants(comard, told):
    service(comard, "wanted", text=BROKEN, told=told)
    web = service(comard, "web", 'serviceWants = "wanted"')
    web.start()
    assert told.value() == "tried"
    restart(comard, "web").result()
    assert told.value() == "tried"
    assert told.lines() == [] and state(web) == "running"


def test_to_stop_what_has_ended_ends_nobody_else(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    end_main(db)
    comard.until(lambda: state(db) == "failed", "its end to be seen")
    db.stop()
    assert comard.cli("stop", "--with-dependents", "db").returncode == 0
    assert state(web) == "running"


def test_a_dependent_that_does_not_stop_is_named(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"', PLAIN.replace("stopService(", """fail("not now")
        stopService("""))
    web.start()
    result = comard.cli("stop", "--with-dependents", "db")
    assert result.returncode == 1
    assert "cannot stop db: web, which requires it, does not stop: not now" in result.stderr
    assert state(db) == "running"


def test_what_nobody_requires_any_more_is_not_started(comard, told, gate):
    """A start that is given up leaves behind no start of what it would have needed."""
    db = service(comard, "db", text=PLAIN.replace("stopService(", """tell("stopping")
        open(GATE).read(1)
        stopService("""), told=told, GATE=gate)
    web = service(comard, "web", 'serviceRequires = "db"')
    db.start()
    other = comard.connect()
    stopping = db.begin("stop")
    assert told.value() == "stopping"
    starting = other.service("web").begin("start")
    other.sync()
    comard.connect().service("web").stop()
    with pytest.raises(BusError, match="it is to be stopped"):
        starting.result()
    gate.open()
    stopping.result()
    comard.bus.sync()
    assert state(db) == "stopped" and state(web) != "running"


def test_what_others_only_want_is_tried_once_in_a_boot(comard, told):
    service(comard, "wanted", text=BROKEN, told=told)
    service(comard, "first", 'serviceWants = "wanted"').set_state("on")
    service(comard, "second", 'serviceWants = "wanted"\n    serviceAfter = "first"').set_state("on")
    assert "wanted failed: no disk" in comard.cli("boot").stderr
    assert told.value() == "tried"
    assert state(comard.service("first")) == state(comard.service("second")) == "running"
    assert told.lines() == []
    with pytest.raises(BusError, match="no disk"):
        comard.service("wanted").start()
    assert told.value() == "tried"
