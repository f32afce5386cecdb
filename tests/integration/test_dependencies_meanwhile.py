# SPDX-License-Identifier: MIT
"""What others require, while it starts, ends, or is away: nobody runs without what he requires, nobody is forgotten."""

import os
import pathlib

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import PLAIN, service_script

# Its start takes until the test lets it go on.
GATED = PLAIN.replace("startService(", """open(GATE + ".reached", "w").close()
        while not os.path.exists(GATE):
            time.sleep(0.01)
        startService(""")


@pytest.fixture
def comard(start):
    return start()


def service(comard, name, settings="", text=PLAIN):
    return comard.register(name, service_script(
        f"\n    {settings}\n{text}", SERVER=comard.program(name), ARGS="", GATE=gate(comard, name),
        PIDFILE=f"{comard.root}/run/{name}.pid"))


def gate(comard, name):
    return f"{comard.root}/{name}.gate"


def open_gate(comard, name):
    pathlib.Path(gate(comard, name)).touch()


def start_until_its_gate(comard, name):
    """Its caller, who waits."""
    caller = comard.launch_cli("start", name)
    comard.until(lambda: os.path.exists(gate(comard, name) + ".reached"), f"{name} to be starting")
    return caller


def state(one):
    return one.supervision["State"]


def end_main(one):
    main = Process(one.supervision["MainPID"])
    main.kill()
    main.wait_gone()


def test_what_a_starting_one_requires_is_not_stopped_below_it(comard):
    db = service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"', GATED)
    caller = start_until_its_gate(comard, "web")
    with pytest.raises(BusError, match="cannot stop db: web requires it"):
        db.stop()
    open_gate(comard, "web")
    assert caller.wait() == 0
    assert state(db) == "running"


def test_a_starting_one_is_taken_along_when_that_is_asked_for(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"', GATED)
    caller = start_until_its_gate(comard, "web")
    stop = comard.launch_cli("stop", "--with-dependents", "db")
    open_gate(comard, "web")
    caller.wait()
    assert stop.wait() == 0
    assert state(web) == state(db) == "stopped"


def test_what_a_starting_one_requires_may_die(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"', GATED)
    caller = start_until_its_gate(comard, "web")
    end_main(db)
    comard.until(lambda: state(db) == "failed", "the end of db to be known")
    open_gate(comard, "web")
    caller.wait()
    comard.until(lambda: state(web) == "stopped", "web to be stopped again")
    db.start()
    comard.until(lambda: state(web) == "running", "web to follow db")


def test_one_of_two_that_it_requires_may_die_before_the_other_is_there(comard):
    db = service(comard, "db")
    service(comard, "cache", text=GATED)
    web = service(comard, "web", 'serviceRequires = ["db", "cache"]')
    caller = comard.launch_cli("start", "web")
    comard.until(lambda: os.path.exists(gate(comard, "cache") + ".reached"), "cache to be starting")
    comard.until(lambda: state(db) == "running", "db")
    end_main(db)
    comard.until(lambda: state(db) == "failed", "the end of db to be known")
    open_gate(comard, "cache")
    assert caller.wait() != 0
    assert "cannot start web: db, which it requires, has ended meanwhile" in web.supervision["LastError"]
    db.start()
    comard.until(lambda: state(web) == "running", "web to follow db")


def test_of_two_that_conflict_and_start_at_once_one_runs(comard):
    first = service(comard, "first", 'serviceConflicts = "second"', GATED)
    second = service(comard, "second", text=GATED)
    caller = start_until_its_gate(comard, "first")
    with pytest.raises(BusError, match="cannot start second: it conflicts with first, which is starting"):
        second.start()
    open_gate(comard, "first")
    assert caller.wait() == 0
    assert state(first) == "running" and state(second) != "running"
    open_gate(comard, "second")
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
