# SPDX-License-Identifier: MIT
"""Services that run and do not do their work: what asks them, what is told, and what is done."""

import os
import signal

import pytest

from support.processes import Process, processes_that_mention
from support.supervised import (LONG, assert_stays_down, free_port, main_of, supervised, until_state)
from support.ways import WAYS, start_this_way

STARTED, STOPPED = ("app", "started"), ("app", "stopped")
OFTEN = 0.02


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def health(check, **more):
    return {"check": check, "every": OFTEN, "timeout": LONG, "failures": 1, **more}


def until_health(comard, service, text):
    comard.until(lambda: text in service.supervision["Health"],
                 lambda: f"{text!r}; it is {service.supervision['Health']!r}")


# Who is asked

def test_a_command_tells(any_comard):
    comard = any_comard
    flag = comard.place.folder / "well"
    flag.touch()
    service = comard.register("app", supervised(
        comard.program("server"), serviceHealth=health(f"test -e {flag} || (echo sick >&2; exit 1)")))
    service.start()
    changed = comard.signals()
    assert "not well" not in comard.cli("status", "app").stdout
    until_health(comard, service, "ok")
    flag.unlink()
    until_health(comard, service, "the command ended with exit code 1")
    assert "exit code 1" in comard.cli("status", "app").stdout
    comard.until(lambda: "sick" in comard.cli("logs", "app").stdout, "what the command has printed to be in its log")
    assert "sick" not in comard.log.replace("echo sick", "")
    assert "not well" in comard.cli("explain", "app").stdout
    assert service.supervision["State"] == "running"
    flag.touch()
    until_health(comard, service, "ok")
    service.stop()
    assert service.supervision["Health"] == ""
    assert changed.all() == [STOPPED]


def test_a_port_a_socket_and_a_page_tell(comard):
    port = free_port()
    path = f"{comard.place.folder}/app.sock"
    for check in (f"tcp:{port}", f"unix:{path}"):
        service = comard.register("app", supervised(
            comard.program("server"), f"--port {port} --listen {path}", serviceHealth=health(check)))
        service.start()
        until_health(comard, service, "ok")
        service.stop()
    service = comard.register("app", supervised(
        comard.program("server"), f"--port {port}", serviceHealth=health(f"http://127.0.0.1:{port}/")))
    service.start()
    until_health(comard, service, "no HTTP answer")
    service.stop()
    service = comard.register("app", supervised(
        comard.program("server"), serviceHealth=health(f"tcp:{port}")))
    service.start()
    until_health(comard, service, "refused")
    service.stop()


def test_a_function_tells(comard):
    flag = comard.place.folder / "well"
    service = comard.register("app", supervised(comard.program("server"), body=f"""
        def is_well():
            if not os.path.exists({str(flag)!r}):
                fail("it is sad")

        serviceHealth = {{"check": is_well, "every": {OFTEN}, "failures": 1}}
        """))
    service.start()
    until_health(comard, service, "it is sad")
    flag.touch()
    until_health(comard, service, "ok")
    service.stop()


def test_one_failure_is_forgiven_where_more_are_allowed(comard, told):
    """A command that fails each second time."""
    flag = comard.place.folder / "turn"
    service = comard.register("app", supervised(comard.program("server"), serviceHealth=health(
        f"echo asked > {told}; if test -e {flag}; then rm {flag}; else touch {flag}; false; fi",
        failures=2)))
    service.start()
    for _ in range(8):
        told.line()
        assert service.supervision["Health"] in ("", "ok")
    service.stop()


# What is done

def test_who_is_not_well_is_started_again(any_comard, told):
    comard = any_comard
    flag = comard.place.folder / "well"
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told}",
        serviceHealth=health(f"test -e {flag}", failures=2, then="restart")))
    changed = comard.signals()
    service.start()
    first = Process(int(told.line()))
    second = Process(int(told.line()))
    assert not first.alive
    flag.touch()
    until_health(comard, service, "ok")
    until_state(comard, service, "running")
    supervision = service.supervision
    assert "health check failed: the command ended with exit code 1" in supervision["Cause"]
    assert supervision["Restarts"] >= 1
    assert supervision["Wanted"] is True
    seen = changed.all()
    assert seen == [STARTED, STOPPED] * (len(seen) // 2) + [STARTED]
    service.stop()
    assert not second.alive
    assert_stays_down(service)
    assert told.lines() == [] or supervision["Restarts"] > 1


def test_a_stop_that_refuses_does_not_end_supervision(comard, told):
    """comar wanted to start it again and could not stop it: it still runs, and is still looked after."""
    sick, stuck = (comard.place.folder / name for name in ("sick", "stuck"))
    script = supervised(comard.program("server"), f"--tell {told}", serviceRestart="on-failure",
                        serviceHealth=health(f"test ! -e {sick}", then="restart"))
    script = script.replace("def stop():", f"""def stop():
    if os.path.exists({str(stuck)!r}):
        fail("not now")""")
    service = comard.register("app", script)
    service.start()
    main = Process(int(told.line()))
    stuck.touch()
    sick.touch()
    comard.until(lambda: "not now" in service.supervision["LastError"], "the stop that refuses")
    sick.unlink()
    until_health(comard, service, "ok")
    assert main.alive
    assert service.supervision["Wanted"] is True
    main.kill()
    told.line()
    until_state(comard, service, "running")
    stuck.unlink()
    service.stop()


def test_a_good_answer_takes_back_a_restart_that_is_still_to_come(comard, told):
    sick = comard.place.folder / "sick"
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told}", serviceRestartDelay=LONG, serviceRestartMaxDelay=LONG,
        serviceHealth=health(f"test ! -e {sick}", then="restart")))
    service.start()
    main = Process(int(told.line()))
    sick.touch()
    comard.until(lambda: service.supervision["RetryUsec"] > 0, "the restart to be planned")
    assert main.alive
    sick.unlink()
    comard.until(lambda: service.supervision["RetryUsec"] == 0, "the restart to be taken back")
    until_health(comard, service, "ok")
    assert service.supervision["State"] == "running"
    assert main_of(service).pid == main.pid
    service.stop()
    assert_stays_down(service)


def test_at_the_limit_it_is_left_as_it_is_until_a_reset(comard, told):
    asked = comard.mailbox("asked")
    service = comard.register("app", supervised(
        comard.program("server"), f"--tell {told}", serviceRestartLimit=(2, LONG),
        serviceHealth=health(f"echo asked > {asked}; false", then="restart")))
    service.start()
    for _ in range(3):
        main = Process(int(told.line()))
    until_health(comard, service, "exit code 1; it was started again 2 times within 1000 s")
    asked.lines()
    for _ in range(3):
        asked.line()
    assert comard.log.count("comar leaves it so") == 1, "that is said once"
    assert main.alive
    assert service.supervision["Restarts"] == 2
    assert service.supervision["State"] == "running"
    assert comard.cli("reset", "app").returncode == 0
    assert int(told.line()) != main.pid
    service.stop()
    assert_stays_down(service)


# Questions without an answer

def test_a_command_that_hangs_is_ended_with_all_below_it(comard, told):
    service = comard.register("app", supervised(comard.program("server"), serviceHealth=health(
        f"sh -c 'echo $$ > {told}; read x < {comard.gate('never')}'; true", timeout=0.2)))
    service.start()
    below = Process(int(told.line()))
    until_health(comard, service, "takes too long")
    below.wait_gone()
    service.stop()


def test_a_function_that_hangs_is_not_waited_for(comard, told):
    service = comard.register("app", supervised(comard.program("server"), body=f"""
        def is_well():
            with open("{told}", "w") as mailbox:
                mailbox.write(str(os.getpid()) + "\\n")
            open("{comard.gate('never')}").read(1)

        serviceHealth = {{"check": is_well, "every": {OFTEN}, "timeout": 0.2, "failures": 1}}
        """))
    service.start()
    worker = Process(int(told.line()))
    until_health(comard, service, "takes too long")
    worker.wait_gone()
    service.stop()


def test_a_server_that_hangs_is_told(comard):
    port = free_port()
    service = comard.register("app", supervised(
        comard.program("server"), f"--port {port}",
        serviceHealth=health(f"http://127.0.0.1:{port}/", timeout=0.2)))
    service.start()
    main = main_of(service)
    until_health(comard, service, "no HTTP answer")
    main.signal(signal.SIGSTOP)
    until_health(comard, service, "it does not answer")
    main.signal(signal.SIGCONT)
    service.stop()


def test_a_question_under_way_is_no_process_of_the_service(any_comard, told):
    """Its death is seen at once, though a check that was begun for it still runs."""
    comard = any_comard
    service = comard.register("app", supervised(comard.program("server"), serviceHealth=health(
        f"echo $$ > {told}; read x < {comard.gate('never')}")))
    other = comard.register("other", supervised(comard.program("other")))
    other.start()
    service.start()
    check = Process(int(told.line()))
    changed = comard.signals()
    for app, one in (("other", other), ("app", service)):
        assert check.pid not in one.supervision["PIDs"]
        main_of(one).kill()
        changed.wait_for(app, "stopped")
        assert one.supervision["State"] == "failed"
    check.wait_gone()


def test_the_end_of_comard_leaves_no_question_behind(comard, told):
    comard.register("app", supervised(comard.program("server"), serviceHealth=health(
        f"echo $$ > {told}; read x < {comard.gate('never')}"))).start()
    first = Process(int(told.line()))
    comard.kill()
    first.wait_gone()
    comard.start()
    second = Process(int(told.line()))
    comard.service("app").stop()
    second.wait_gone()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_what_a_command_has_started_does_not_outlive_comard(comard, told, place, end):
    if not place.cgroup:
        pytest.skip("cgroup v2 cannot be written here")
    service = comard.register("app", supervised(comard.program("server"), serviceHealth=health(
        f"(echo $$ > /dev/null; sh -c 'echo $$ > {told}; read x < {comard.gate('never')}'; true); true")))
    service.start()
    below = Process(int(told.line()))
    getattr(comard, end)()
    comard.start()
    below.wait_gone()
    comard.service("app").stop()


def test_what_a_command_leaves_behind_is_ended_with_it(any_comard, told):
    service = any_comard.register("app", supervised(any_comard.program("server"), serviceHealth=health(
        f"sleep 100000 & echo $! > {told}")))
    service.start()
    for _ in range(3):
        Process(int(told.line())).wait_gone()
    service.stop()


# Signs of life

def watched(comard, told, args, seconds, **settings):
    return comard.register("app", supervised(
        comard.program("server"), f"--tell {told} {args}", serviceReadiness="notify",
        serviceWatchdog=seconds, serviceRestart="on-failure", **settings))


def test_who_shows_no_sign_of_life_is_ended_and_started_again(any_comard, told):
    comard = any_comard
    service = watched(comard, told, "--notify READY=1", 0.2)
    changed = comard.signals()
    service.start()
    first = Process(int(told.line()))
    assert first.environ.get("WATCHDOG_USEC") == "200000" or not first.alive
    second = Process(int(told.line()))
    first.wait_gone()
    changed.wait_for(*STOPPED)
    changed.wait_for(*STARTED)
    assert "watchdog" in comard.log
    assert "sign of life in time (watchdog)" in service.supervision["Cause"]
    assert second.pid != first.pid
    service.stop()
    second.wait_gone()
    assert_stays_down(service)


def test_who_triggers_the_watchdog_is_ended_at_once(comard, told):
    service = watched(comard, told, "--notify READY=1 --on-usr1 WATCHDOG=trigger", LONG)
    service.start()
    first = Process(int(told.line()))
    assert first.environ["WATCHDOG_USEC"] == str(LONG * 1_000_000)
    first.signal(signal.SIGUSR1)
    told.line()
    until_state(comard, service, "running")
    cause = service.supervision["Cause"]
    assert "signal 6" in cause and "it has asked to be ended itself (WATCHDOG=trigger)" in cause
    assert "sign of life" not in cause and "sign of life" not in comard.log
    service.stop()


def test_the_program_may_set_another_time(comard, told):
    service = watched(comard, told, "--notify READY=1 --on-usr1 WATCHDOG_USEC=1000", LONG)
    service.start()
    Process(int(told.line())).signal(signal.SIGUSR1)
    told.line()
    until_state(comard, service, "running")
    service.stop()


def until_a_silent_one_is_ended(comard):
    """Long after those that have less time would be."""
    silent = comard.register("silent", supervised(
        comard.program("silent"), "--notify READY=1", serviceReadiness="notify", serviceWatchdog=1))
    silent.start()
    until_state(comard, silent, "failed")


@pytest.mark.parametrize("said", ["0", "1000000000"])
def test_the_program_may_set_its_time_before_it_is_ready(comard, told, said):
    service = watched(comard, told, f"--notify WATCHDOG_USEC={said} --on-usr1 READY=1", 0.2)
    starting = service.begin("start")
    main = Process(int(told.line()))
    main.signal(signal.SIGUSR1)
    starting.result()
    until_a_silent_one_is_ended(comard)
    assert main.alive and service.supervision["Restarts"] == 0
    comard.kill()
    comard.start()
    service = comard.service("app")
    main.signal(signal.SIGUSR1)
    until_a_silent_one_is_ended(comard)
    assert service.supervision["MainPID"] == main.pid
    service.stop()


def test_the_program_may_want_no_watchdog(comard, told):
    service = watched(comard, told, "--notify READY=1;WATCHDOG_USEC=0", 0.2)
    service.start()
    until_a_silent_one_is_ended(comard)
    assert service.supervision["MainPID"] == int(told.line())
    service.stop()


CONNECTED = '''
import os, signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
notify.send(b"READY=1")
signal.sigwait([signal.SIGUSR1])
notify.send(b"STATUS=goes on")
signal.pause()
'''


def connected(comard, **settings):
    """A program that connects to its socket once, as some libraries do."""
    service = comard.register("app", supervised(
        "/usr/bin/python3", ["-c", CONNECTED], serviceReadiness="notify", **settings))
    service.start()
    return service, main_of(service)


def test_who_has_connected_to_its_socket_speaks_on_when_comard_is_executed_anew(comard):
    _, main = connected(comard)
    for _ in range(2):
        assert comard.cli("daemon-reexec").returncode == 0
        comard.disconnect()
    service = comard.service("app")
    main.signal(signal.SIGUSR1)
    comard.until(lambda: service.supervision["StatusText"] == "goes on", "what it says")
    service.stop()


def test_who_may_not_reach_another_comard_is_watched_from_its_first_sign_on(comard, told):
    service = watched(comard, told, "--notify READY=1 --on-usr1 WATCHDOG=1", 2)
    service.start()
    main = Process(int(told.line()))
    comard.kill()
    comard.start()
    for _ in range(3):
        until_a_silent_one_is_ended(comard)
    service = comard.service("app")
    assert service.supervision["MainPID"] == main.pid
    main.signal(signal.SIGUSR1)
    main.wait_gone()
    assert Process(int(told.line())).alive
    service.stop()


def test_a_sign_of_life_gives_it_its_time_anew(comard, told):
    """A service that is never asked for one is dead when one that gives them lives on."""
    alive = watched(comard, told, "--notify READY=1 --on-usr1 WATCHDOG=1", 3)
    alive.start()
    first = Process(int(told.line()))
    silent_told = comard.mailbox("silent")
    for _ in range(2):
        first.signal(signal.SIGUSR1)
        silent = comard.register("silent", supervised(
            comard.program("silent"), f"--tell {silent_told} --notify READY=1", serviceReadiness="notify",
            serviceWatchdog=1.6))
        silent.start()
        Process(int(silent_told.line())).wait_gone()
        until_state(comard, silent, "failed")
        first.signal(signal.SIGUSR1)
    assert first.alive
    assert alive.supervision["Restarts"] == 0
    alive.stop()


def test_a_new_comard_listens_and_watches_on(comard, told):
    service = watched(comard, told, "--notify READY=1 --on-usr1 WATCHDOG=trigger", LONG)
    service.start()
    first = Process(int(told.line()))
    comard.kill()
    comard.start()
    service = comard.service("app")
    assert service.supervision["MainPID"] == first.pid
    first.signal(signal.SIGUSR1)
    told.line()
    until_state(comard, service, "running")
    service.stop()


def test_nobody_is_left_behind_by_checks(comard):
    service = comard.register("app", supervised(
        comard.program("server"), serviceHealth=health(f"cat {comard.place.folder}/*.log > /dev/null")))
    service.start()
    until_health(comard, service, "ok")
    service.stop()
    comard.until(lambda: [process for process in processes_that_mention(comard.place.folder)
                          if os.path.basename((process.argv or ["?"])[0]) in ("sh", "cat")
                          and process.pid != comard.pid] == [], "the end of the last check")
