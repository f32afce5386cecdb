# SPDX-License-Identifier: MIT
"""The scripts of tests/data/field, as people wrote them over ten years, at the paths they name."""

import re
import shlex

import pytest

from support.bus import NAME, BusError
from support.field import uid_of
from support.field_machine import (
    FIELDS,
    Machine,
    Script,
    dependencies,
    is_stand_in,
    program_of,
    stubs,
)
from support.field_table import TABLE
from support.place import Place

BROUGHT_UP = "brought up to Python 3: the first change is in this line, the diff shows all"


@pytest.fixture(scope="module")
def machine():
    place = Place()
    try:
        it = Machine(place)
        yield it
        it.turkish.close()
        it.comard.stop()
        place.close_things()
        left = place.leftovers()
    finally:
        place.remove()
    assert not left, f"left behind: {left}"


# Each script, from its registration to its end.

@pytest.mark.parametrize("field", TABLE, ids=FIELDS)
def test_a_script_of_the_field_works_as_it_is(machine, field):
    with machine.script(field) as script:
        check_registration(script)
        check_info(script)
        check_start(script)
        check_second_start(script)
        check_reload(script)
        check_stop(script)
        check_second_stop(script)


def check_registration(script):
    findings, diff = script.register()
    messages = [message for _, _, _, message in findings]
    assert [severity for severity, *_ in findings if severity != "warning"] == []
    assert bool(diff) == script.field.is_python2
    stored = script.world.stored(script.field)
    compile(stored, script.field.name, "exec")
    assert (stored != script.field.text) == script.field.is_python2
    expected = [*([BROUGHT_UP] if diff else []), *script.field.warnings]
    assert sorted(messages) == sorted(expected)


def check_info(script):
    field = script.field
    script.service.register_state()
    description = field.setting("serviceDesc")
    state = field.expected_states[0]
    assert script.service.info() == (field.setting("serviceType"), description["en"], state)
    assert script.machine.turkish.service(field.name).info()[1] == description["tr"]
    assert script.service.supervision["PIDs"] == []
    script.changes()


def check_start(script):
    field, world = script.field, script.world
    script.service.start()
    if field.late:
        assert script.service.state == field.expected_states[0], "it runs, so it seems, without a pidfile"
        world.gate.open()
        script.wait_for_state(field.expected_states[1])
    assert script.service.state == field.expected_states[1]
    script.wait_for_all()
    check_processes(script)
    check_traces(script)
    check_dependencies(script)
    check_what_is_told(script)


def check_processes(script):
    field = script.field
    for process in script.processes():
        program = program_of(process)
        assert process.uid == uid_of(field.users.get(program, "root")), f"the user of {program}"
        assert process.nice == field.nice.get(program, 0), f"the niceness of {program}"
        assert field.environ.items() <= process.environ.items(), f"the environment of {program}"
    for process in script.mains():
        program = program_of(process)
        if program in field.argv:
            assert process.argv[1:] == shlex.split(field.argv[program]), f"the arguments of {program}"


def check_traces(script):
    field, world = script.field, script.world
    assert_in_order(field.called, world.calls())
    for path, text in field.holds.items():
        assert world.path(path).read_text() == text, path
    for path in field.removes:
        assert not world.path(path).exists(), path


def check_dependencies(script):
    changed = script.machine.changed.all()
    for app in stubs(script.field):
        assert changed.count((app, "started")) >= 1, f"{app} was not started"
    for app in dependencies(script.field):
        running = FIELDS[app].expected_processes
        pids = script.comard.service(app).supervision["PIDs"]
        assert len(pids) >= sum(running.values()), f"{app} was not started"


def check_what_is_told(script):
    field, changes = script.field, script.changes()
    assert set(changes) == ({"started"} if field.notifies else set()), changes
    if field.expected_processes:
        assert script.service.supervision["State"] == "running"
        assert script.comard.cli("status", field.name).returncode == 0


def check_second_start(script):
    if "start" in script.field.repeats:
        before = sorted(script.service.supervision["PIDs"])
        script.service.start()
        assert sorted(script.service.supervision["PIDs"]) == before, "another start, another process"
        check_nothing_is_told(script)


def check_nothing_is_told(script):
    changes = script.changes()
    script.world.calls()
    if not script.field.notifies_itself:
        assert changes == []


def check_reload(script):
    field = script.field
    if not field.defines("reload"):
        with pytest.raises(BusError) as caught:
            script.service.reload()
        assert caught.value.name == "Missing"
        return
    before = script.mains()
    assert script.world.told.lines() == []
    script.service.reload()
    signals = [each for each in field.reload if not each.startswith("/")]
    assert [script.world.told.line() for _ in signals] == signals
    assert_in_order([each for each in field.reload if each.startswith("/")], script.world.calls())
    check_what_reload_keeps(script, before)


def check_what_reload_keeps(script, before):
    if script.field.renews:
        for process in before:
            process.wait_gone()
    script.wait_for_all()
    check_processes(script)
    is_kept = [process.alive for process in before]
    assert is_kept == [not script.field.renews] * len(before)
    assert script.service.state == script.field.expected_states[1]
    assert script.world.told.lines() == []
    script.changes()


def check_stop(script):
    field = script.field
    everyone, mains = script.processes(), script.mains()
    stand_ins = [each for each in mains if is_stand_in(each)]
    script.service.stop()
    if not field.lingers:
        assert [each for each in mains if each.alive] == [], "stop() has not waited for them"
    for process in everyone:
        process.wait_gone()
    script.wait_for_state(field.expected_states[2])
    assert script.world.told.lines() == ["TERM"] * len(stand_ins)
    assert_in_order(field.stop, script.world.calls())
    check_what_is_told_of_the_end(script)


def check_what_is_told_of_the_end(script):
    field = script.field
    if field.expected_processes:
        script.comard.until(lambda: script.service.supervision["State"] == "stopped",
                            lambda: f"stopped; it is {script.service.supervision}")
        assert script.service.supervision["MainPID"] == 0
        assert script.comard.cli("status", field.name).returncode == 3
    assert script.service.supervision["PIDs"] == []
    changes = script.changes()
    assert set(changes) == ({"stopped"} if field.notifies else set()), changes


def check_second_stop(script):
    if "stop" in script.field.repeats:
        script.service.stop()
        check_nothing_is_told(script)
    assert script.service.state == script.field.expected_states[2]


def assert_in_order(wanted, lines):
    """That all lines are there, one after the other, whatever is between."""
    left = iter(lines)
    missing = [line for line in wanted if line not in left]
    assert not missing, f"missing {missing} in {lines}"


# ready(), where scripts decide by themselves.

@pytest.mark.parametrize("field, state, starts", [
    pytest.param(field, state, starts, id=f"{field.name}-{state}")
    for field in TABLE for state, starts in field.ready.items()])
def test_its_own_ready_decides_by_the_startup_state(machine, field, state, starts):
    with machine.script(field) as script:
        script.register()
        script.service.set_state(state)
        script.changes()
        script.service.ready()
        if starts:
            script.wait_for_all()
        assert bool(script.processes() or script.changes() or script.world.calls()) == starts
        script.service.stop()


# What goes wrong in scripts, and what is said then.

@pytest.mark.parametrize("name, settings, argument", [
    ("snmpd", {"TRAPS": "yes"}, "pidfile"),
    ("transmission", {"OLD_BEHAVIOR": "yes"}, "detach"),
])
def test_a_misspelled_argument_is_an_error_that_knows_the_right_one(machine, name, settings, argument):
    with machine.script(FIELDS[name]) as script:
        script.register()
        machine.world.prepare(FIELDS[name], **settings)
        with pytest.raises(BusError, match=f"did you mean '{argument}'") as caught:
            script.service.start()
        assert caught.value.name == "TypeError"
        script.service.stop()
        assert script.service.state == "off"


@pytest.mark.parametrize("name, settings, english, turkish", [
    ("gpm", {"MOUSEDEV": None}, "MOUSEDEV is not set in /etc/conf.d/gpm",
     "/etc/conf.d/gpm içinde MOUSEDEV ayarlanmamış"),
    ("nut", {"MODE": "none"}, "Set MODE in /etc/conf.d/nut to standalone or netclient",
     "/etc/conf.d/nut içinde MODE değerini standalone ya da netclient yapın"),
    ("openvpn", {"VPNDIR": "/nowhere"}, "No network is configured in /nowhere",
     "/nowhere içinde yapılandırılmış ağ yok"),
    ("rngd", {"DEVICE": "/nowhere"}, "There is no random number generator at /nowhere",
     "/nowhere konumunda rastgele sayı üreteci yok"),
], ids=["gpm", "nut", "openvpn", "rngd"])
def test_a_script_that_fails_says_why_in_the_language_of_its_caller(
        machine, name, settings, english, turkish):
    with machine.script(FIELDS[name]) as script:
        script.register()
        machine.world.prepare(FIELDS[name], **settings)
        for bus, text in ((machine.comard.bus, english), (machine.turkish, turkish)):
            with pytest.raises(BusError) as caught:
                bus.service(name).start()
            assert (caught.value.name, caught.value.message) == ("Exception", text)
        assert script.service.supervision["PIDs"] == []


def test_two_scripts_of_the_field_that_start_each_other_are_told_so(machine):
    dbus, hal = FIELDS["dbus"], FIELDS["hal"]
    with machine.script(hal), machine.script(dbus):
        machine.comard.bus.register(dbus.name, dbus.source)
        with pytest.raises(BusError) as caught:
            machine.comard.bus.register(hal.name, hal.source)
        assert caught.value.name == "Invalid" and "circle" in caught.value.message
        assert {"dbus", "hal"} <= set(re.findall(r"\w+", caught.value.message))
        # What was registered as hal before is still there, and starts.
        machine.comard.service("hal").start()


def test_a_service_that_runs_is_not_started_again_for_those_that_need_it(machine):
    """SPEC 5. The script of dbus could not tell: the first thing that it does is to remove the pidfile."""
    with machine.script(FIELDS["networkmanager"]) as script, machine.script(FIELDS["dbus"]) as dbus:
        for each in (script, dbus):
            each.register()
        dbus.service.start()
        dbus.wait_for_all()
        script.service.start()
        assert dbus.running() == dbus.field.expected_processes


# All of them at once.

def test_all_scripts_of_the_field_run_side_by_side(machine):
    fields = [field for field in TABLE if field.name not in ("dbus", "hal")]    # see above
    try:
        register_all(machine, fields)
        machine.world.gate.open(sum(field.late for field in fields))
        assert failures_of("start", machine, fields) == {}
        scripts = [Script(machine, field) for field in fields]
        for script in scripts:
            script.wait_for_all()
        assert failures_of("stop", machine, reversed(fields)) == {}
        for script in scripts:
            machine.comard.until(lambda: not script.processes(), f"the end of {script.field.name}")
    finally:
        for app in machine.comard.bus.applications():
            machine.remove(app)


def register_all(machine, fields):
    sources = {field.name: field.source for field in fields}
    sources |= dict.fromkeys(("dbus", "hal", "portmap"), machine.stub)
    pending = [machine.comard.bus.begin("/", NAME, "register", "sss", app, "System.Service", str(source))
               for app, source in sources.items()]
    for each in pending:
        each.result()
    for field in fields:
        machine.world.prepare(field)


def failures_of(method, machine, fields):
    """Calls the method of all, at once; returns what went wrong, {app: error}."""
    pending = {field.name: machine.comard.service(field.name).begin(method) for field in fields}
    failures = {}
    for app, call in pending.items():
        try:
            call.result(100)
        except BusError as error:
            failures[app] = str(error)
    return failures
