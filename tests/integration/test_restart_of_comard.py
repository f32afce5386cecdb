# SPDX-License-Identifier: MIT
"""comard ends, by kill or in order, and another one takes over."""

import fcntl
import os
import pathlib
import re
import signal

import pytest

from support.daemon import Daemon
from support.processes import Process, inheriting_orphans
from support.scripts import detached, service_script
from support.supervised import (assert_stays_down, is_waiting, main_of, supervised, until_state,
                                with_settings)
from support.ways import WAYS, start_this_way


def test_killed_and_started_again_it_knows_its_services(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    comard.kill()
    assert main.alive
    comard.start()
    service = comard.service("app")
    assert service.supervision["MainPID"] == main.pid
    assert service.supervision["State"] == "running"
    assert service.state == "started"
    service.stop()
    main.wait_gone()


def test_a_death_that_nobody_saw_is_told(comard):
    server = comard.program("server")
    comard.register("app", detached(server)).start()
    main = main_of(comard.service("app"))
    comard.kill()
    main.kill()
    main.wait_gone()
    comard.start()
    supervision = comard.service("app").supervision
    assert supervision["State"] == "failed"
    assert supervision["LastError"] == "it has ended while comard was away; nobody saw how"
    assert comard.service("app").state == "off"
    assert "app" in comard.cli("status").stdout, "among those that should run"


def test_who_died_unseen_and_is_not_reaped_is_dead_all_the_same(comard):
    """Whoever inherits the services of a killed comard may leave their zombies lying about."""
    service = comard.register("app", supervised(comard.program("server"), serviceRestart="always"))
    service.start()
    main_of(service).signal(signal.SIGTERM)
    comard.until(lambda: service.supervision["Restarts"] == 1, "the restart")
    until_state(comard, service, "running")
    main = main_of(service)
    with inheriting_orphans():
        comard.kill()
        main.kill()
        comard.start()
        service = comard.service("app")
        comard.until(lambda: service.supervision["Restarts"] == 2, "the next restart")
        until_state(comard, service, "running")
        supervision = service.supervision
        assert [supervision["MainPID"]] == supervision["PIDs"]
        assert "an end that nobody saw" in supervision["Cause"]
        service.stop()
        assert_stays_down(service)


def test_killed_in_the_middle_of_a_start_no_lock_is_left_and_the_truth_is_told(comard, told):
    gate = comard.gate("never")
    server = comard.program("server")
    comard.register("app", service_script("""
        @synchronized
        def start():
            if not os.path.exists(AGAIN):
                open(AGAIN, "w").close()
                tell(os.getpid())
                open(GATE).read(1)
            startService(command=SERVER, detach=True)

        @synchronized
        def stop():
            stopService(command=SERVER)
        """, told=told, GATE=gate, SERVER=server, AGAIN=str(comard.place.folder / "again")))
    comard.service("app").begin("start")
    worker = Process(told.value())
    comard.kill()
    comard.start()
    worker.wait_gone()
    service = comard.service("app")
    assert service.supervision["State"] == "failed"
    assert "comard" in service.supervision["LastError"]
    service.start()
    assert service.supervision["State"] == "running"
    service.stop()


def state_of(comard):
    return comard.place.root / "run/comar/state"


def test_a_record_that_was_cut_off_is_as_if_never_written(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    comard.kill()
    with open(state_of(comard), "ab") as state:
        state.write(b"comar-state 2 99")
    comard.start()
    assert comard.service("app").supervision["PIDs"] == [main.pid]
    assert "damaged" not in comard.log
    comard.service("app").stop()
    main.wait_gone()


def test_a_damaged_state_file_is_refused_and_the_cgroup_tells(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    if not service.supervision["ControlGroup"]:
        service.stop()
        return
    comard.kill()
    state = state_of(comard)
    state.write_bytes(state.read_bytes().replace(b"running", b"walking"))
    comard.start()
    assert comard.service("app").supervision["PIDs"] == [main.pid]
    assert "damaged" in comard.log
    comard.service("app").stop()
    main.wait_gone()


def test_in_order_it_leaves_services_running(comard):
    server = comard.program("server")
    comard.register("app", detached(server)).start()
    main = main_of(comard.service("app"))
    comard.stop()
    assert main.alive
    comard.start()
    assert comard.service("app").supervision["MainPID"] == main.pid
    comard.service("app").stop()
    main.wait_gone()


def test_a_second_one_on_the_same_root_refuses_and_names_the_first(comard, place):
    second = Daemon(place)
    second.launch().close()
    assert second.wait() == 1
    assert f"process {comard.pid}" in second.log
    assert comard.bus.applications() == []


def pauses_of(comard):
    """How often it has slept."""
    status = pathlib.Path(f"/proc/{comard.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])


def test_it_waits_for_what_a_killed_one_has_left(comard):
    """What that was about to start has its lock a little longer."""
    comard.kill()
    with open(f"{comard.root}/run/comar/lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        notify = comard.launch()
        while pauses_of(comard) <= 10:    # it tries again and again
            os.sched_yield()
    with notify:
        comard.wait_ready(notify)
    assert comard.bus.applications() == []


# Services that are supervised

def register(comard, told, **settings):
    return comard.register("app", supervised(comard.program("server"), f"--tell {told}", **settings))


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def test_what_died_while_comard_was_away_is_started_again(any_comard, told):
    comard = any_comard
    register(comard, told, serviceRestart="on-failure").start()
    first = Process(int(told.line()))
    comard.kill()
    first.kill()
    comard.start()
    second = Process(int(told.line()))
    service = comard.service("app")
    until_state(comard, service, "running")
    assert service.supervision["PIDs"] == [second.pid]
    assert service.supervision["Restarts"] == 1
    service.stop()


def test_without_a_policy_it_stays_down(comard, told):
    register(comard, told).start()
    first = Process(int(told.line()))
    comard.kill()
    first.kill()
    comard.start()
    assert_stays_down(comard.service("app"))
    assert told.lines() == []


def test_what_was_stopped_stays_so_and_what_runs_is_left_alone(any_comard, told):
    comard = any_comard
    service = register(comard, told, serviceRestart="always")
    service.start()
    first = Process(int(told.line()))
    for end in (comard.kill, comard.stop):
        end()
        comard.start()
        service = comard.service("app")
        assert service.supervision["MainPID"] == first.pid
        assert service.supervision["Restarts"] == 0
    service.stop()
    comard.kill()
    comard.start()
    assert_stays_down(comard.service("app"))
    assert comard.service("app").supervision["State"] == "stopped"
    assert told.lines() == []


def test_what_is_known_by_its_cgroup_alone_is_wanted_all_the_same(comard, told):
    service = register(comard, told, serviceRestart="always")
    service.start()
    first = Process(int(told.line()))
    if not service.supervision["ControlGroup"]:
        service.stop()
        return
    comard.kill()
    state_of(comard).unlink()
    comard.start()
    assert "found running" in comard.service("app").supervision["Cause"]
    first.kill()
    assert int(told.line()) != first.pid
    comard.service("app").stop()


def test_a_death_after_the_change_of_comards_is_seen_and_mended(any_comard, told):
    comard = any_comard
    register(comard, told, serviceRestart="on-failure").start()
    first = Process(int(told.line()))
    comard.kill()
    comard.start()
    changed = comard.signals()
    first.kill()
    told.line()
    changed.wait_for("app", "stopped")
    changed.wait_for("app", "started")
    comard.service("app").stop()


def test_what_waits_to_be_started_again_still_does(comard, told):
    service = register(comard, told, serviceRestart="on-failure", serviceRestartDelay=2)
    service.start()
    Process(int(told.line())).kill()
    comard.until(lambda: is_waiting(service), "the death")
    comard.kill()
    comard.start()
    told.line()
    until_state(comard, comard.service("app"), "running")
    comard.service("app").stop()


def test_a_stop_while_it_waited_is_remembered(comard, told):
    service = register(comard, told, serviceRestart="on-failure", serviceRestartDelay=1000,
                       serviceRestartMaxDelay=1000)
    service.start()
    Process(int(told.line())).kill()
    comard.until(lambda: is_waiting(service), "the death")
    service.stop()
    comard.kill()
    comard.start()
    assert_stays_down(comard.service("app"))


def slow_methods(comard, told, **settings):
    """A service whose start() and stop() tell, and wait at the gate "method"."""
    gate = comard.gate("method")
    service = comard.register("app", with_settings("""
        def start():
            tell("start")
            open(GATE).read(1)
            startService(SERVER, detach=True)

        def stop():
            tell("stop")
            open(GATE).read(1)
            stopService(command=SERVER)
        """, told, {"GATE": gate, "SERVER": comard.program("server")}, **settings))
    return service, gate


def starts_and_stops(comard, told, gate):
    """comar starts it by itself, and it runs then."""
    assert told.value() == "start"
    gate.open()
    until_state(comard, comard.service("app"), "running")
    gate.open()
    comard.service("app").stop()


def test_killed_in_the_middle_of_comars_own_start_it_is_started_again(comard, told):
    service, gate = slow_methods(comard, told, serviceRestart="on-failure")
    gate.open()
    service.start()
    assert told.value() == "start"
    main_of(service).kill()
    assert told.value() == "start"
    comard.kill()
    comard.start()
    starts_and_stops(comard, told, gate)


def test_killed_in_the_middle_of_a_stop_it_is_not_started_again(comard, told):
    service, gate = slow_methods(comard, told, serviceRestart="always")
    gate.open()
    service.start()
    told.value()
    main = main_of(service)
    service.begin("stop")
    assert told.value() == "stop"
    comard.kill()
    main.kill()
    comard.start()
    assert_stays_down(comard.service("app"))


def test_killed_between_the_two_halves_of_a_restart_it_owes_the_second(comard, told):
    service, gate = slow_methods(comard, told, serviceRestart="on-failure")
    gate.open()
    service.start()
    told.value()
    main = main_of(service)
    comard.bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s", "app")
    assert told.value() == "stop"
    comard.kill()
    main.kill()
    comard.start()
    starts_and_stops(comard, told, gate)
