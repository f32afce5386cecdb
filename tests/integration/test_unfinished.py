# SPDX-License-Identifier: MIT
"""comard ends, or is killed, while somebody waits: the next one goes on with what was asked for."""

import pytest

from support.scripts import DETACHED, service_script
from support.supervised import LONG, assert_stays_down, main_of, supervised, until_state, with_settings
from support.ways import WAYS, start_this_way

ENDS = ["kill", "stop"]


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def register_slow(comard, told, **settings):
    """A service whose stop() waits at a gate, which is returned with it."""
    gate = comard.gate("stop")
    service = comard.register("app", with_settings("""
        def start():
            startService(command=SERVER, detach=True, donotify=True)

        def stop():
            tell("stopping")
            os.read(os.open(GATE, os.O_RDONLY), 1)
            stopService(command=SERVER, donotify=True)
        """, told, {"SERVER": comard.program("server"), "GATE": gate}, **settings))
    return service, gate


def restart_until_it_stops(comard, told):
    """Its main process, which lives, and the gate at which its stop() waits."""
    service, gate = register_slow(comard, told)
    service.start()
    main = main_of(service)
    comard.bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s", "app")
    assert told.value() == "stopping"
    return main, gate


def another(comard, end):
    getattr(comard, end)()
    comard.start()
    return comard.service("app")


@pytest.mark.parametrize("end", ENDS)
def test_a_restart_goes_on(any_comard, told, end):
    comard = any_comard
    first, gate = restart_until_it_stops(comard, told)
    service = another(comard, end)
    assert told.value() == "stopping"
    assert service.supervision["Cause"].startswith("restart asked for by uid ")
    gate.open()
    first.wait_gone()
    until_state(comard, service, "running")
    assert service.supervision["Cause"].startswith("restart asked for by uid ")
    stopping = service.begin("stop")
    gate.open()
    stopping.result()


@pytest.mark.parametrize("end", ENDS)
def test_of_a_restart_whose_service_has_ended_meanwhile_the_start_is_left(any_comard, told, end):
    comard = any_comard
    first, gate = restart_until_it_stops(comard, told)
    getattr(comard, end)()
    first.kill()
    first.wait_gone()
    comard.start()
    service = comard.service("app")
    until_state(comard, service, "running")
    assert told.lines() == []
    gate.open()
    service.stop()


@pytest.mark.parametrize("end", ENDS)
def test_a_stop_goes_on(any_comard, told, end):
    comard = any_comard
    service, gate = register_slow(comard, told, serviceRestart="always")
    service.start()
    first = main_of(service)
    service.begin("stop")
    assert told.value() == "stopping"
    service = another(comard, end)
    assert told.value() == "stopping"
    gate.open()
    first.wait_gone()
    until_state(comard, service, "stopped")
    assert_stays_down(service)


@pytest.mark.parametrize("end", ENDS)
def test_a_start_that_waits_for_another_service_goes_on(any_comard, end):
    comard = any_comard
    gate = comard.gate("ready")
    needed = comard.register("needed", supervised(
        comard.program("other"), f"--wait-for {gate} --notify READY=1", serviceReadiness="notify",
        serviceReadyTimeout=LONG))
    service = comard.register("app", supervised(comard.program("server"), serviceRequires="needed"))
    service.begin("start")
    comard.until(lambda: "awaits_ready" in comard.state_text(), "its requirement to be waited for")
    comard.until(lambda: '"owed"' in comard.state_text(), "its start to be noted")
    service = another(comard, end)
    needed = comard.service("needed")
    assert service.supervision["State"] != "running"
    gate.open()
    until_state(comard, service, "running")
    assert service.supervision["Cause"].startswith("start asked for by uid ")
    service.stop()
    needed.stop()


def test_a_start_that_fails_is_not_owed(comard):
    service = comard.register("app", service_script(
        DETACHED, SERVER=comard.program("server"), ARGS="").replace(
            "serviceType", 'serviceRequires = "needed"\nserviceType', 1))
    comard.register("needed", with_settings("""
        def start():
            fail("not today")
        """))
    with pytest.raises(Exception, match="not today"):
        service.start()
    service = another(comard, "kill")
    assert service.supervision["State"] == "failed"
    assert '"owed"' not in comard.state_text()


@pytest.mark.parametrize("end", ENDS)
def test_one_that_waits_to_be_started_again_waits_on_and_is_counted_once(any_comard, end):
    comard = any_comard
    service = comard.register("app", supervised(
        comard.program("server"), serviceRestart="always", serviceRestartDelay=LONG, serviceRestartMaxDelay=LONG))
    service.start()
    main_of(service).kill()
    comard.until(lambda: service.supervision["RetryUsec"] > 0, "it to wait")
    left = service.supervision["RetryUsec"]
    for _ in range(2):
        service = another(comard, end)
        supervision = service.supervision
        assert supervision["Restarts"] == 1
        assert 0 < supervision["RetryUsec"] < left
        left = supervision["RetryUsec"]
    service.stop()
    assert_stays_down(service)


@pytest.mark.parametrize("end", ENDS)
def test_the_limit_of_restarts_outlives_comard(comard, told, end):
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told}", serviceRestart="always", serviceRestartLimit=(2, LONG)))
    service.start()
    told.line()
    for _ in range(2):
        main_of(service).kill()
        told.line()
        until_state(comard, service, "running")
        service = another(comard, end)
    main_of(service).kill()
    until_state(comard, service, "failed")
    assert "it was started again 2 times within" in service.supervision["LastError"]
    assert told.lines() == []
