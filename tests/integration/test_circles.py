# SPDX-License-Identifier: MIT
"""Scripts that start each other, joined jobs, and @synchronized across callers."""

import pytest

from support.bus import BusError
from support.scripts import service_script

DEADLOCK = "Deadlock"


def caller_of(other, told=None):
    """Whom it calls only running it tells; else the circle was refused when it is registered."""
    return service_script("""
        @synchronized
        def start():
            call("".join([OTHER]), "System.Service", "start")

        def stop():
            pass
        """, OTHER=other)


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c"]], ids=len)
def test_scripts_that_start_each_other_end_in_an_error_that_names_the_circle(comard, names):
    for name, other in zip(names, [*names[1:], names[0]]):
        comard.register(name, caller_of(other))
    with pytest.raises(BusError) as caught:
        comard.service("a").start()
    assert caught.value.name == DEADLOCK
    for name in names:
        assert f"{name}.start" in caught.value.message
    # And nothing is left waiting.
    assert comard.bus.applications() == names
    assert comard.service("a").state == "off"


def test_a_half_of_a_restart_that_asks_for_itself_is_a_circle_too(comard):
    comard.register("a", service_script("""
        def start():
            pass

        def stop():
            call("".join(["a"]), "System.Service", "stop")
        """))
    comard.service("a").start()
    with pytest.raises(BusError, match="circle: a.stop -> a.restart -> a.stop"):
        comard.bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s", "a").result()
    with pytest.raises(BusError, match="circle: a.stop -> a"):
        comard.service("a").stop()


def test_scripts_that_only_depend_on_each_other_both_end_up_started(comard, told):
    for name, other in (("a", "b"), ("b", "a")):
        comard.register(name, service_script("""
            def start():
                startDependencies("".join([OTHER]))
                tell(script())

            def stop():
                pass
            """, told=told, OTHER=other))
    comard.service("a").start()
    assert [told.line(), told.line()] == ["'b'", "'a'"]
    assert "circle" in comard.service_log("b")


def test_locks_that_two_scripts_take_crosswise_are_no_way_to_hang(comard, told):
    gates = {name: comard.gate(name) for name in "ab"}
    for name, other in (("a", "b"), ("b", "a")):
        comard.register(name, service_script("""
            @synchronized
            def start():
                tell(script())
                open(GATE).read(1)
                call(OTHER, "System.Service", "setState", ("on",))

            @synchronized
            def setState(state):
                pass

            def stop():
                pass
            """, told=told, OTHER=other, GATE=gates[name]))
    starts = [comard.connect().service(name).begin("start") for name in "ab"]
    assert {told.value(), told.value()} == {"a", "b"}
    for gate in gates.values():
        gate.open()
    errors = []
    for start in starts:
        try:
            start.result()
        except BusError as error:
            errors.append(error)
    assert [error.name for error in errors] == [DEADLOCK]
    assert "a." in errors[0].message and "b." in errors[0].message


def test_a_second_start_joins_the_one_in_flight(comard, told):
    gate = comard.gate("go")
    comard.register("app", service_script("""
        def start():
            tell("start")
            open(GATE).read(1)
            fail("one answer for all")

        def stop():
            pass
        """, told=told, GATE=gate))
    first = comard.connect().service("app").begin("start")
    assert told.value() == "start"
    other = comard.connect()
    second = other.service("app").begin("start")
    other.sync()
    gate.open()
    for start in (first, second):
        with pytest.raises(BusError, match="one answer for all"):
            start.result()
    assert told.lines() == []


def test_a_stop_waits_for_the_start_before_it(comard, told):
    gate = comard.gate("go")
    comard.register("app", service_script("""
        def start():
            tell("start")
            open(GATE).read(1)
            tell("started")

        def stop():
            tell("stop")
        """, told=told, GATE=gate))
    start = comard.connect().service("app").begin("start")
    assert told.value() == "start"
    other = comard.connect()
    stop = other.service("app").begin("stop")
    other.sync()
    gate.open()
    start.result()
    stop.result()
    assert [told.value(), told.value()] == ["started", "stop"]


def test_one_run_of_a_synchronized_method_at_a_time_whoever_calls(comard, told):
    gate = comard.gate("go")
    comard.register("app", service_script("""
        @synchronized
        def setState(state):
            tell("in")
            os.read(os.open(GATE, os.O_RDONLY), 1)
            tell("out")

        def start():
            pass

        def stop():
            pass
        """, told=told, GATE=gate))
    calls = [comard.connect().service("app").begin("setState", "s", "on") for _ in range(3)]
    gate.open(3)
    for call in calls:
        call.result()
    assert [told.value() for _ in range(6)] == ["in", "out"] * 3


def test_the_lock_goes_back_when_its_holder_crashes(comard):
    comard.register("app", service_script("""
        @synchronized
        def start():
            os.kill(os.getpid(), signal.SIGKILL)

        @synchronized
        def setState(state):
            pass

        def stop():
            pass
        """))
    with pytest.raises(BusError, match="signal 9"):
        comard.service("app").start()
    comard.service("app").set_state("on")


def test_a_chain_may_come_back_into_the_script_that_began_it(comard, told):
    comard.register("a", service_script("""
        @synchronized
        def start():
            tell(call("b", "System.Service", "start"))

        @synchronized
        def reload():
            tell("reloaded")
            return None

        def stop():
            pass
        """, told=told))
    comard.register("b", service_script("""
        @synchronized
        def start():
            call("a", "System.Service", "reload")

        def stop():
            pass
        """))
    comard.service("a").start()
    assert [told.value(), told.value()] == ["reloaded", None]


def test_synchronized_returns_what_the_function_returns_and_nests(comard, told):
    comard.register("app", service_script("""
        @synchronized
        def inner(x):
            return x + 1

        @synchronized
        def start():
            tell(inner(41))

        def stop():
            pass
        """, told=told))
    comard.service("app").start()
    assert told.value() == 42


def test_a_called_script_speaks_the_callers_language(comard, told):
    comard.register("a", service_script("""
        def start():
            call("b", "System.Service", "start")

        def stop():
            pass
        """))
    comard.register("b", service_script("""
        def start():
            tell(_({"en": "hello", "tr": "merhaba"}))

        def stop():
            pass
        """, told=told))
    comard.bus.set_locale("tr")
    comard.service("a").start()
    assert told.value() == "merhaba"
