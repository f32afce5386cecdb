# SPDX-License-Identifier: MIT
"""Services that end by themselves: whether and when they are started again, and what is told of it."""

import os
import re
import signal

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import forking
from support.supervised import (LONG, assert_stays_down, is_waiting, main_of, servers_of, supervised,
                                until_state, with_settings)
from support.ways import WAYS, start_this_way

STARTED, STOPPED = ("app", "started"), ("app", "stopped")


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def register(comard, told, args="", **settings):
    """A service that tells its pid each time that it serves."""
    return comard.register("app", supervised(comard.program("server"), f"--tell {told} {args}",
                                             **settings))


def started(service, told):
    """Starts it and returns its main process."""
    service.start()
    return Process(int(told.line()))


# The policy

def test_what_is_killed_is_started_again(any_comard, told):
    comard = any_comard
    service = register(comard, told, serviceRestart="on-failure")
    changed = comard.signals()
    first = started(service, told)
    first.kill()
    second = Process(int(told.line()))
    assert second.pid != first.pid
    changed.wait_for(*STARTED)
    changed.wait_for(*STOPPED)
    changed.wait_for(*STARTED)
    until_state(comard, service, "running")
    supervision = service.supervision
    assert supervision["MainPID"] == second.pid
    assert supervision["PIDs"] == [second.pid]
    assert supervision["Restarts"] == 1
    assert "signal 9" in supervision["Cause"]
    service.stop()
    assert not second.alive
    assert changed.all() == [STARTED, STOPPED] * 2


@pytest.mark.parametrize("policy, code, comes_back", [
    ("no", 0, False), ("no", 3, False),
    ("on-failure", 0, False), ("on-failure", 3, True),
    ("always", 0, True), ("always", 3, True),
])
def test_the_policy_says_after_which_ends_it_comes_back(comard, told, policy, code, comes_back):
    service = register(comard, told, f"--on-term-exit {code}", serviceRestart=policy)
    changed = comard.signals()
    main = started(service, told)
    main.signal(signal.SIGTERM)
    changed.wait_for(*STOPPED)
    if comes_back:
        told.line()
        changed.wait_for(*STARTED)
        assert service.supervision["ExitCode"] == code
        service.stop()
    else:
        main.wait_gone()
        assert_stays_down(service)
        assert service.supervision["State"] == ("failed" if code else "stopped")
        assert service.supervision["ExitCode"] == code


def test_a_forking_daemon_comes_back_too(any_comard, told):
    comard = any_comard
    service = comard.register("app", 'serviceRestart = "on-failure"\n' + forking(
        comard.program("server"), f"{comard.root}/run/app.pid", f"--tell {told}"))
    first = started(service, told)
    first.kill()
    second = Process(int(told.line()))
    until_state(comard, service, "running")
    assert main_of(service).pid == second.pid
    service.stop()
    assert not second.alive
    assert_stays_down(service)


def test_children_that_outlive_their_main_process_are_ended_before_it_comes_back(any_comard, told):
    comard = any_comard
    service = register(comard, told, "--children 2 --orphans 1", serviceRestart="on-failure")
    first = started(service, told)
    before = servers_of(comard)
    assert len(before) == 4
    first.kill()
    second = Process(int(told.line()))
    assert not any(process.alive for process in before)
    assert len(servers_of(comard)) == 4
    until_state(comard, service, "running")
    assert main_of(service).pid == second.pid
    service.stop()
    assert servers_of(comard) == []
    assert_stays_down(service)


def test_without_a_policy_children_go_on_without_their_main_process(comard, told):
    service = register(comard, told, "--children 1")
    main = started(service, told)
    comard.until(lambda: len(service.supervision["PIDs"]) == 2, "both processes")
    main.kill()
    comard.until(lambda: len(service.supervision["PIDs"]) == 1, "the end of the main process")
    assert service.supervision["State"] == "running"
    service.stop()
    assert_stays_down(service)


PARENT = """
def start():
    startService(command="/bin/sh", args=["-c", SERVER + " --tell " + TOLD + " & exec sleep 1000"],
                 detach=True, donotify=True)

def stop():
    pass
"""


@pytest.mark.parametrize("policy, comes_back", [("always", True), ("on-failure", False)])
def test_a_main_process_that_is_asked_to_end_leaves_its_children_only_where_it_stays_away(
        any_comard, told, policy, comes_back):
    comard = any_comard
    service = comard.register("app", with_settings(
        PARENT, told, {"SERVER": comard.program("server")}, serviceRestart=policy))
    child = started(service, told)
    until_state(comard, service, "running")
    main = main_of(service)
    assert main.pid != child.pid
    main.signal(signal.SIGTERM)
    if comes_back:
        told.line()
        until_state(comard, service, "running")
        assert main_of(service).pid not in (main.pid, child.pid)
    else:
        comard.until(lambda: service.supervision["PIDs"] == [child.pid], "the end of the main process")
    assert child.alive != comes_back
    assert service.supervision["Restarts"] == (1 if comes_back else 0)
    service.stop()
    assert_stays_down(service)


@pytest.mark.parametrize("policy", ["always", "on-failure"])
def test_who_goes_to_the_background_though_it_should_not_is_supervised_there(any_comard, told, policy):
    comard = any_comard
    service = register(comard, told, "--fork", serviceRestart=policy)

    def until_main(process):
        """Until comard has heard of the end of its parents, and knows it for what it is."""
        comard.until(lambda: (service.supervision["MainPID"], service.supervision["PIDs"]) ==
                     (process.pid, [process.pid]), "the end of its parents")

    first = started(service, told)
    until_main(first)
    assert service.supervision["Restarts"] == 0
    first.kill()
    second = Process(int(told.line()))
    until_main(second)
    assert service.supervision["Restarts"] == 1
    service.stop()
    assert_stays_down(service)


FAILS_IN_THE_BACKGROUND = """
FIRST = 'read line < %s; ( (exit 3) & ) | cat; exit 0' % GATE
def start():
    again = os.path.exists(DONE)
    open(DONE, "w").close()
    startService(command="/bin/sh", args=["-c", "exec %s --tell %s" % (SERVER, TOLD) if again else FIRST],
                 detach=True)

def stop():
    pass
"""


def test_what_fails_as_soon_as_it_is_in_the_background_comes_back(comard, told):
    """Its end may be heard of before the end of the process that went away to leave it there."""
    gate = comard.place.folder / "gate"
    os.mkfifo(gate)
    service = comard.register("app", with_settings(
        FAILS_IN_THE_BACKGROUND, told,
        {"SERVER": comard.program("server"), "GATE": str(gate), "DONE": str(comard.place.folder / "done")},
        serviceRestart="on-failure"))
    service.start()
    until_state(comard, service, "running")
    gate.write_text("go\n")
    second = Process(int(told.line()))
    until_state(comard, service, "running")
    supervision = service.supervision
    assert supervision["MainPID"] == second.pid
    assert supervision["Restarts"] == 1
    assert "exit code 3" in supervision["Cause"]
    service.stop()
    assert_stays_down(service)


def test_a_start_that_fails_is_tried_again_until_it_succeeds(comard, told):
    allowed = comard.place.folder / "allowed"
    service = comard.register("app", with_settings("""
        def start():
            tell("try")
            if not os.path.exists(ALLOWED):
                fail("not yet")
            startService(SERVER, detach=True)

        def stop():
            stopService(command=SERVER)
        """, told, {"ALLOWED": str(allowed), "SERVER": comard.program("server")},
        serviceRestart="on-failure", serviceRestartMaxDelay=0.01))
    changed = comard.signals()
    with pytest.raises(BusError, match="not yet"):
        service.start()
    for _ in range(4):
        told.value()
    assert changed.all() == []
    allowed.touch()
    changed.wait_for(*STARTED)
    service.stop()


# The limit

@pytest.mark.parametrize("policy, code", [("on-failure", 3), ("always", 0)])
def test_at_its_limit_it_has_failed_and_says_why_until_it_is_reset(comard, told, policy, code):
    service = register(comard, told, f"--on-term-exit {code}", serviceRestart=policy,
                       serviceRestartLimit=(2, LONG), serviceRestartReset=LONG)
    changed = comard.signals()
    started(service, told).signal(signal.SIGTERM)
    for _ in range(2):
        Process(int(told.line())).signal(signal.SIGTERM)
    until_state(comard, service, "failed")
    assert_stays_down(service)
    assert changed.all() == [STARTED, STOPPED] * 3
    reason = f"it was started again 2 times within {LONG} s"
    assert reason in service.supervision["LastError"]
    assert re.search(f"the last time after .*exit code {code}", service.supervision["LastError"])
    for command in ("status", "explain"):
        assert reason in comard.cli(command, "app").stdout
        assert "comar reset app" in comard.cli(command, "app").stdout
    assert service.state == "off"
    assert comard.cli("reset", "app").returncode == 0
    told.line()
    until_state(comard, service, "running")
    assert service.supervision["LastError"] == ""
    assert service.supervision["Restarts"] == 0
    service.stop()


def test_after_a_reset_all_is_counted_anew(comard, told):
    service = register(comard, told, serviceRestart="always", serviceRestartLimit=(1, LONG),
                       serviceRestartReset=LONG)
    started(service, told).kill()
    Process(int(told.line())).kill()
    until_state(comard, service, "failed")
    for _ in range(2):
        comard.bus.manager("Reset", "s", "app")
        Process(int(told.line())).kill()
        Process(int(told.line())).kill()
        until_state(comard, service, "failed")
    assert_stays_down(service)


def test_for_ever_has_no_limit(comard, told):
    service = register(comard, told, serviceRestart="always", serviceRestartLimit="for ever",
                       serviceRestartReset=LONG, serviceRestartMaxDelay=0.001)
    service.start()
    for _ in range(15):
        Process(int(told.line())).kill()
    told.line()
    until_state(comard, service, "running")
    assert service.supervision["Restarts"] == 15
    service.stop()


def test_a_healthy_run_makes_all_forgotten(comard, told):
    service = register(comard, told, serviceRestart="always", serviceRestartLimit=(1, LONG),
                       serviceRestartReset=0)
    service.start()
    for _ in range(3):
        process = Process(int(told.line()))
        until_state(comard, service, "running")
        process.kill()
    told.line()
    until_state(comard, service, "running")
    service.stop()


# Waiting

def waiting(comard, told, **settings):
    """A service that has died and waits to be started again, for long."""
    service = register(comard, told, serviceRestart="on-failure", serviceRestartDelay=LONG,
                       serviceRestartMaxDelay=LONG, **settings)
    started(service, told).kill()
    until_state(comard, service, "failed")
    assert is_waiting(service)
    return service


def test_who_waits_says_for_how_long(comard, told):
    service = waiting(comard, told)
    # A slow machine may have taken some of it.
    assert 0 < service.supervision["RetryUsec"] <= LONG * 1_000_000
    assert "Next start" in comard.cli("status", "app").stdout
    assert "it is started again in" in comard.cli("explain", "app").stdout
    service.stop()


def test_a_stop_ends_the_waiting(any_comard, told):
    service = waiting(any_comard, told)
    service.stop()
    assert_stays_down(service)
    assert service.supervision["State"] == "stopped"
    assert service.supervision["Wanted"] is False


def test_a_start_ends_the_waiting_and_what_was_counted(comard, told):
    service = waiting(comard, told)
    main = started(service, told)
    assert not is_waiting(service)
    assert service.supervision["Restarts"] == 0
    assert main_of(service).pid == main.pid
    service.stop()


def test_a_reset_ends_the_waiting_with_a_start(comard, told):
    service = waiting(comard, told)
    assert comard.cli("reset", "app").returncode == 0
    told.line()
    until_state(comard, service, "running")
    assert not is_waiting(service)
    service.stop()


def test_what_is_removed_while_it_waits_is_not_started(comard, told):
    waiting(comard, told)
    comard.bus.remove("app")
    assert comard.bus.applications() == []
    assert told.lines() == []


# What an administrator says

def test_a_stop_is_never_followed_by_a_restart(any_comard, told):
    service = register(any_comard, told, "--on-term-exit 3", serviceRestart="always")
    changed = any_comard.signals()
    started(service, told)
    service.stop()
    assert_stays_down(service)
    assert changed.all() == [STARTED, STOPPED]
    assert any_comard.cli("reset", "app").returncode == 0
    assert_stays_down(service)


def test_a_stop_while_it_is_started_again_wins(comard, told):
    gate = comard.gate("start")
    service = comard.register("app", with_settings("""
        def start():
            tell("start")
            open(GATE).read(1)
            startService(SERVER, detach=True)

        def stop():
            stopService(command=SERVER)
        """, told, {"GATE": gate, "SERVER": comard.program("server")}, serviceRestart="always"))
    gate.open()
    service.start()
    told.value()
    main_of(service).kill()
    told.value()
    stopping = service.begin("stop")
    gate.open()
    stopping.result()
    assert_stays_down(service)
    assert service.supervision["State"] == "stopped"


def test_a_restart_by_hand_counts_as_none(comard, told):
    service = register(comard, told, serviceRestart="always")
    first = started(service, told)
    first.kill()
    told.line()
    until_state(comard, service, "running")
    assert service.supervision["Restarts"] == 1
    changed = comard.signals()
    assert comard.cli("restart", "app").returncode == 0
    told.line()
    assert service.supervision["Restarts"] == 0
    assert changed.all() == [STOPPED, STARTED]
    service.stop()
    assert_stays_down(service)


def test_reset_of_what_runs_or_was_never_started_changes_nothing(comard, told):
    service = register(comard, told, serviceRestart="always")
    assert comard.cli("reset", "app").returncode == 0
    assert service.supervision["PIDs"] == []
    main = started(service, told)
    assert comard.cli("reset", "app").returncode == 0
    assert service.supervision["MainPID"] == main.pid
    assert comard.cli("reset", "no-such").returncode != 0
    service.stop()


# ready() and start-up states

def test_what_boot_has_started_comes_back(comard, told):
    service = register(comard, told, serviceRestart="on-failure")
    service.set_state("on")
    service.ready()
    Process(int(told.line())).kill()
    told.line()
    until_state(comard, service, "running")
    service.stop()


@pytest.mark.parametrize("state", ["off", "conditional"])
def test_what_boot_leaves_alone_stays_so(comard, told, state):
    service = register(comard, told, serviceRestart="always")
    service.set_state(state)
    service.ready()
    assert service.supervision["PIDs"] == []
    assert service.supervision["RetryUsec"] == 0
    assert service.state == {"off": "off", "conditional": "conditional_stopped"}[state]
    assert told.lines() == []
