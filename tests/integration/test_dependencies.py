# SPDX-License-Identifier: MIT
"""Services that require, want, follow and exclude each other; circles and contradictions at registration."""

import json
import os

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import PLAIN, service_script

MANAGER = "tr.org.pardus.comar.Manager"
FAILING = """
    def start():
        fail("no disk")
    """


@pytest.fixture
def comard(start):
    return start()


def service(comard, name, settings="", text=PLAIN):
    return comard.register(name, service_script(
        f"\n    {settings}\n{text}", SERVER=comard.program(name), ARGS="",
        PIDFILE=f"{comard.root}/run/{name}.pid"))


def learned(comard, app):
    graph = json.loads(comard.bus.call("/", MANAGER, "Graph"))
    return [edge["to"] for edge in graph["edges"] if edge["from"] == app and edge["origin"] == "learned"]


def state(one):
    return one.supervision["State"]


def test_what_it_requires_runs_before(comard):
    changed = comard.signals()
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    assert state(db) == state(web) == "running"
    assert changed.all() == [("db", "started"), ("web", "started")]
    assert "web requires it" in db.supervision["Cause"]
    assert web.supervision["Requires"] == ["db"] and db.supervision["RequiredBy"] == ["web"]


def test_a_settings_file_that_counts_for_nobody_is_told(comard):
    comard.register("my-app", service_script(PLAIN, SERVER=comard.program("server"), ARGS="", PIDFILE=""))
    for name in ("my-app", "nobody", "my_app"):
        comard.write(f"etc/comar/services/{name}.toml", "nice = 3\n")
    checked = comard.cli("check", "--all")
    folder = f"{comard.root}/etc/comar/services"
    assert f"{folder}/my-app.toml counts for nobody: the file of that service is my_app.toml" in checked.stdout
    assert f"{folder}/nobody.toml counts for nobody: no service nobody is registered" in checked.stdout
    assert "my_app.toml counts" not in checked.stdout


def test_what_a_script_says_counts_however_it_came_into_its_folder(comard):
    db = service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"')
    comard.stop()
    facts, = (comard.place.root / "var/lib/comar/scripts/System.Service").glob("web*.facts")
    facts.unlink()
    comard.start()
    db, web = comard.service("db"), comard.service("web")
    comard.until(facts.exists, "what it says to be known")
    comard.until(lambda: web.supervision["Requires"] == ["db"], "its requirement to count")
    web.start()
    assert state(db) == state(web) == "running"


def test_without_what_it_requires_it_does_not_start_and_is_started_when_that_is_back(comard):
    service(comard, "db", text=FAILING)
    web = service(comard, "web", 'serviceRequires = ("db",)')
    with pytest.raises(BusError, match=r"Dependency: cannot start web: web needs db \(.*web.py:\d+\): no disk"):
        web.start()
    assert state(web) == "failed" and "no disk" in web.supervision["LastError"]
    service(comard, "db").start()
    comard.until(lambda: state(web) == "running", "web to follow db")
    assert "is back" in web.supervision["Cause"]


def test_a_name_that_nobody_has_is_told(comard):
    web = service(comard, "web", 'serviceRequires = ["nothing"]')
    with pytest.raises(BusError, match=r"web needs nothing \(.*:\d+\), and cannot find nothing: no service has or provides it"):
        web.start()


def test_what_is_only_wanted_may_fail(comard):
    cache = service(comard, "cache", text=FAILING)
    web = service(comard, "web", 'serviceWants = ["cache", "nothing"]')
    web.start()
    assert state(web) == "running" and state(cache) == "failed"


def test_what_has_done_what_it_is_for_is_not_done_again_for_each_that_requires_it(comard, told):
    comard.register("mounts", service_script("""
        def start():
            tell("mounted")
        """, told))
    for name in ("one", "two", "three"):
        service(comard, name, 'serviceRequires = "mounts"').start()
    assert told.lines() == ["'mounted'"]
    comard.service("mounts").start()
    assert len(told.lines()) == 1, "whoever starts it by name may know better"


def test_a_stop_is_refused_while_others_need_it(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    shop = service(comard, "shop", 'serviceRequires = "web"')
    shop.start()
    with pytest.raises(BusError, match="Required: cannot stop db: web requires it; 'comar stop --with-dependents db'"):
        db.stop()
    assert [state(one) for one in (db, web, shop)] == ["running"] * 3
    changed = comard.signals()
    result = comard.cli("stop", "--with-dependents", "db")
    assert result.returncode == 0, result.stderr
    assert [state(one) for one in (db, web, shop)] == ["stopped"] * 3
    comard.until(lambda: len(changed.all()) == 3, "the signals")
    assert changed.all() == [("shop", "stopped"), ("web", "stopped"), ("db", "stopped")]


def test_what_starts_others_by_code_alone_keeps_nobody_from_stopping(comard):
    db = service(comard, "db")
    web = service(comard, "web", text=PLAIN.replace("startService(", 'startDependencies("db")\n        startService('))
    web.start()
    db.stop()
    assert state(db) == "stopped" and state(web) == "running"


def test_it_is_marked_when_what_it_requires_dies(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    Process(db.supervision["MainPID"]).kill()
    comard.until(lambda: state(db) == "failed", "the death")
    assert state(web) == "running" and web.supervision["Lacks"] == ["db"]
    db.start()
    assert web.supervision["Lacks"] == []


def test_it_stops_and_comes_back_with_what_it_requires(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"')
    web.start()
    before = web.supervision["MainPID"]
    Process(db.supervision["MainPID"]).kill()
    comard.until(lambda: state(web) == "stopped", "web to follow")
    assert "which it requires, has ended" in web.supervision["Cause"]
    db.start()
    comard.until(lambda: state(web) == "running", "web to come back")
    assert web.supervision["MainPID"] != before


def test_an_administrators_stop_is_not_undone_by_a_recovery(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"')
    web.start()
    Process(db.supervision["MainPID"]).kill()
    comard.until(lambda: state(web) == "stopped", "web to follow")
    web.stop()
    db.start()
    db.stop()
    assert state(web) == "stopped"


def test_a_restart_takes_those_along_that_want_it_so(comard):
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"\n    serviceRequirementLost = "stop"')
    other = service(comard, "other", 'serviceRequires = "db"')
    web.start()
    other.start()
    pids = [one.supervision["MainPID"] for one in (db, web, other)]
    assert comard.cli("restart", "db").returncode == 0
    comard.until(lambda: state(web) == "running", "web to come back")
    again = [one.supervision["MainPID"] for one in (db, web, other)]
    assert [old == new for old, new in zip(pids, again)] == [False, False, True]


def test_what_conflicts_is_stopped_first(comard):
    one = service(comard, "one")
    other = service(comard, "other", 'serviceConflicts = "one"')
    one.start()
    other.start()
    assert (state(one), state(other)) == ("stopped", "running")
    one.start()
    assert (state(one), state(other)) == ("running", "stopped")


def test_a_virtual_name_is_whoever_provides_it(start):
    comard = start({"providers": {"mta": "postfix"}})
    postfix = service(comard, "postfix", 'serviceProvides = "mta"')
    exim = service(comard, "exim", 'serviceProvides = "mta"')
    service(comard, "list", 'serviceRequires = "mta"').start()
    assert state(postfix) == "running" != state(exim)


def test_two_providers_and_no_choice_is_an_error_that_says_how_to_choose(comard):
    service(comard, "postfix", 'serviceProvides = "mta"')
    service(comard, "exim", 'serviceProvides = "mta"')
    with pytest.raises(BusError, match=r"postfix.*exim.*\[providers\]|exim.*postfix.*\[providers\]"):
        service(comard, "list", 'serviceRequires = "mta"').start()


def two_databases(comard):
    """d1 and d2 provide db, which w requires."""
    service(comard, "d1", 'serviceProvides = "db"')
    service(comard, "d2", 'serviceProvides = "db"')
    return service(comard, "w", 'serviceRequires = "db"')


def test_who_is_chosen_is_who_is_drawn(start):
    comard = start({"providers": {"db": "d2"}})
    two_databases(comard)
    assert comard.cli("graph", "db").stdout.splitlines()[1].startswith("└─ requires db: d2 ")
    assert "d1" not in comard.cli("graph", "db").stdout
    assert json.loads(comard.cli("graph", "--json").stdout)["names"] == {"db": {"app": "d2", "why": ""}}
    assert comard.cli("check", "--all").stdout == ""


def test_that_nobody_has_chosen_is_told_as_such(comard):
    two_databases(comard)
    why = "d1 and d2 provide it; choose one in [providers] of comard.toml"
    assert f"└─ requires db: {why}  " in comard.cli("graph", "w").stdout
    assert f"  it needs db: {why}" in comard.cli("explain", "w").stdout.splitlines()
    drawn = comard.cli("graph", "db")
    assert (drawn.returncode, drawn.stderr) == (1, f"cannot draw the graph of db: {why}\n")
    assert comard.cli("graph", "none").returncode == 5


def test_a_choice_that_is_not_registered_is_told_everywhere(start):
    comard = start({"providers": {"db": "zzz"}})
    place = f"{comard.root}/etc/comar/comard.toml:2"
    assert f"db: {place} chooses zzz, which is not registered" in comard.log
    wanting = two_databases(comard)
    why = "d1 and d2 provide it, and zzz, which is chosen in [providers] of comard.toml, is not registered"
    with pytest.raises(BusError) as refused:
        wanting.start()
    assert why in refused.value.message
    assert why in comard.cli("graph", "w").stdout and why in comard.cli("explain", "w").stdout
    assert f"db: warning: {place} chooses zzz, which is not registered\n" in comard.cli("check", "--all").stdout


def test_a_choice_that_does_not_provide_the_name_is_told(start):
    comard = start({"providers": {"db": "other"}})
    two_databases(comard)
    service(comard, "other")
    doubt = f"{comard.root}/etc/comar/comard.toml:2 chooses other, which does not say that it provides it"
    checked = comard.cli("check", "--all")
    assert (checked.returncode, f"db: warning: {doubt}" in checked.stdout) == (0, True)
    assert doubt not in comard.log
    comard.stop()
    comard.start()
    assert doubt in comard.log
    comard.write("/etc/comar/services/other.toml", 'provides = "db"\n')
    assert comard.cli("check", "--all").stdout == ""
    comard.stop()
    comard.start()
    assert comard.log.count(doubt) == 1, "what other.toml says is not known so early"


def test_a_script_that_does_not_parse_any_more_is_found_by_a_check_of_all(comard):
    service(comard, "good")
    service(comard, "bad")
    assert comard.cli("check", "--all").returncode == 0
    path = comard.file(f"{comard.root}/var/lib/comar/scripts/System.Service/bad.py")
    path.write_text("def start(:\n")
    checked = comard.cli("check", "--all")
    assert checked.returncode == 1
    line, = checked.stdout.splitlines()
    assert line.startswith("bad: error: ") and "bad.py:1: " in line
    comard.write("/etc/comar/services/good.toml", "nice = 'very'\n")
    assert "good.toml:1: " in comard.cli("check", "--all").stdout


@pytest.mark.parametrize("first, second", [
    ('serviceRequires = "b"', 'serviceRequires = "a"'),
    ('serviceAfter = "b"', 'serviceWants = "a"'),
    ('serviceBefore = "b"', 'serviceBefore = "a"'),
])
def test_a_circle_is_refused_with_its_path(comard, first, second):
    a = service(comard, "a", first)
    with pytest.raises(BusError, match=r"circle: .*b\.py:\d+\).*a\.py:\d+\)|circle: .*a\.py:\d+\).*b\.py:\d+\)"):
        service(comard, "b", second)
    assert comard.cli("status", "b").returncode == 4
    service(comard, "b").start()
    a.start()
    assert state(a) == "running"


def test_a_circle_through_code_is_found_before_anything_runs(comard):
    service(comard, "a", text="\n    def start():\n        call('b', 'System.Service', 'start')\n")
    with pytest.raises(BusError, match="circle: b is to start after c.*c is to start after a.*a is to start after b"
                                       "|circle: .*"):
        service(comard, "b", 'serviceAfter = "c"')
        service(comard, "c", 'serviceRequires = "a"')


def test_a_contradiction_is_refused(comard):
    service(comard, "a")
    with pytest.raises(BusError, match="conflicts"):
        service(comard, "b", 'serviceRequires = "a"\n    serviceConflicts = "a"')


def test_what_a_start_has_asked_for_is_remembered(comard):
    service(comard, "db")
    name = "d" "b"
    web = service(comard, "web", text="""
    NAMES = ["d", "b"]

    def start():
        call("".join(NAMES), "System.Service", "start")
    """)
    assert web.supervision["Requires"] == []
    web.start()
    assert learned(comard, "web") == [name]
    comard.until(lambda: os.path.exists(f"{comard.root}/var/lib/comar/starts.json"), "it to be written down")
    comard.stop()
    comard.start()
    assert learned(comard, "web") == [name]


BY_NAME = """
    NAMES = ["d", "b"]

    def start():
        call("".join(NAMES), "System.Service", "start")
    """


def test_what_was_learned_gives_way_to_what_is_declared(comard):
    service(comard, "db")
    service(comard, "web", text=BY_NAME).start()
    assert learned(comard, "web") == ["db"]
    service(comard, "db", 'serviceRequires = "web"')
    assert learned(comard, "web") == []
    service(comard, "db")
    assert learned(comard, "web") == ["db"], "nothing speaks against it any more"
    service(comard, "proxy", 'serviceRequires = "web"\n    serviceBefore = "db"')
    assert learned(comard, "web") == [], "whoever closes the circle"
    assert comard.cli("check", "--all").returncode == 0


def test_another_version_of_a_script_has_learned_nothing(comard):
    service(comard, "db")
    service(comard, "web", text=BY_NAME).start()
    service(comard, "web", text=BY_NAME)
    assert learned(comard, "web") == ["db"], "it is the same"
    service(comard, "web")
    assert learned(comard, "web") == []


def test_what_a_whole_start_does_not_ask_for_any_more_is_forgotten(comard):
    """One that fails, or finds the service running, may not have come to the line that asks."""
    service(comard, "db")
    how = f"{comard.root}/how"
    web = service(comard, "web", text="""
    def start():
        how = open(HOW).read()
        if how == "asks":
            call("".join(["d", "b"]), "System.Service", "start")
        if how == "fails":
            fail("no disk")
        startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True)

    def stop():
        stopService(pidfile=PIDFILE)
    """.replace("HOW", repr(how)))

    def start(does):
        comard.write("/how", does)
        web.start()

    start("asks")
    start("runs already")
    assert learned(comard, "web") == ["db"]
    web.stop()
    with pytest.raises(BusError, match="no disk"):
        start("fails")
    assert learned(comard, "web") == ["db"]
    start("asks nobody")
    assert learned(comard, "web") == []
    web.stop()


def test_what_is_learned_is_written_down_before_anybody_hears_of_it(comard):
    service(comard, "db")
    service(comard, "web", text=BY_NAME).start()
    assert learned(comard, "web") == ["db"]
    comard.kill()
    comard.start()
    assert learned(comard, "web") == ["db"]


def test_a_registration_is_judged_by_what_others_are_set_to_now(comard):
    settings = comard.write("/etc/comar/services/two.toml", 'requires = ["one"]\n')
    service(comard, "one")
    two = service(comard, "two")
    two.start()
    two.stop()
    os.unlink(settings)
    service(comard, "one", 'serviceRequires = "two"')
    comard.write("/etc/comar/services/two.toml", 'requires = ["one"]\n')
    with pytest.raises(BusError, match=r"circle: .*two needs one \(.*/two.toml:1\)"):
        service(comard, "one", 'serviceRequires = "two"')


def test_a_registration_is_judged_by_what_it_is_set_to_before_it_is_there(comard):
    service(comard, "two", 'serviceRequires = "one"')
    comard.write("/etc/comar/services/one.toml", 'requires = ["two"]\n')
    with pytest.raises(BusError, match=r"circle: .*one needs two \(.*/one.toml:1\)"):
        service(comard, "one")


def test_a_stop_looks_at_what_others_are_set_to_now(comard):
    """What a service requires is what its settings say now, whatever they said when it was started."""
    db = service(comard, "db")
    web = service(comard, "web", 'serviceRequires = "db"')
    web.start()
    comard.write("/etc/comar/services/web.toml", "requires = []\n")
    db.stop()
    assert state(db) == "stopped" and state(web) == "running"
    db.start()
    os.unlink(f"{comard.root}/etc/comar/services/web.toml")
    with pytest.raises(BusError, match="Required: cannot stop db: web requires it"):
        db.stop()


@pytest.mark.parametrize("way", ["daemon-reexec", "killed"])
def test_what_failed_for_want_of_a_decision_follows_it(comard, way):
    for name in ("one", "two"):
        service(comard, name, 'serviceProvides = "storage"')
    web = service(comard, "web", 'serviceRequires = "storage"')
    comard.service("two").start()
    with pytest.raises(BusError, match=r"one and two provide it; choose one in \[providers\] of comard.toml"):
        web.start()
    comard.write_settings({"providers": {"storage": "two"}})
    if way == "killed":
        comard.kill()
        comard.start()
    else:
        assert comard.cli("daemon-reexec").returncode == 0
        comard.disconnect()
    comard.until(lambda: state(comard.service("web")) == "running", "web to follow the decision")
    supervision = comard.service("web").supervision
    assert supervision["LastError"] == "" and "all that it requires is there now" in supervision["Cause"]


STAYS = """
    def start():
        pass

    def stop():
        fail("it stays")
    """


def test_a_decision_starts_nothing_after_a_shutdown(comard):
    for name in ("one", "two"):
        service(comard, name, 'serviceProvides = "storage"', text=STAYS)
    web = service(comard, "web", 'serviceRequires = "storage"')
    comard.service("two").start()
    with pytest.raises(BusError):
        web.start()
    comard.write_settings({"providers": {"storage": "two"}})
    assert comard.cli("shutdown").returncode != 0
    comard.kill()
    comard.start()
    assert state(comard.service("two")) == "done"
    web = comard.service("web").supervision
    assert web["State"] == "failed" and "one and two provide it" in web["LastError"]
