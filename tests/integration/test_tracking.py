# SPDX-License-Identifier: MIT
"""What comar knows of the processes of a service: all of them, how each ended, with and without cgroups."""

import os
import signal

import pytest

from support.footprint import zombies
from support.bus import BusError
from support.processes import Process
from support.scripts import detached, forking, service_script
from support.ways import WAYS, start_this_way


@pytest.fixture(params=WAYS)
def comard(request, place, start_comard):
    return start_this_way(request.param, place, start_comard)


def main_of(service):
    return Process(service.supervision["MainPID"])


def exit_of(service):
    supervision = service.supervision
    return supervision["ExitCode"], supervision["ExitSignal"]


def test_the_mode_is_the_one_that_is_meant(comard, request):
    service = comard.register("app", detached(comard.program("server")))
    service.start()
    has_cgroup = service.supervision["ControlGroup"] != ""
    assert has_cgroup == request.node.callspec.id.startswith("cgroups")
    service.stop()


# Processes

def test_all_processes_of_a_service_are_shown_the_main_one_among_them(comard, told):
    service = comard.register("app", detached(
        comard.program("server"), f"--children 3 --tell {told}"))
    service.start()
    told.line()
    supervision = service.supervision
    main = Process(supervision["MainPID"])
    assert len(supervision["PIDs"]) == 4
    assert main.pid in supervision["PIDs"]
    assert all(Process(pid).argv[0].endswith("/server") for pid in supervision["PIDs"])
    assert [Process(pid).parent for pid in supervision["PIDs"]].count(main.pid) == 3
    for pid in supervision["PIDs"]:
        Process(pid).kill()


def test_children_that_leave_session_and_parent_are_still_the_services(comard, told):
    service = comard.register("app", forking(
        comard.program("server"), f"{comard.root}/run/app.pid",
        f"--children 3 --stray --tell {told}"))
    service.start()
    main = Process(int(told.line()))
    everyone = [Process(pid) for pid in service.supervision["PIDs"]]
    assert len(everyone) == 4
    main.kill()
    comard.until(lambda: len(service.supervision["PIDs"]) == 3, "the end of the main process")
    assert service.supervision["State"] == "running"
    for process in everyone:
        process.kill()
    comard.until(lambda: service.supervision["PIDs"] == [], "the end of the last process")


def test_a_daemon_that_forks_twice_without_a_pidfile_is_known(comard, told):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args=ARGS, donotify=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), ARGS=f"--fork --tell {told}"))
    service.start()
    main = Process(int(told.line()))
    assert service.supervision["PIDs"] == [main.pid]
    assert service.supervision["MainPID"] == main.pid
    service.stop()
    assert not main.alive


def test_a_daemon_that_a_shell_in_the_script_started_is_known(comard, told):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            os.system(SERVER + " --fork --tell " + TOLD)

        def stop():
            stopService(command=SERVER)
        """, told=told, SERVER=server))
    service.start()
    main = Process(int(told.line()))
    assert service.supervision["PIDs"] == [main.pid]
    assert service.state == "started"
    service.stop()
    assert not main.alive
    assert service.state == "off"


def test_memory_and_cpu_time_are_counted(comard, told):
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sh", args=["-c", CODE], detach=True)

        def stop():
            stopService(command="/bin/sh")
        """, CODE=f"i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo $$ > {told}; "
        "exec sleep 1000"))
    service.start()
    main = Process(int(told.line()))
    # A program that is just being executed has next to none.
    comard.until(lambda: service.supervision["MemoryBytes"] > 100_000, "its memory to be counted")
    assert service.supervision["CPUUsec"] > 10_000
    main.kill()


def test_a_service_shows_since_when_it_is_as_it_is(comard):
    service = comard.register("app", detached(comard.program("server")))
    assert service.supervision["Since"] == 0
    service.start()
    started = service.supervision["Since"]
    assert abs(started / 1e6 - os.stat(f"/proc/{main_of(service).pid}").st_ctime) < 600
    assert service.supervision["Since"] == started
    service.stop()
    assert service.supervision["Since"] > started


def test_other_services_processes_are_not_mixed_up(comard):
    services = {}
    for app in ("one", "two"):
        services[app] = comard.register(app, detached(comard.program(f"{app}-server")))
        services[app].start()
    for app, service in services.items():
        pid, = service.supervision["PIDs"]
        assert Process(pid).argv[0].endswith(f"/{app}-server")
        assert service.supervision["MainPID"] == pid
    for service in services.values():
        service.stop()


# Unexpected ends

def dying(comard):
    """A service whose program obeys one command, which is written to the gate."""
    gate = comard.gate("command")
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sh", args=["-c", CODE], detach=True, donotify=True)

        def stop():
            stopService(command="/bin/sh")
        """, CODE=f'read command < {gate}; eval "$command"'))
    return service, gate


@pytest.mark.parametrize("command, code, signo, state", [
    ("exit 0", 0, 0, "stopped"),
    ("exit 7", 7, 0, "failed"),
    ("kill -KILL $$", -1, signal.SIGKILL, "failed"),
    ("kill -SEGV $$", -1, signal.SIGSEGV, "failed"),
    ("kill -TERM $$", -1, signal.SIGTERM, "stopped"),
])
def test_an_unexpected_end_is_announced_once_and_told_truthfully(
        comard, command, code, signo, state):
    service, gate = dying(comard)
    service.start()
    main = main_of(service)
    changed = comard.signals()
    with open(gate.path, "w") as commands:
        commands.write(command + "\n")
    changed.wait_for("app", "stopped")
    main.wait_gone()
    assert exit_of(service) == (code, signo)
    assert service.supervision["State"] == state
    assert service.supervision["Cause"] == "it has ended by itself"
    assert service.supervision["PIDs"] == []
    assert service.supervision["MainPID"] == 0
    assert service.state == "off"
    assert changed.all() == [("app", "stopped")]
    comard.until(lambda: not zombies(comard), "the end of the zombies")


def test_a_forked_daemon_that_dies_is_announced_once(comard, told):
    service = comard.register("app", forking(
        comard.program("server"), f"{comard.root}/run/app.pid", f"--tell {told}"))
    service.start()
    changed = comard.signals()
    main = Process(int(told.line()))
    main.kill()
    changed.wait_for("app", "stopped")
    assert service.supervision["State"] == "failed"
    assert exit_of(service) == (-1, signal.SIGKILL)
    assert service.state == "off"
    assert changed.all() == [("app", "stopped")]


def test_a_service_that_died_starts_again(comard):
    service = comard.register("app", detached(comard.program("server")))
    changed = comard.signals()
    for _ in range(3):
        service.start()
        changed.wait_for("app", "started")
        main_of(service).kill()
        changed.wait_for("app", "stopped")
    assert changed.all() == [("app", "started"), ("app", "stopped")] * 3


def test_a_service_runs_until_its_last_process_is_gone(comard, told):
    service = comard.register("app", service_script("""
        def start():
            for server in SERVERS:
                startService(server, detach=True)

        def stop():
            pass
        """, SERVERS=[comard.program("one"), comard.program("two")]))
    service.start()
    first, second = map(Process, service.supervision["PIDs"])
    changed = comard.signals()
    first.kill()
    comard.until(lambda: service.supervision["PIDs"] == [second.pid], "the end of the first")
    assert service.supervision["State"] == "running"
    comard.until(lambda: service.supervision["MainPID"] == second.pid, "the other main process")
    assert changed.all() == []
    second.kill()
    changed.wait_for("app", "stopped")
    assert changed.all() == [("app", "stopped")]


def test_an_end_that_was_asked_for_is_announced_once(comard):
    service = comard.register("app", detached(comard.program("server")))
    service.start()
    changed = comard.signals()
    service.stop()
    assert service.supervision["State"] == "stopped"
    assert changed.all() == [("app", "stopped")]


def test_a_program_that_ends_at_once_has_failed(comard):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args="--exit 3", detach=True)

        def stop():
            pass
        """, SERVER=comard.program("server")))
    try:
        service.start()
    except BusError as error:   # comard may have seen it end before start() was over
        assert "exit code 3" in str(error)
    comard.until(lambda: service.supervision["State"] == "failed", "the end of the program")
    comard.until(lambda: exit_of(service) == (3, 0), "its exit code")
    assert service.state == "off"


def test_a_one_shot_script_is_done_and_not_dead(comard):
    service = comard.register("app", service_script("""
        def start():
            run("/bin/true")

        def stop():
            pass
        """))
    changed = comard.signals()
    service.start()
    assert service.supervision["State"] == "done"
    assert service.supervision["PIDs"] == []
    assert changed.all() == []


def test_orphans_of_a_service_are_no_zombies_and_no_strangers(comard, told):
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sh", args=["-c", CODE], detach=True)

        def stop():
            stopService(command="/bin/sh")
        """, CODE="for i in 1 2 3 4 5 6 7 8; do (sh -c 'exit 3' & sh -c 'exit 4' &) ; done; "
        f"echo $$ > {told}; exec sleep 1000"))
    service.start()
    main = Process(int(told.line()))
    comard.until(lambda: service.supervision["PIDs"] == [main.pid], "the end of the orphans")
    comard.until(lambda: not zombies(comard), "the end of the zombies")
    assert service.supervision["State"] == "running"
    main.kill()


def test_a_daemon_that_forks_again_behind_the_back_of_its_caller_is_found(comard, told):
    """Whom the script has left is gone when comard looks, and has left another one."""
    server = comard.program("server")
    service = comard.register("app", service_script("""
        serviceRestart = "on-failure"

        def start():
            # The first child forks when its parent has been reaped, and ends at once.
            startService(command="/bin/sh", args=["-c",
                "(while kill -0 $$; do :; done; setsid " + SERVER + " --tell " + TOLD + " &) >/dev/null 2>&1 &"])

        def stop():
            pass
        """, told, SERVER=server))
    for _ in range(10):
        service.start()
        process = Process(int(told.line()))
        assert service.supervision["State"] == "running"
        comard.until(lambda: service.supervision["PIDs"] == [process.pid], "the end of the one between")
        service.stop()
        assert not process.alive


def test_what_is_left_forks_and_ends_before_comard_hears_of_it(place, start_comard, told):
    """Without a cgroup: whom a worker has named is gone, and whom that has left is the worker's child until its end."""
    comard = start_this_way("no-cgroups", place, start_comard)
    says, forks = comard.mailbox("says"), comard.mailbox("forks")
    may_return, may_fork, may_end = (comard.place.folder / name for name in ("may-return", "may-fork", "may-end"))
    service = comard.register("app", service_script("""
        import os
        import comar.worker

        def start():
            startService(command="/bin/sh", args=["-c",
                "(sh -c 'echo $PPID' >" + FORKS + "; while [ ! -e " + MAY_FORK + " ]; do :; done; "
                "setsid " + SERVER + " --tell " + SERVING + " &) >/dev/null 2>&1 &"])
            leave = comar.worker._exit
            # The script's own names are gone by then.
            def wait_and_leave(code, os=os, told=TOLD, may_end=MAY_END):
                mailbox = os.open(told, os.O_WRONLY)
                os.write(mailbox, b"'told'\\n")
                os.close(mailbox)
                while not os.path.exists(may_end):
                    pass
                leave(code)
            comar.worker._exit = wait_and_leave
            tell("waits")
            while not os.path.exists(MAY_RETURN):
                pass

        def stop():
            pass
        """, says, SERVER=comard.program("server"), FORKS=str(forks), SERVING=str(told),
        MAY_RETURN=str(may_return), MAY_FORK=str(may_fork), MAY_END=str(may_end)))
    starting = service.begin("start")
    first = Process(int(forks.line()))
    assert says.value() == "waits"
    os.kill(comard.pid, signal.SIGSTOP)
    try:
        may_return.touch()
        assert says.value() == "told"
        may_fork.touch()
        process = Process(int(told.line()))
        first.wait_gone()
    finally:
        os.kill(comard.pid, signal.SIGCONT)
    may_end.touch()
    starting.result()
    assert service.supervision["State"] == "running"
    assert service.supervision["PIDs"] == [process.pid]
    service.stop()
    assert not process.alive
