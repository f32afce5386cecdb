# SPDX-License-Identifier: MIT
"""startDependencies() and stopDependencies()."""

import pytest

from support.scripts import doing, service_script


def start(comard, told, body):
    """Starts a service "app" whose start() does `body`."""
    comard.register("app", doing(body, told)).start()


def register_dependency(comard, told, name, body="pass"):
    """A service that tells when it starts and has started, and the same of stopping."""
    comard.register(name, service_script(f"""
        def start():
            tell(script() + " starts")
            {body}
            tell(script() + " has started")

        def stop():
            tell(script() + " stops")
            {body}
            tell(script() + " has stopped")
        """, told=told))


def test_dependencies_are_started_each_in_turn(comard, told):
    gate = comard.gate("one")
    register_dependency(comard, told, "one", f"open('{gate}').read(1)")
    register_dependency(comard, told, "two")
    comard.register("app", doing("tell(startDependencies('one', 'two'))", told))
    pending = comard.service("app").begin("start")
    assert told.value() == "one starts"
    comard.bus.sync()
    assert told.lines() == []
    gate.open()
    pending.result()
    assert [told.value() for _ in range(4)] == [
        "one has started", "two starts", "two has started", None]


def test_dependencies_are_stopped_each_in_turn(comard, told):
    for name in ("one", "two"):
        register_dependency(comard, told, name)
    start(comard, told, "tell(stopDependencies('two', 'one'))")
    assert [told.value() for _ in range(5)] == [
        "two stops", "two has stopped", "one stops", "one has stopped", None]


@pytest.mark.parametrize("function, method", [("startDependencies", "start"),
                                              ("stopDependencies", "stop")])
def test_a_dependency_that_fails_is_told_in_the_log_and_the_next_one_follows(
        comard, told, function, method):
    register_dependency(comard, told, "broken", "fail('no disk')")
    register_dependency(comard, told, "good")
    start(comard, told, f"{function}('broken', 'nobody', 'good')\ntell('went on')")
    words = {"start": "starts", "stop": "stops"}[method]
    done = {"start": "has started", "stop": "has stopped"}[method]
    assert [told.value() for _ in range(4)] == [
        f"broken {words}", f"good {words}", f"good {done}", "went on"]
    log = comard.service_log("app")
    assert f"cannot {method} broken, going on: Exception: no disk" in log
    assert f"cannot {method} nobody, going on: Internal: Unable to find nobody" in log
    assert "good" not in log


def test_a_dependency_that_runs_is_not_started_again(comard, told):
    server = comard.program("server")
    service = comard.register("dependency", service_script("""
        def start():
            startService(command=SERVER, detach=True)

        def stop():
            stopService(command=SERVER)

        def status():
            return isServiceRunning(command=SERVER)
        """, SERVER=server))
    service.start()
    main = service.supervision["MainPID"]
    start(comard, told, "startDependencies('dependency', 'dependency')")
    assert service.supervision["PIDs"] == [main]
    start(comard, told, "stopDependencies('dependency')")
    assert service.supervision["PIDs"] == []


def test_no_dependencies_are_fine(comard, told):
    start(comard, told, "startDependencies()\nstopDependencies()\ntell('went on')")
    assert told.value() == "went on"
