# SPDX-License-Identifier: MIT
"""stopService()."""

import os
import re
import signal

import pytest

from fake_comard import start_time

API = "from comar.service import *\n"


def stop(call, more=""):
    return f"{API}def stop():\n    return {call}\ndef reload():\n    return {call}\n{more}"


def changed(outcome):
    return [message["args"] for message in outcome.told("notify")]


@pytest.fixture
def service(comard):
    """Makes a process that comard knows to be the service's, and its pidfile."""

    def start(*arguments):
        process = comard.stranger(*arguments or (comard.program("sleeper"), "1000"))
        comard.service["processes"].append([process.pid, start_time(process.pid)])
        comard.service["tracked"] = True
        process.pidfile = comard.write(f"{process.pid}.pid", f"{process.pid}\n")
        return process

    return start


def wait_for(fifo):
    with open(fifo) as file:
        return file.read()


def test_the_process_in_the_pidfile_is_ended(comard, service):
    process = service()
    outcome = comard.run(stop(f"stopService(pidfile={process.pidfile!r}, donotify=True)"), "stop")
    assert outcome.value == 0
    assert process.wait(60) == -signal.SIGTERM
    assert changed(outcome) == [["web", "stopped"]]


@pytest.mark.parametrize("name", ["signalno", "signal"])
def test_another_signal_can_be_sent(comard, service, name):
    process = service()
    comard.value(stop(f"stopService({process.pidfile!r}, {name}=signal.SIGINT)"), "stop")
    assert process.wait(60) == -signal.SIGINT


def test_already_stopped_is_success_and_told_to_nobody(comard):
    for text in (None, "", "no number\n", "999999999\n"):
        pidfile = comard.folder / "web.pid"
        if text is not None:
            pidfile.write_text(text)
        outcome = comard.run(stop(f"stopService({str(pidfile)!r}, donotify=True)"), "stop")
        assert (outcome.value, changed(outcome)) == (None, [])


def test_a_process_that_stays_is_named(comard, service):
    ready = str(comard.folder / "ready")
    os.mkfifo(ready)
    process = service("sh", "-c", f"trap '' TERM; echo > {ready}; read line < {ready}")
    wait_for(ready)
    script = stop(f"stopService({process.pidfile!r}, donotify=True)")
    outcome = comard.run(script, "stop", seconds=1.2)
    name, message = outcome.error
    assert name == "NotEnded"
    assert re.fullmatch(rf"cannot stop web: SIGTERM did not end process {process.pid} \(sh\) in 1.* seconds", message)
    assert changed(outcome) == []


def test_a_reload_by_signal_does_not_wait_for_an_end(comard, service):
    ready, heard = str(comard.folder / "ready"), str(comard.folder / "heard")
    os.mkfifo(ready)
    os.mkfifo(heard)
    process = service("/usr/bin/python3", "-c", f"""
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
open({ready!r}, "w").close()
open({heard!r}, "w").write(signal.sigwait([signal.SIGHUP]).name)
signal.pause()
""")
    wait_for(ready)
    script = stop(f"stopService({process.pidfile!r}, signalno=signal.SIGHUP, donotify=True)")
    outcome = comard.run(script, "reload")
    assert wait_for(heard) == "SIGHUP"
    assert (outcome.value, changed(outcome), process.poll()) == (0, [], None)


def test_a_stale_pidfile_ends_nobody(comard):
    """Its number is a stranger's by now, and the service's own process comard would know."""
    comard.service["tracked"] = True
    stranger = comard.stranger("sleep", "1000")
    pidfile = comard.write("web.pid", f"{stranger.pid}\n")
    outcome = comard.run(stop(f"stopService({pidfile!r}, donotify=True)"), "stop")
    assert (outcome.value, changed(outcome)) == (None, [])
    assert stranger.poll() is None


def test_a_pidfile_that_may_be_a_trick_is_refused_with_advice(comard):
    stranger = comard.stranger("sleep", "1000")
    pidfile = comard.write("web.pid", f"{stranger.pid}\n", mode=0o666)
    name, message = comard.run(stop(f"stopService({pidfile!r})"), "stop").error
    assert name == "Exception"
    assert message.startswith(f"cannot stop web: comar did not start process {stranger.pid} (sleep)")
    assert pidfile in message
    assert stranger.poll() is None


def test_command_and_user_narrow_a_pidfile(comard, service):
    process = service()
    other = comard.program("other")
    for more in (f"command={other!r}", "user='nobody'", "name='other'"):
        assert comard.value(stop(f"stopService({process.pidfile!r}, {more})"), "stop") is None
    assert process.poll() is None
    command = process.args[0]
    more = f"command={command!r}, user='{os.geteuid()}', name='sleeper'"
    assert comard.value(stop(f"stopService({process.pidfile!r}, {more})"), "stop") == 0
    assert process.wait(60) == -signal.SIGTERM


def test_an_unknown_user_is_an_error(comard):
    name, message = comard.run(stop("stopService(user='no-such-user')"), "stop").error
    assert "no-such-user" in message and name in ("OSError", "FileNotFoundError")


def test_all_processes_of_the_command_are_ended(comard, service):
    first, second = service(), service()
    bystander = service("sleep", "1000")
    outcome = comard.run(stop(f"stopService(command={first.args[0]!r}, donotify=True)"), "stop")
    assert outcome.value == 0
    assert (first.wait(60), second.wait(60)) == (-signal.SIGTERM, -signal.SIGTERM)
    assert bystander.poll() is None
    assert changed(outcome) == [["web", "stopped"]]


def test_by_user_or_name_only_the_services_processes_are_ended(comard, service):
    process = service()
    stranger = comard.stranger(process.args[0], "1000")
    comard.value(stop("stopService(name='sleeper')"), "stop")
    assert process.wait(60) == -signal.SIGTERM
    assert stranger.poll() is None
    process = service()
    comard.value(stop(f"stopService(user={os.geteuid()})"), "stop")
    assert process.wait(60) == -signal.SIGTERM
    assert stranger.poll() is None


def test_a_scan_without_criterion_is_an_error(comard):
    assert comard.run(stop("stopService()"), "stop").error == (
        "TypeError", "stopService() needs a pidfile, command, user or name"
    )


@pytest.mark.parametrize("number", [0, 65, -9, "HUP"])
def test_no_such_signal_is_an_error_that_names_the_argument(comard, service, number):
    process = service()
    script = stop(f"stopService({process.pidfile!r}, signalno={number!r})")
    assert comard.run(script, "stop").error == ("ValueError", (
        f"cannot use {number!r} as signalno of stopService(): give a whole number from 1 to 64, such as "
        "signal.SIGHUP"))
    assert process.poll() is None


def test_a_stop_command_is_run_instead(comard, service):
    process = service()
    seen = comard.folder / "seen"
    command = comard.program("tool", f'echo "$@" > {seen}')
    outcome = comard.run(
        stop(f"stopService({process.pidfile!r}, {command!r}, args='stop \"right now\"', donotify=True)"),
        "stop",
    )
    assert (outcome.value, changed(outcome)) == (0, [["web", "stopped"]])
    assert seen.read_text() == "stop right now\n"
    assert process.poll() is None


def test_a_stop_command_that_fails_ends_the_call(comard):
    command = comard.program("tool", "echo busy >&2; exit 1")
    script = stop(f"stopService(command={command!r}, args='stop', donotify=True)")
    assert comard.run(script, "stop").error == ("Exception", "busy")
    script = stop(f"stopService(command={command!r}, args='stop')")
    assert comard.value(script, "stop") == 1


def test_a_stop_command_that_finds_nothing_to_stop_has_not_failed(comard):
    command = comard.program("tool", "echo not running >&2; exit 1")
    script = stop(
        f"stopService(command={command!r}, args='stop', donotify=True)", "def status(): return False"
    )
    outcome = comard.run(script, "stop")
    assert (outcome.value, changed(outcome)) == (1, [])


def test_comard_and_the_worker_itself_are_never_ended(comard):
    for pid in ("os.getpid()", "os.getppid()", "1"):
        script = f"{API}def stop():\n open({str(comard.folder / 'pid')!r}, 'w').write(str({pid}))\n" \
                 f" return stopService(pidfile={str(comard.folder / 'pid')!r})"
        assert comard.value(script, "stop") is None
    comard.service["processes"].append([os.getpid(), start_time(os.getpid())])
    script = f"{API}def stop():\n return stopService(user={os.geteuid()})"
    assert comard.value(script, "stop") is None
