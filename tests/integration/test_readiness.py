# SPDX-License-Identifier: MIT
"""A service counts as started when it is: whoever waits for its start waits for that."""

import os
import pathlib
import signal
import socket

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import DETACHED, service_script
from support.slow import Slow, ways_to_tell
from support.supervised import (LONG, assert_stays_down, is_waiting, main_of, supervised,
                                until_state, with_settings)
from support.ways import WAYS, start_this_way

STARTED = ("app", "started")


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


@pytest.mark.parametrize("kind", ["pidfile", "notify", "fd", "fd:7", "tcp", "tcp with a host"])
def test_a_start_is_over_when_the_service_is_ready(any_comard, kind):
    readiness, args = ways_to_tell(any_comard)[kind]
    slow = Slow(any_comard, readiness, args)
    starting = slow.begin()
    assert not starting.done, starting.result()
    assert slow.service.supervision["State"] == "starting"
    assert slow.changed.all() == []
    slow.gate.open()
    starting.result()
    assert slow.service.supervision["State"] == "running"
    assert slow.changed.all() == [STARTED]
    slow.service.stop()
    assert_stays_down(slow.service)


def test_a_function_of_the_script_says_when_it_is_ready(comard, told):
    flag = comard.place.folder / "flag"
    service = comard.register("app", supervised(comard.program("server"), body="""
        FLAG = {flag!r}
        TOLD = {told!r}

        def is_up():
            with open(TOLD, "w") as mailbox:
                mailbox.write("asked\\n")
            return os.path.exists(FLAG)

        serviceReadiness = is_up
        """.format(flag=str(flag), told=str(told))))
    starting = service.begin("start")
    for _ in range(3):
        told.line()
    assert not starting.done
    flag.touch()
    starting.result()
    service.stop()


@pytest.mark.parametrize("says, is_ready", [("return None", True), ("return 1", True),
                                            ("return False", False), ("fail('not me')", False)])
def test_what_a_function_says(comard, says, is_ready):
    service = comard.register("app", supervised(comard.program("server"), body=f"""
        def is_up():
            {says}

        serviceReadiness = is_up
        """, serviceReadyTimeout=60 if is_ready else 0.2))
    if is_ready:
        service.start()
        service.stop()
        return
    with pytest.raises(BusError) as late:
        service.start()
    assert late.value.name == "TimedOut"
    assert "is_up() of its script" in late.value.message
    assert_stays_down(service)


def test_a_unix_socket_that_accepts_is_ready(comard):
    path = f"{comard.root}/run/app.sock"
    os.makedirs(f"{comard.root}/run", exist_ok=True)
    service = comard.register("app", supervised(
        comard.program("server"), f"--listen {path}", serviceReadiness=f"unix:{path}"))
    service.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    service.stop()


# Too late, and too little

@pytest.mark.parametrize("readiness, waited_for", [
    ("notify", "READY=1"),
    ("fd", "a newline on its descriptor 3"),
    ("pidfile", "its pidfile"),
    ("tcp:1", "a connection to port 1 of 127.0.0.1"),
    ("unix:/no/such/socket", "a connection to /no/such/socket"),
    ("http://127.0.0.1:1/up", "an answer from http://127.0.0.1:1/up"),
])
def test_who_is_not_ready_in_time_is_ended_and_the_error_says_what_was_waited_for(
        any_comard, readiness, waited_for):
    slow = Slow(any_comard, readiness, serviceReadyTimeout=0.2)
    pending = slow.service.begin("start")
    with pytest.raises(BusError) as late:
        pending.result()
    assert late.value.name == "TimedOut"
    assert "after 200 ms" in late.value.message
    assert waited_for in late.value.message
    assert slow.service.supervision["State"] == "failed"
    assert waited_for in slow.service.supervision["LastError"]
    assert_stays_down(slow.service)
    assert slow.changed.all() == []
    assert waited_for in any_comard.cli("start", "app").stderr


def test_who_listened_there_before_is_not_the_service(comard):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        slow = Slow(comard, f"tcp:{port}", f"--port {port}", serviceReadyTimeout=0.3)
        with pytest.raises(BusError) as late:
            slow.service.start()
        assert late.value.name == "TimedOut"
        assert "another program listened there" in late.value.message
        assert_stays_down(slow.service)
    starting = slow.service.begin("start")
    slow.gate.open()
    starting.result()
    slow.service.stop()


def test_whose_socket_was_there_before_is_not_the_service(comard):
    path = f"{comard.place.folder}/app.sock"
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(path)
        stranger.listen()
        slow = Slow(comard, f"unix:{path}", serviceReadyTimeout=0.3)
        with pytest.raises(BusError) as late:
            slow.service.start()
        assert late.value.name == "TimedOut"
        assert "another program listened there" in late.value.message
        assert_stays_down(slow.service)
        # Who puts another socket in its place is.
        service = comard.register("app", supervised(
            comard.program("server"), f"--listen {path}", serviceReadiness=f"unix:{path}"))
        service.start()
        service.stop()


def test_who_dies_before_it_is_ready_is_not_waited_for(any_comard):
    slow = Slow(any_comard, "notify", serviceReadyTimeout=LONG)
    starting = slow.begin()
    main_of(slow.service).kill()
    with pytest.raises(BusError) as died:
        starting.result()
    assert "signal 9" in died.value.message
    assert "READY=1" in died.value.message
    assert slow.service.supervision["State"] == "failed"
    assert slow.changed.all() == []


def test_who_ends_at_once_is_not_waited_for(comard):
    service = comard.register("app", supervised(
        comard.program("server"), "--exit 3", serviceReadiness="notify", serviceReadyTimeout=LONG))
    with pytest.raises(BusError) as died:
        service.start()
    assert "exit code 3" in died.value.message
    assert_stays_down(service)


def test_a_start_that_was_not_ready_is_tried_again(comard, told):
    service = comard.register("app", with_settings("""
        def start():
            tell("start")
            startService(SERVER, args="--notify READY=1" if os.path.exists(FLAG) else "", detach=True)

        def stop():
            stopService(command=SERVER)
        """, told, {"SERVER": comard.program("server"), "FLAG": str(comard.place.folder / "flag")},
        serviceReadiness="notify", serviceReadyTimeout=0.2, serviceRestart="on-failure",
        serviceRestartMaxDelay=0.01))
    with pytest.raises(BusError):
        service.start()
    told.value()
    told.value()
    (comard.place.folder / "flag").touch()
    until_state(comard, service, "running")
    assert not is_waiting(service)
    service.stop()


# Who waits

def test_everybody_who_waits_for_the_start_waits_for_readiness(comard, told):
    slow = Slow(comard, "notify", "--notify READY=1")
    other = comard.register("other", with_settings("""
        def start():
            tell("begins")
            startDependencies("app")
            tell("over")

        def stop():
            pass
        """, told))
    first = slow.begin()
    joined = comard.connect().service("app").begin("start")
    dependent = other.begin("start")
    assert told.value() == "begins"
    for _ in range(5):
        comard.bus.sync()
    assert not (first.done or joined.done or dependent.done)
    slow.gate.open()
    for pending in (first, joined, dependent):
        pending.result()
    assert told.value() == "over"
    slow.service.stop()


def test_a_stop_does_not_wait_until_it_is_ready(any_comard):
    slow = Slow(any_comard, "notify", "--notify READY=1")
    starting = slow.begin()
    any_comard.connect().service("app").stop()
    with pytest.raises(BusError, match=r"cannot start app: it is to be stopped \(stop asked for by uid 0") as error:
        starting.result()
    assert error.value.name.endswith("Cancelled")
    assert_stays_down(slow.service)
    assert slow.service.supervision["Cause"].startswith("stop asked for by")
    assert slow.changed.all() == []


def begin_restart(bus, app):
    return bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s", app)


def register_needy(comard):
    script = service_script(DETACHED, SERVER=comard.program("other"), ARGS="")
    return comard.register("needy", script.replace("serviceType", 'serviceRequires = "app"\nserviceType', 1))


def test_a_restart_does_not_wait_until_it_is_ready(any_comard):
    comard = any_comard
    slow = Slow(comard, "notify", "--notify READY=1")
    starting = slow.begin()
    first = main_of(slow.service)
    needy = register_needy(comard)
    needing = needy.begin("start")
    other = comard.connect()
    restarting = begin_restart(other, "app")
    first.wait_gone()
    slow.returned.line()
    slow.gate.open()
    for answer in (starting, needing, restarting):
        answer.result()
    assert slow.service.supervision["LastError"] == ""
    assert slow.changed.all() == [STARTED, ("needy", "started")]
    needy.stop()
    slow.service.stop()
    assert_stays_down(slow.service)


def test_a_restart_that_cannot_be_leaves_what_starts(comard):
    slow = Slow(comard, "notify", "--notify READY=1")
    starting = slow.begin()
    main = main_of(slow.service)
    path = pathlib.Path(slow.service.supervision["Script"])
    path.write_text(path.read_text() + "this is no Python\n")
    with pytest.raises(BusError, match="invalid syntax"):
        begin_restart(comard.connect(), "app").result()
    with pytest.raises(BusError, match="invalid syntax"):
        starting.result()
    assert main.alive and slow.service.supervision["State"] == "running"
    assert "invalid syntax" in slow.service.supervision["LastError"]
    slow.service.stop()


def test_a_restart_does_not_wait_for_what_it_requires(comard):
    slow = Slow(comard, "notify", "--notify READY=1")
    slow.begin()
    needy = register_needy(comard)
    needing = needy.begin("start")
    other = comard.connect()
    restarting = begin_restart(other, "needy")
    other.sync()
    assert needy.supervision["State"] != "failed"
    slow.gate.open()
    needing.result()
    restarting.result()
    needy.stop()
    slow.service.stop()


def test_its_stop_ends_what_is_not_ready_yet(comard, told):
    """As it ends everything: the script knows how, and whom it spares."""
    service = comard.register("app", with_settings("""
        def start():
            startService(command=SERVER, args="--wait-for " + GATE, detach=True)

        def stop():
            tell(status())
            if not os.path.exists(FLAG):
                fail("not now")

        def status():
            return isServiceRunning(command=SERVER)
        """, told, {"SERVER": comard.program("server"), "GATE": str(comard.gate("never")),
                    "FLAG": f"{comard.root}/flag"}, serviceReadiness="notify", serviceStopTimeout=0.05))
    changed = comard.signals()
    starting = service.begin("start")
    comard.until(lambda: service.supervision["PIDs"], "it to start")
    with pytest.raises(BusError, match="not now"):
        comard.connect().service("app").stop()
    assert told.value() is True
    with pytest.raises(BusError, match="it is to be stopped"):
        starting.result()
    until_state(comard, service, "running")
    assert main_of(service).alive, "its stop() has refused"
    assert changed.all() == [STARTED]
    comard.write("/flag", "")
    service.stop()
    assert_stays_down(service)


def test_a_stop_that_came_while_the_script_ran_counts_too(comard, told):
    gate = comard.gate("start")
    service = comard.register("app", with_settings("""
        def start():
            tell("begins")
            open(GATE).read(1)
            startService(command=SERVER, args="--wait-for " + NEVER, detach=True)

        def stop():
            pass
        """, told, {"GATE": gate, "SERVER": comard.program("server"), "NEVER": str(comard.gate("never"))},
        serviceReadiness="notify", serviceStopTimeout=0.05))
    starting = service.begin("start")
    assert told.value() == "begins"
    other = comard.connect()
    stopping = other.service("app").begin("stop")
    other.sync()
    gate.open()
    with pytest.raises(BusError, match="it is to be stopped"):
        starting.result()
    stopping.result()
    assert_stays_down(service)


# sd_notify(3)

def test_the_socket_is_there_for_whoever_wants_it_and_nobody_else(comard, told):
    service = comard.register("app", supervised(comard.program("server"), f"--tell {told}"))
    service.start()
    assert "NOTIFY_SOCKET" not in Process(int(told.line())).environ
    service.stop()
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told} --notify READY=1", serviceReadiness="notify"))
    service.start()
    assert Process(int(told.line())).environ["NOTIFY_SOCKET"].startswith(comard.root)
    service.stop()


def test_only_processes_of_the_service_are_believed(comard):
    slow = Slow(comard, "notify", "--notify READY=1")
    starting = slow.begin()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(main_of(slow.service).environ["NOTIFY_SOCKET"])
        for text in (b"READY=1", b"MAINPID=1", b"STATUS=lies", b"", b"\0" * 10_000, b"WATCHDOG=trigger"):
            stranger.send(text)
    for _ in range(5):
        comard.bus.sync()
    assert not starting.done
    assert slow.service.supervision["StatusText"] == ""
    slow.gate.open()
    starting.result()
    slow.service.stop()


def test_strangers_leave_room_for_who_is_not_known_yet(place, start_comard, told):
    """Without cgroups nobody knows what a script starts by itself, until its start() has returned."""
    comard = start_this_way("no-cgroups", place, start_comard)
    gate, program_told = comard.gate("go"), comard.mailbox("program")
    service = comard.register("app", with_settings("""
        def start():
            tell(os.environ["NOTIFY_SOCKET"])
            open(GATE).read(1)
            subprocess.Popen([SERVER, "--notify", "READY=1", "--tell", PROGRAM])
            open(GATE).read(1)
        """, told, {"GATE": gate, "SERVER": comard.program("server"), "PROGRAM": program_told},
        serviceReadiness="notify", serviceReadyTimeout=5))
    starting = service.begin("start")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(told.value())
        for _ in range(500):
            stranger.send(b"READY=1")
    for _ in range(20):
        comard.bus.sync()
    gate.open()
    program_told.line()
    assert not starting.done
    gate.open()
    starting.result()
    service.stop()


def test_the_program_names_its_main_process_and_its_status(comard, told):
    service = comard.register("app", service_script("""
        serviceReadiness = "notify"

        def start():
            startService(SERVER, args=ARGS)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"),
        ARGS=["--fork", "--children", "2", "--tell", told, "--notify",
              "STATUS=serves 3;MAINPID=%p;READY=1", "--on-usr1", "STATUS=half \udcff\udcfe of it"]))
    service.start()
    main = Process(int(told.line()))
    assert main_of(service).pid == main.pid
    assert service.supervision["StatusText"] == "serves 3"
    assert "serves 3" in comard.cli("status", "app").stdout
    main.signal(signal.SIGUSR1)
    comard.until(lambda: service.supervision["StatusText"].startswith("half "), "its new status")
    assert comard.cli("status", "app").returncode == 0
    service.stop()
    assert service.supervision["StatusText"] == ""


@pytest.mark.parametrize("more, limit, another", [(1_000_000_000, 2, 2.2), (1, LONG, 0.2)])
def test_more_time_that_it_asks_for_lengthens_what_it_has_and_never_shortens_it(comard, told, more, limit, another):
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told} --notify EXTEND_TIMEOUT_USEC={more} --on-usr1 READY=1",
        serviceReadiness="notify", serviceReadyTimeout=limit))
    starting = service.begin("start")
    main = Process(int(told.line()))
    # One that began later is too late before it.
    clock = comard.register("clock", supervised(
        comard.program("clock"), serviceReadiness="tcp:1", serviceReadyTimeout=another))
    with pytest.raises(BusError, match=f"not ready after {another * 1000:.0f} ms"):
        clock.start()
    assert not starting.done
    main.signal(signal.SIGUSR1)
    starting.result()
    service.stop()


def test_a_function_that_answers_no_more_holds_nothing_up(comard):
    service = comard.register("app", with_settings("""
        @synchronized
        def start():
            startService(command=SERVER, detach=True)

        @synchronized
        def stop():
            stopService(command=SERVER)

        @synchronized
        def is_up():
            open(NEVER).read()

        serviceReadiness = is_up
        """, None, {"SERVER": comard.program("server"), "NEVER": str(comard.gate("never"))}, serviceReadyTimeout=0.2))
    for _ in range(2):
        with pytest.raises(BusError, match="app is not ready after 200 ms"):
            service.start()
    service.stop()
    assert_stays_down(service)


def test_a_second_start_wants_to_be_told_anew(comard):
    slow = Slow(comard, "notify", "--notify READY=1")
    first = slow.begin()
    slow.gate.open()
    first.result()
    slow.service.stop()
    second = slow.begin()
    assert not second.done
    slow.gate.open()
    second.result()
    slow.service.stop()
