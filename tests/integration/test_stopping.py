# SPDX-License-Identifier: MIT
"""What a stop() leaves behind is ended: asked first, then killed; login sessions are spared."""

import signal
import subprocess

import pytest

from support.bus import BusError
from support.processes import Process
from support.supervised import (LONG, assert_stays_down, main_of, processes_of, servers_of,
                                supervised, with_settings)
from support.ways import WAYS, start_this_way

STOPPED = ("app", "stopped")


@pytest.fixture(params=WAYS)
def any_comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def careless(comard, told, args="", stop="pass", **settings):
    """A service whose stop() does `stop`, and leaves the rest to comar. Returns it, started, and its main process."""
    service = comard.register("app", with_settings(f"""
        def start():
            startService(command=SERVER, args=ARGS, detach=True)

        def stop():
            {stop}
        """, names={"SERVER": comard.program("server"), "ARGS": _words(args) + ["--tell", str(told)]}, **settings))
    service.start()
    return service, Process(int(told.line()))


def _words(args):
    return args.split() if isinstance(args, str) else args


def test_what_is_left_is_asked_to_end(any_comard, told):
    signals = any_comard.mailbox("signals")
    service, main = careless(any_comard, told, f"--children 2 --signals {signals}",
                             serviceStopTimeout=LONG)
    everybody = processes_of(service)
    assert len(everybody) == 3
    changed = any_comard.signals()
    service.stop()
    assert signals.line() == "TERM"
    assert not any(process.alive for process in everybody)
    assert_stays_down(service)
    assert service.supervision["State"] == "stopped"
    assert changed.all() == [STOPPED]


def test_what_ignores_that_is_killed_and_named(any_comard, told):
    service, main = careless(any_comard, told, "--ignore-term --children 1 --stubborn",
                             serviceStopTimeout=0.1)
    everybody = processes_of(service)
    service.stop()
    assert not any(process.alive for process in everybody)
    assert_stays_down(service)
    killed = [line for line in any_comard.log.splitlines() if "SIGKILL has" in line]
    assert len(killed) == 1
    for process in everybody:
        assert f"{process.pid} (server)" in killed[0]
        assert f"{process.pid} (server)" in service.supervision["Cause"]
    assert "SIGKILL has" in any_comard.cli("status", "app").stdout


def test_the_time_out_is_given_even_if_it_is_none(comard, told):
    service, main = careless(comard, told, "--ignore-term", serviceStopTimeout=0)
    service.stop()
    assert not main.alive


def test_who_takes_its_time_gets_it(comard, told):
    gate, signals = comard.gate("end"), comard.mailbox("signals")
    service, main = careless(comard, told, f"--on-term-wait {gate} --signals {signals}",
                             serviceStopTimeout=LONG)
    stopping = service.begin("stop")
    assert signals.line() == "TERM"
    assert main.alive and not stopping.done
    assert service.supervision["State"] == "stopping"
    gate.open()
    stopping.result()
    assert not main.alive
    assert "SIGKILL has" not in comard.log


def test_what_has_left_its_session_and_parents_is_found(any_comard, told):
    service, main = careless(any_comard, told, "--orphans 2 --children 1 --stray --stubborn",
                             serviceStopTimeout=0.1)
    everybody = servers_of(any_comard)
    assert len(everybody) == 4
    service.stop()
    assert not any(process.alive for process in everybody)
    assert_stays_down(service)


@pytest.mark.parametrize("way", ["cgroups", "no-cgroups"])
def test_what_another_service_has_let_go_is_left_alone(place, start_comard, told, way):
    comard = start_this_way(way, place, start_comard)
    for app in ("one", "two"):
        comard.register(app, supervised(comard.program(app), f"--tell {told} --orphans 1"))
        comard.service(app).start()
        told.line()
    others = servers_of(comard, "two")
    assert len(others) == 2
    comard.service("one").stop()
    assert servers_of(comard, "one") == []
    assert all(process.alive for process in others)
    comard.service("two").stop()
    assert servers_of(comard, "two") == []


def test_what_took_another_name_is_found_and_its_name_does_no_harm(any_comard, told):
    service, main = careless(any_comard, told, ["--comm", "a)\n(b\udcff", "--title", "sshd: nobody",
                                                "--ignore-term"], serviceStopTimeout=0.1)
    service.stop()
    assert not main.alive
    assert_stays_down(service)


def test_a_stopped_process_hears_of_its_end(comard, told):
    service, main = careless(comard, told, serviceStopTimeout=LONG)
    main.signal(signal.SIGSTOP)
    service.stop()
    assert not main.alive


def test_a_fork_bomb_of_patience_is_ended_as_a_whole(any_comard, told):
    """Each that gets SIGTERM leaves a child that has not got it."""
    service = any_comard.register("app", with_settings("""
        def start():
            startService("/bin/sh", args=["-c", CODE], detach=True)

        def stop():
            pass
        """, names={"CODE": f"n=0; again() {{ n=$((n+1)); [ $n -gt 30 ] && exit; (again; wait) & }}; "
                    f"trap again TERM; echo $$ > {told}; while :; do sleep 1000 & wait; done"},
        serviceStopTimeout=0.5))
    service.start()
    told.line()
    service.stop()
    assert_stays_down(service)


# What stop() says

def test_a_stop_that_refuses_has_its_way(comard, told):
    service, main = careless(comard, told, stop='fail("not now")')
    since, cause = service.supervision["Since"], service.supervision["Cause"]
    with pytest.raises(BusError, match="not now"):
        service.stop()
    assert main.alive
    assert service.supervision["State"] == "running"
    assert (service.supervision["Since"], service.supervision["Cause"]) == (since, cause), "it runs as it did"
    main.kill()


@pytest.mark.parametrize("stop", ["stopService(command=SERVER)", "os.nice(0); stopService(command=SERVER)"])
def test_who_does_not_hear_stop_service_is_killed_too(any_comard, told, stop):
    service, main = careless(any_comard, told, "--ignore-term --children 1 --stubborn", stop=stop, serviceStopTimeout=0.2)
    everybody = processes_of(service)
    service.stop()
    assert not any(process.alive for process in everybody)
    assert service.supervision["State"] == "stopped"
    assert f"{main.pid} (server)" in service.supervision["Cause"]
    assert "SIGKILL has" in service.supervision["Cause"]


def test_by_its_pidfile_too(comard, told):
    """Its start() and stop() are plain, so comard does both itself."""
    service = comard.register("app", with_settings(f"""
        PIDFILE = "{comard.root}/run/app.pid"

        def start():
            startService(command=SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True)

        def stop():
            stopService(pidfile=PIDFILE)
        """, names={"SERVER": comard.program("server"), "ARGS": ["--ignore-term", "--tell", str(told)]},
        serviceStopTimeout=0.2))
    service.start()
    main = Process(int(told.line()))
    service.stop()
    assert not main.alive and service.supervision["State"] == "stopped"
    assert "SIGKILL has" in service.supervision["Cause"]


def test_what_comar_leaves_alone_may_refuse_to_hear(comard, told):
    service, main = careless(comard, told, "--ignore-term", stop="stopService(command=SERVER)",
                             serviceStopTimeout=0.2, serviceKillMode="none")
    with pytest.raises(BusError, match="SIGTERM did not end process .*server.* in 0.2 seconds"):
        service.stop()
    assert main.alive
    main.kill()


def test_a_script_that_is_broken_by_now_keeps_nobody_from_stopping_it(comard, told):
    service, main = careless(comard, told)
    with open(f"{comard.root}/var/lib/comar/scripts/System.Service/app.py", "a", encoding="ascii") as script:
        script.write("\ndef (:\n")
    try:
        service.stop()
    except BusError as broken:
        assert broken.name == "SyntaxError"
    assert not main.alive
    assert_stays_down(service)


def test_a_stop_that_hangs_is_cut_short_and_its_work_is_done(start_comard, told):
    comard = start_comard({"calls": {"start_seconds": 1}})
    gate = comard.gate("never")
    service, main = careless(comard, told, stop=f'open("{gate}").read(1)')
    try:
        service.stop()
    except BusError as late:
        assert late.name == "TimedOut"
    assert not main.alive
    assert_stays_down(service)


def test_without_a_stop_comar_stops_it(any_comard, told):
    service = any_comard.register("app", with_settings("""
        def start():
            startService(command=SERVER, args=ARGS, detach=True)
        """, names={"SERVER": any_comard.program("server"), "ARGS": f"--tell {told}"}))
    service.start()
    main = Process(int(told.line()))
    service.stop()
    assert not main.alive
    assert service.supervision["State"] == "stopped"
    assert_stays_down(service)


# serviceKillMode

def test_none_leaves_what_is_left(any_comard, told):
    service, main = careless(any_comard, told, "--children 1", serviceKillMode="none")
    everybody = processes_of(service)
    service.stop()
    assert all(process.alive for process in everybody)
    assert service.supervision["State"] == "stopped"
    assert service.state == "off"
    for process in everybody:
        process.kill()


def with_session(comard, told, mode=None):
    """A daemon, and below it a login session: a program with a terminal, with a job in the background."""
    session = comard.mailbox("session")
    settings = {"serviceKillMode": mode} if mode else {}
    code = f"""
import os, pty, signal
job = "echo $$ > {session}; sleep 1000 & echo $! > {session}; wait"
leader = os.fork()
if leader == 0:
    child, fd = pty.fork()
    if child == 0:
        os.execv("/bin/sh", ["sh", "-c", job])
    while True:
        try:
            os.read(fd, 1000)
        except OSError:
            os._exit(0)
with open("{told}", "w") as mailbox:
    mailbox.write(f"{{os.getpid()}}\\n{{leader}}\\n")
signal.pause()
"""
    service = comard.register("app", with_settings("""
        def start():
            startService(command="/usr/bin/python3", args=["-c", CODE], detach=True)

        def stop():
            pass
        """, names={"CODE": code}, serviceStopTimeout=0.5, **settings))
    service.start()
    main, leader = Process(int(told.line())), Process(int(told.line()))
    return service, main, [leader, Process(int(session.line())), Process(int(session.line()))]


def test_sessions_go_on_with_all_that_leads_to_them(any_comard, told):
    service, main, session = with_session(any_comard, told)
    changed = any_comard.signals()
    service.stop()
    assert not main.alive
    assert all(process.alive for process in session)
    assert service.supervision["State"] == "stopped"
    assert changed.all() == [STOPPED]
    for process in reversed(session):
        process.kill()


def test_a_login_without_a_terminal_goes_on_too(comard, told):
    """As scp and "ssh host command" have it; pam_loginuid(8) says who has logged in."""
    try:
        subprocess.run(["/bin/sh", "-c", "echo 1000 > /proc/self/loginuid"], check=True, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        pytest.skip("nobody counts logins here: a kernel without audit")
    login = comard.mailbox("login")
    code = f"(echo 1000 > /proc/self/loginuid; sleep 1000 & echo $! > {login}; wait) & sleep 1000 & echo $! > {told}; wait"
    service = comard.register("app", with_settings("""
        def start():
            startService(command="/bin/sh", args=["-c", CODE], detach=True)

        def stop():
            pass
        """, names={"CODE": code}, serviceStopTimeout=0.5))
    service.start()
    job, other = Process(int(login.line())), Process(int(told.line()))
    everybody = processes_of(service)
    service.stop()
    assert job.alive and not other.alive
    for process in everybody:
        if process.alive:
            process.kill()


def test_all_spares_nobody(any_comard, told):
    service, main, session = with_session(any_comard, told, "all")
    service.stop()
    assert not any(process.alive for process in [main, *session])
    assert_stays_down(service)


@pytest.mark.parametrize("is_plain", [True, False])
def test_what_was_killed_whole_can_be_started_again(any_comard, told, is_plain):
    """Some kernels kill what is born into a cgroup that was killed."""
    service = any_comard.register("app", with_settings("""
        def start():
            PLAIN
            startService(command=SERVER, args=["--ignore-term", "--tell", TOLD], detach=True)

        def stop():
            pass
        """.replace("PLAIN", "" if is_plain else "time.time()"), told,
        {"SERVER": any_comard.program("server")}, serviceStopTimeout=0.05, serviceKillMode="all"))
    for _ in range(2):
        service.start()
        process = Process(int(told.line()))
        assert service.supervision["PIDs"] == [process.pid]
        service.stop()
        assert not process.alive
    any_comard.kill()
    any_comard.start()
    service = any_comard.service("app")
    service.start()
    assert Process(int(told.line())).alive
    service.stop()
    assert_stays_down(service)


def test_a_start_after_a_session_was_left_runs_beside_it(comard, told):
    service, main, session = with_session(comard, told)
    service.stop()
    service.start()
    second = Process(int(told.line()))
    told.line()
    assert second.alive and main_of(service).pid != main.pid
    assert session[1].alive
    service.stop()
    for process in reversed(session):
        process.kill()
    for process in processes_of(service):
        process.kill()
