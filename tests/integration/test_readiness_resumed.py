# SPDX-License-Identifier: MIT
"""comard ends, or is killed, while somebody waits until a service is ready: the next one waits on."""

import pathlib

import pytest

from support.bus import BusError
from support.logs import has
from support.scripts import DETACHED
from support.slow import Slow, ways_to_tell
from support.supervised import LONG, assert_stays_down, free_port, main_of, until_state, with_settings
from support.ways import WAYS, start_this_way

STARTED = ("app", "started")


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


@pytest.mark.parametrize("kind", ["notify", "tcp", "fd"])
def test_a_comard_that_ends_leaves_what_is_not_ready_to_the_next_one(any_comard, kind):
    comard = any_comard
    readiness, args = ways_to_tell(comard)[kind]
    slow = Slow(comard, readiness, args, serviceReadyTimeout=LONG)
    starting = slow.begin()
    main = main_of(slow.service)
    until_it_waits(comard)
    comard.stop()
    with pytest.raises(BusError):
        starting.result()
    comard.start()
    service = comard.service("app")
    until_state(comard, service, "starting")
    assert service.supervision["MainPID"] == main.pid
    slow.gate.open()
    until_state(comard, service, "running")
    assert service.supervision["MainPID"] == main.pid and service.supervision["LastError"] == ""
    service.stop()
    main.wait_gone()


def until_it_waits(comard):
    """As comard has written it down for another one."""
    state = pathlib.Path(comard.root) / "run/comar/state"
    comard.until(lambda: has(state, b"awaits_ready"), "comard to wait until it is ready")


@pytest.mark.parametrize("kind", ["pidfile", "notify", "fd", "tcp"])
def test_a_comard_that_comes_back_waits_on(any_comard, kind):
    comard = any_comard
    readiness, args = ways_to_tell(comard)[kind]
    slow = Slow(comard, readiness, args)
    slow.begin()
    main = main_of(slow.service)
    until_it_waits(comard)
    comard.kill()
    comard.start()
    service = comard.service("app")
    comard.until(lambda: service.supervision["State"] == "starting", "its start to go on")
    changed = comard.signals()
    slow.gate.open()
    changed.wait_for(*STARTED)
    until_state(comard, service, "running")
    assert service.supervision["MainPID"] == main.pid and service.supervision["LastError"] == ""
    service.stop()
    assert_stays_down(service)


def said_while_comard_was_away(comard, kind, **settings):
    served = comard.mailbox("served")
    readiness, args = ways_to_tell(comard)[kind]
    slow = Slow(comard, readiness, f"{args} --tell {served}", **settings)
    slow.begin()
    until_it_waits(comard)
    comard.kill()
    slow.gate.open()
    served.line()
    comard.start()
    return comard.service("app")


def test_who_has_closed_its_descriptor_while_comard_was_away_counts_as_ready(any_comard):
    service = said_while_comard_was_away(any_comard, "fd", serviceReadyTimeout=LONG)
    until_state(any_comard, service, "running")
    assert "app counts as ready: it has closed its descriptor while comard was away" in any_comard.log
    service.stop()
    assert_stays_down(service)


def test_what_was_written_while_comard_was_away_is_read(comard):
    wrote = comard.mailbox("wrote")
    gate = comard.gate("ready")
    service = comard.register("app", with_settings(DETACHED, wrote, {"SERVER": "/usr/bin/python3", "ARGS": ["-c", (
        f"import os, signal; open({str(gate)!r}).read(1); os.write(3, b'\\n');"
        f"open({str(wrote)!r}, 'w').write('yes\\n'); signal.pause()")]},
        serviceReadiness="fd", serviceReadyTimeout=LONG))
    service.begin("start")
    until_it_waits(comard)
    comard.kill()
    gate.open()
    wrote.line()
    comard.start()
    service = comard.service("app")
    until_state(comard, service, "running")
    assert "counts as ready" not in comard.log
    service.stop()
    assert_stays_down(service)


def test_who_may_have_said_so_while_comard_was_away_counts_as_ready_in_time(any_comard):
    service = said_while_comard_was_away(any_comard, "notify", serviceReadyTimeout=1)
    main = main_of(service)
    until_state(any_comard, service, "running")
    assert main.alive and service.supervision["LastError"] == ""
    assert "app counts as ready: comar waited 1 s for" in any_comard.log
    service.stop()
    assert_stays_down(service)


def test_a_worker_that_has_not_ended_yet_changes_nothing(comard):
    port = free_port()
    gate = comard.gate("ready")
    service = comard.register("app", with_settings("""
        import threading

        def start():
            startService(command=SERVER, args=ARGS, detach=True)
            threading.Thread(target=lambda: open(GATE).read(1)).start()
        """, None, {"SERVER": comard.program("server"), "ARGS": f"--wait-for {gate} --port {port}",
              "GATE": str(comard.gate("exit"))}, serviceReadiness=f"tcp:{port}"))
    service.begin("start")
    until_it_waits(comard)
    main = main_of(service)
    comard.kill()
    comard.start()
    service = comard.service("app")
    until_state(comard, service, "starting")
    gate.open()
    until_state(comard, service, "running")
    assert main_of(service).pid == main.pid
    service.stop()


def test_who_is_not_ready_when_comard_is_back_is_ended_in_time(comard):
    readiness, args = ways_to_tell(comard)["tcp"]
    slow = Slow(comard, readiness, args, serviceReadyTimeout=1)
    slow.begin()
    main = main_of(slow.service)
    until_it_waits(comard)
    comard.kill()
    comard.start()
    main.wait_gone()
    until_state(comard, comard.service("app"), "failed")
    assert "is not ready after 1 s" in comard.service("app").supervision["LastError"]
