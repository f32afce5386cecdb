# SPDX-License-Identifier: MIT
"""stopService(): every argument, what it signals, what it waits for, and what it leaves alone."""

import os
import signal

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import service_script

QUICK = {"calls": {"start_seconds": 2}}


def register_stop(comard, told, call, args="", **names):
    """Registers "app": start() starts SERVER with `args`, stop() tells what `call` returns.

    What stop() leaves is left alone, for these tests to look at.
    """
    return comard.register("app", service_script(f"""
        serviceKillMode = "none"

        def start():
            startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True)

        def stop():
            reply = {call}
            tell(None if reply is None else (type(reply).__name__, int(reply), reply.stdout,
                                             reply.stderr))
        """, told=told, SERVER=comard.program("server"), ARGS=args,
        PIDFILE=f"{comard.root}/run/app.pid", **names))


def started(service):
    """Starts it, and returns the main process, once it is there with its signals blocked."""
    service.start()
    return Process(service.supervision["MainPID"])


@pytest.fixture
def signals(place):
    """A mailbox for the names of the signals that a stand-in gets."""
    return place.mailbox("signals")


# By pidfile

def test_a_pidfile_says_whom_to_end(comard, told, signals):
    service = register_stop(comard, told, "stopService(PIDFILE)",
                            args=f"--signals {signals} --tell {told}")
    main = started(service)
    told.line()
    service.stop()
    assert signals.line() == "TERM"
    assert told.value() == ("execReply", 0, "", "")
    assert not main.alive
    assert service.supervision["State"] == "stopped"


def test_stop_waits_until_the_process_is_gone(comard, told, signals):
    gate = comard.gate("end")
    service = register_stop(comard, told, "stopService(pidfile=PIDFILE)",
                            args=f"--signals {signals} --on-term-wait {gate} --tell {told}")
    main = started(service)
    told.line()
    stopping = service.begin("stop")
    assert signals.line() == "TERM"
    assert service.supervision["State"] == "stopping"
    assert main.alive and not stopping.done
    gate.open()
    stopping.result()
    assert not main.alive


@pytest.mark.parametrize("argument, expected", [
    ("signalno=signal.SIGINT", "INT"),
    ("signalno=2", "INT"),
    ("signal=signal.SIGINT", "INT"),
    ("signalno=None", "TERM"),
])
def test_signalno_and_its_older_name_choose_the_signal(comard, told, signals, argument, expected):
    service = register_stop(comard, told, f"stopService(PIDFILE, {argument})",
                            args=f"--signals {signals} --tell {told}")
    started(service)
    told.line()
    service.stop()
    assert signals.line() == expected


def test_kill_ends_what_survives_term(comard, told):
    service = register_stop(comard, told, "stopService(PIDFILE, signalno=signal.SIGKILL)",
                            args=f"--ignore-term --tell {told}")
    main = started(service)
    told.line()
    service.stop()
    assert not main.alive
    comard.until(lambda: service.supervision["ExitSignal"] == signal.SIGKILL, "the exit signal")


@pytest.mark.parametrize("number", [0, 65, 1000, -1])
def test_a_signal_that_does_not_exist_is_an_error(comard, told, number):
    service = register_stop(comard, told, f"stopService(PIDFILE, signalno={number})")
    main = started(service)
    with pytest.raises(BusError) as wrong:
        service.stop()
    assert wrong.value.name == "ValueError"
    assert str(number) in wrong.value.message
    assert main.alive
    main.kill()


def test_a_process_that_stays_makes_stop_fail_and_still_runs(start_comard, told):
    comard = start_comard(QUICK)
    service = register_stop(comard, told, "stopService(PIDFILE, donotify=True)",
                            args=f"--ignore-term --tell {told}")
    main = started(service)
    told.line()
    changed = comard.signals()
    with pytest.raises(BusError) as stays:
        service.stop()
    assert stays.value.name == "NotEnded"
    assert "SIGTERM" in stays.value.message and str(main.pid) in stays.value.message
    assert changed.all() == []
    assert main.alive
    assert service.supervision["State"] == "running"
    assert service.state == "started"
    main.kill()


def test_a_pidfile_can_be_narrowed_by_command_and_user(comard, told):
    service = register_stop(
        comard, told, "(stopService(PIDFILE, command='/bin/sleep'), stopService(PIDFILE, "
        "user='nobody'), stopService(PIDFILE, name='other'))[0]")
    main = started(service)
    service.stop()
    assert told.value() is None
    assert main.alive
    service = register_stop(
        comard, told, "stopService(PIDFILE, command=SERVER, user='root', name='server')")
    service.stop()
    assert told.value()[1] == 0
    assert not main.alive


def test_a_user_may_be_a_number(comard, told):
    service = register_stop(comard, told, "stopService(PIDFILE, user=0)")
    main = started(service)
    service.stop()
    assert not main.alive


def test_an_unknown_user_is_an_error(comard, told):
    service = register_stop(comard, told, "stopService(PIDFILE, user='no-such-user')")
    main = started(service)
    with pytest.raises(BusError) as unknown:
        service.stop()
    assert "no-such-user" in unknown.value.message
    assert main.alive
    main.kill()


# By scan

def test_a_command_says_which_processes_end_and_all_of_them_do(comard, told):
    service = comard.register("app", service_script("""
        serviceKillMode = "none"

        def start():
            for number in range(3):
                startService(SERVER, detach=True)
            startService(OTHER, detach=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), OTHER=comard.program("other")))
    service.start()
    processes = [Process(pid) for pid in service.supervision["PIDs"]]
    servers = [one for one in processes if one.argv[0].endswith("/server")]
    others = [one for one in processes if one.argv[0].endswith("/other")]
    assert (len(servers), len(others)) == (3, 1)
    service.stop()
    assert not any(server.alive for server in servers)
    assert others[0].alive
    others[0].kill()


def test_a_scan_finds_forked_daemons_without_a_pidfile(comard, told):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args=ARGS)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), ARGS=f"--fork --tell {told}"))
    service.start()
    daemon = Process(int(told.line()))
    assert service.supervision["PIDs"] == [daemon.pid]
    service.stop()
    assert not daemon.alive


def test_user_and_name_choose_among_the_processes(comard, told):
    service = comard.register("app", service_script("""
        serviceKillMode = "none"

        def start():
            startService(SERVER, detach=True, chuid="nobody", args="--tell " + TOLD)
            startService(SERVER, detach=True, args="--comm worker --tell " + TOLD)
            startService(SERVER, detach=True, args="--tell " + TOLD)

        def stop():
            stopService(user="nobody")

        def reload():
            stopService(name="worker")
        """, told=told, SERVER=comard.program("server")))
    service.start()
    for _ in range(3):
        told.line()
    processes = [Process(pid) for pid in service.supervision["PIDs"]]
    nobodys, = [one for one in processes if one.uid == 65534]
    worker, = [one for one in processes if one.comm == "worker"]
    third, = [one for one in processes if one.pid not in (nobodys.pid, worker.pid)]
    service.reload()
    assert (nobodys.alive, worker.alive, third.alive) == (True, False, True)
    service.stop()
    assert (nobodys.alive, third.alive) == (False, True)
    third.kill()


def test_a_program_that_was_there_before_comar_is_found_by_its_executable(comard):
    server = comard.program("server")
    stranger = comard.stranger(server)
    service = comard.register("app", service_script("""
        def stop():
            stopService(command=SERVER, donotify=True)

        def status():
            return isServiceRunning(command=SERVER)
        """, SERVER=server))
    assert service.state == "started"
    service.stop()
    stranger.wait_gone()
    assert service.state == "off"


def test_a_strangers_program_that_stays_is_not_for_comar_to_kill(start_comard, told):
    comard = start_comard(QUICK)
    server = comard.program("server")
    stranger = comard.stranger(server, "--ignore-term", "--tell", str(told))
    told.line()
    service = comard.register("app", service_script("""
        def stop():
            stopService(command=SERVER)
        """, SERVER=server))
    with pytest.raises(BusError, match=f"SIGTERM did not end process {stranger.pid}") as stays:
        service.stop()
    assert stays.value.name == "Exception"
    assert stranger.alive


def test_the_same_program_of_another_comard_is_left_alone(comard):
    """It never started the service here, and may look for its program, but not in there."""
    server = comard.program("server")
    theirs = comard.stranger(server)
    cgroup = f"{comard.place.cgroup.folder}/comar-0123456789abcdef/other" if comard.place.cgroup else None
    if cgroup is None:
        return
    os.makedirs(cgroup)
    with open(f"{cgroup}/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(theirs.pid))
    nobodys = comard.stranger(server)
    service = comard.register("app", service_script("""
        def stop():
            stopService(command=SERVER)
        """, SERVER=server))
    service.stop()
    nobodys.wait_gone()
    assert theirs.alive
    theirs.kill()
    theirs.wait_gone()
    os.rmdir(cgroup)
    os.rmdir(os.path.dirname(cgroup))


def test_a_program_that_somebody_else_started_beside_the_service_is_left_alone(comard, told):
    service = register_stop(comard, told, "stopService(command=SERVER)")
    main = started(service)
    stranger = comard.stranger(f"{comard.root}/usr/bin/server")
    service.stop()
    assert not main.alive
    assert stranger.alive


def test_the_same_program_of_another_service_is_left_alone(comard):
    server = comard.program("server")
    for app in ("one", "two"):
        comard.register(app, service_script("""
            def start():
                startService(SERVER, detach=True)

            def stop():
                stopService(command=SERVER)
            """, SERVER=server))
        comard.service(app).start()
    one = Process(comard.service("one").supervision["MainPID"])
    two = Process(comard.service("two").supervision["MainPID"])
    comard.service("one").stop()
    assert (one.alive, two.alive) == (False, True)
    comard.service("two").stop()


def test_no_criterion_at_all_is_an_error_and_ends_nothing(comard, told):
    service = register_stop(comard, told, "stopService(donotify=True)")
    main = started(service)
    with pytest.raises(BusError) as wrong:
        service.stop()
    assert wrong.value.name == "TypeError"
    assert main.alive
    main.kill()


# By a command

def test_command_and_args_run_that_command_and_signal_nobody(comard, told, signals):
    service = register_stop(
        comard, told, "stopService(command=SERVER, args=['--say', 'bye bye', '--exit', 5])",
        args=f"--signals {signals} --tell {told}")
    main = started(service)
    told.line()
    service.stop()
    assert told.value() == ("execReply", 5, "bye bye\n", "")
    assert main.alive
    assert signals.lines() == []
    main.kill()


def test_the_stop_command_runs_as_chuid(comard, told):
    service = register_stop(
        comard, told, "stopService(command='/usr/bin/id', args='-u', chuid='nobody')")
    service.stop()
    assert told.value() == ("execReply", 0, "65534\n", "")


def test_the_stop_command_that_ends_the_service_is_a_stop(comard, told):
    service = register_stop(
        comard, told, "stopService(command='/bin/sh', args=['-c', 'kill $(cat ' + PIDFILE + ')'], "
        "donotify=True)", args=f"--tell {told}")
    main = started(service)
    told.line()
    changed = comard.signals()
    service.stop()
    main.wait_gone()
    changed.wait_for("app", "stopped")
    assert service.supervision["State"] == "stopped"
    assert changed.all() == [("app", "stopped")]


def test_a_stop_command_that_fails_ends_the_call_with_what_it_said(comard, told):
    service = register_stop(
        comard, told,
        "stopService(command=SERVER, args='--complain \"still busy\" --exit 1', donotify=True)")
    main = started(service)
    changed = comard.signals()
    with pytest.raises(BusError) as busy:
        service.stop()
    assert (busy.value.name, busy.value.message) == ("Exception", "still busy")
    assert changed.all() == []
    assert main.alive
    assert service.supervision["State"] == "running"
    main.kill()


# Notification, and stopping what does not run

def test_donotify_announces_the_stop_once(comard, told):
    service = register_stop(comard, told, "stopService(PIDFILE, donotify=True)")
    started(service)
    changed = comard.signals()
    service.stop()
    assert changed.all() == [("app", "stopped")]


@pytest.mark.parametrize("call", [
    "stopService(PIDFILE, donotify=True)",
    "stopService(command=SERVER, donotify=True)",
    "stopService(name='server', donotify=True)",
])
def test_already_stopped_is_success_and_tells_nobody(comard, told, call):
    service = register_stop(comard, told, call)
    changed = comard.signals()
    service.stop()
    assert told.value() is None
    assert changed.all() == []


def test_stopping_a_second_time_is_success_and_tells_nobody(comard, told):
    service = register_stop(comard, told, "stopService(PIDFILE, donotify=True)")
    started(service)
    service.stop()
    changed = comard.signals()
    service.stop()
    assert told.value()[1] == 0
    assert told.value() is None
    assert changed.all() == []


def test_a_misspelled_argument_is_an_error_that_names_the_right_one(comard, told):
    service = register_stop(comard, told, "stopService(pidfil=PIDFILE)")
    main = started(service)
    with pytest.raises(BusError) as wrong:
        service.stop()
    assert wrong.value.name == "TypeError"
    assert "'pidfile'" in wrong.value.message
    main.kill()


# In reload()

def test_reload_sends_its_signal_and_does_not_wait(comard, told, signals):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True)

        def stop():
            stopService(PIDFILE)

        def reload():
            stopService(PIDFILE, signalno=signal.SIGHUP)
        """, SERVER=comard.program("server"), ARGS=f"--signals {signals} --tell {told}",
        PIDFILE=f"{comard.root}/run/app.pid"))
    main = started(service)
    told.line()
    changed = comard.signals()
    service.reload()
    assert signals.line() == "HUP"
    assert main.alive
    assert service.supervision["State"] == "running"
    assert changed.all() == []
    service.stop()
