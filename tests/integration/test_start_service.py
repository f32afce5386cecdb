# SPDX-License-Identifier: MIT
"""startService(): every argument, every return value, daemons that fork and those that do not."""

import os
import pwd

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import detached, forking, service_script

NOBODY = pwd.getpwnam("nobody")


def register_start(comard, told, call, **names):
    """Registers "app", whose start() tells (type's name, code, stdout, stderr) of `call`'s reply."""
    return comard.register("app", service_script(f"""
        def start():
            reply = {call}
            if reply is None:
                tell(None)
            else:
                tell((type(reply).__name__, int(reply), reply.stdout, reply.stderr))

        def stop():
            stopService(user="root")
            stopService(user="nobody")
        """, told=told, **names))


def main_of(service):
    return Process(service.supervision["MainPID"])


# Programs that stay in the foreground.

def test_a_detached_program_has_a_session_a_umask_and_a_stdin_of_its_own(comard, told):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            os.umask(0o077)
            tell(startService(command=SERVER, detach=True))

        def stop():
            stopService(command=SERVER)
        """, told=told, SERVER=server))
    service.start()
    assert told.value() == 0
    main = main_of(service)
    assert main.argv == [server]
    assert main.session == main.pid
    assert main.umask == 0o022
    assert main.fd(0) == "/dev/null"
    assert os.readlink(f"/proc/{main.pid}/cwd") == "/"
    service.stop()
    main.wait_gone()


def test_a_detached_program_gets_no_descriptor_but_the_three(comard, told):
    service = comard.register("app", detached(comard.program("server"), f"--tell {told}"))
    service.start()
    main = Process(int(told.line()))
    # stand-in's own signalfd is number 3; the mailbox is closed again.
    comard.until(lambda: sorted(map(int, os.listdir(f"/proc/{main.pid}/fd"))) == [0, 1, 2, 3],
                 lambda: f"no others than {os.listdir(f'/proc/{main.pid}/fd')}")
    assert main.fd(3) == "anon_inode:[signalfd]"
    service.stop()


def test_no_signal_is_ignored_in_a_started_program(comard):
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sleep", args="1000", detach=True)

        def stop():
            stopService(command="/bin/sleep")
        """))
    service.start()
    main = main_of(service)
    assert main.status("SigIgn") == main.status("SigBlk") == ["0" * 16]
    service.stop()


def test_a_detached_program_prints_to_the_log_of_its_service(comard, told):
    server = comard.program("server")
    service = comard.register("app", detached(
        server, ["--say", "all is well", "--complain", "nearly", "--tell", told]))
    service.start()
    told.line()
    log = comard.service_log("app")
    assert " out all is well\n" in log
    assert " err nearly\n" in log
    service.stop()


def test_makepid_writes_the_pidfile_of_a_program_that_does_not(comard):
    pidfile = f"{comard.root}/run/app.pid"
    service = comard.register("app", service_script("""
        def start():
            startService(command=SERVER, pidfile=PIDFILE, makepid=True, detach=True)

        def stop():
            stopService(pidfile=PIDFILE)

        def status():
            return isServiceRunning(PIDFILE, SERVER)
        """, SERVER=comard.program("server"), PIDFILE=pidfile))
    service.start()
    main = main_of(service)
    with open(pidfile) as file:
        assert int(file.read()) == main.pid
    assert service.state == "started"
    service.stop()
    main.wait_gone()


def test_without_makepid_nobody_writes_the_pidfile(comard):
    pidfile = f"{comard.root}/run/app.pid"
    service = comard.register("app", service_script("""
        def start():
            startService(command=SERVER, pidfile=PIDFILE, detach=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), PIDFILE=pidfile))
    service.start()
    assert not os.path.exists(pidfile)
    service.stop()


def test_makepid_writes_the_pid_of_a_command_that_is_waited_for(comard, told):
    pidfile = f"{comard.root}/run/app.pid"
    service = register_start(
        comard, told, "startService('/bin/sh', ['-c', 'echo $$'], PIDFILE, makepid=True)",
        PIDFILE=pidfile)
    service.start()
    with open(pidfile) as file:
        assert file.read() == told.value()[2]


def test_a_missing_program_is_127_and_says_so(comard, told):
    service = register_start(comard, told, "startService('/nowhere/server', detach=True)")
    service.start()
    kind, code, out, error = told.value()
    assert (kind, code, out) == ("execReply", 127, "")
    assert "/nowhere/server" in error
    assert service.supervision["PIDs"] == []


def test_a_program_without_permission_is_126(comard, told):
    text = comard.write("/usr/bin/text", "no program", mode=0o644)
    service = register_start(comard, told, "startService(TEXT, detach=True)", TEXT=text)
    service.start()
    assert told.value()[1] == 126


# Programs that fork by themselves.

def test_a_forking_program_is_waited_for(comard, told):
    gate = comard.gate("pidfile")
    pidfile = f"{comard.root}/run/app.pid"
    service = comard.register("app", forking(
        comard.program("server"), pidfile, f"--tell {told} --wait-for {gate}"))
    changed = comard.signals()
    starting = service.begin("start")
    assert service.supervision["State"] == "starting"
    assert changed.all() == []
    assert not starting.done
    gate.open()
    starting.result()
    assert changed.all() == [("app", "started")]
    assert service.supervision["MainPID"] == int(told.line())
    service.stop()


def test_a_pidfile_that_comes_late_is_read_when_it_is_there(comard, told):
    gate = comard.gate("pidfile")
    service = comard.register("app", forking(
        comard.program("server"), f"{comard.root}/run/app.pid",
        f"--early --wait-for {gate} --tell {told}"))
    service.start()
    assert service.supervision["State"] == "running"
    assert service.state == "off"    # status() looks at the pidfile
    gate.open()
    pid = int(told.line())
    assert service.state == "started"
    assert pid in service.supervision["PIDs"]
    service.stop()
    Process(pid).wait_gone()


def test_what_a_forked_program_prints_later_is_followed(comard, told):
    gate = comard.gate("late")
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sh", ["-c", CODE])

        def stop():
            pass
        """, CODE=f"(read x < {gate}; echo late; echo too >&2; echo > {told}) & echo early"))
    service.start()
    assert " out early\n" in comard.service_log("app")
    gate.open()
    with open(gate.path, "w") as end:
        end.write("\n")
    told.line()
    log = comard.service_log("app")
    assert " out late\n" in log
    assert " err too\n" in log
    comard.until(lambda: not service.supervision["PIDs"], "the end of the program")


def test_the_exit_code_and_the_output_of_a_command_are_returned(comard, told):
    service = register_start(
        comard, told, "startService(SERVER, args=['--say', 'günaydın', '--complain', 'oh', "
        "'--exit', 3])", SERVER=comard.program("server"))
    service.start()
    assert told.value() == ("execReply", 3, "günaydın\n", "oh\n")


def test_a_command_that_a_signal_ends_returns_the_negative_signal(comard, told):
    service = register_start(comard, told, "startService('/bin/sh', ['-c', 'kill -9 $$'])")
    service.start()
    assert told.value()[1] == -9


def test_a_command_that_succeeds_returns_zero(comard, told):
    service = register_start(comard, told, "startService('/bin/echo', args='hello')")
    service.start()
    assert told.value() == ("execReply", 0, "hello\n", "")


def test_output_above_the_limit_is_counted_not_kept(start_comard, told):
    comard = start_comard({"calls": {"output_bytes": 4096}})
    service = register_start(comard, told, "startService(SERVER, '--print 1000000 --exit 0')",
                             SERVER=comard.program("server"))
    service.start()
    _, code, out, _ = told.value()
    assert code == 0
    assert out[:80] == "x" * 79 + "\n"
    assert len(out) < 5000
    assert f"[{1_000_000 - 4096} more bytes were not kept]" in out


# donotify

def test_donotify_announces_the_start_once(comard):
    service = comard.register("app", detached(comard.program("server")))
    changed = comard.signals()
    service.start()
    assert changed.all() == [("app", "started")]
    service.stop()


def test_donotify_ends_the_call_with_what_the_command_said(comard):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args="--complain 'no such vhost' --exit 1", donotify=True)
        """, SERVER=comard.program("server")))
    changed = comard.signals()
    with pytest.raises(BusError) as refused:
        service.start()
    assert (refused.value.name, refused.value.message) == ("Exception", "no such vhost")
    assert changed.all() == []
    assert service.supervision["State"] == "failed"
    assert service.supervision["LastError"] == "no such vhost"


def test_donotify_names_the_exit_code_of_a_silent_command(comard):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args="--exit 4", donotify=True)
        """, SERVER=server))
    with pytest.raises(BusError) as refused:
        service.start()
    assert refused.value.message == f"{server} exited with code 4"


def test_donotify_names_the_program_that_is_missing(comard):
    service = comard.register("app", service_script("""
        def start():
            startService("/nowhere/server", detach=True, donotify=True)
        """))
    with pytest.raises(BusError) as refused:
        service.start()
    assert "/nowhere/server" in refused.value.message
    assert "No such file" in refused.value.message


# args

@pytest.mark.parametrize("args, expected", [
    ("--say 'two words' --title a\\ b", ["--say", "two words", "--title", "a b"]),
    (["--say", "two words", "--on-term-exit", 7], ["--say", "two words", "--on-term-exit", "7"]),
    ("", []),
    ("--say $HOME --comm *", ["--say", "$HOME", "--comm", "*"]),
])
def test_args_are_split_as_a_shell_does_or_taken_as_a_list(comard, told, args, expected):
    show = comard.write("/usr/bin/show", '#!/bin/sh\nfor word; do echo "$word"; done\n', 0o755)
    service = register_start(comard, told, "startService(SHOW, args=ARGS)", SHOW=show, ARGS=args)
    service.start()
    assert told.value()[2].splitlines() == expected


# nice

@pytest.mark.parametrize("how", ["detach=True", "pidfile=PIDFILE"])
def test_nice_is_added_to_the_niceness(comard, told, how):
    fork = "" if "detach" in how else f"--fork --pidfile {comard.root}/run/app.pid"
    service = comard.register("app", service_script(f"""
        def start():
            os.nice(2)
            startService(SERVER, args=ARGS, nice=5, {how})

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), ARGS=f"{fork} --tell {told}",
        PIDFILE=f"{comard.root}/run/app.pid"))
    service.start()
    own = os.getpriority(os.PRIO_PROCESS, comard.pid)
    assert Process(int(told.line())).nice == min(own + 7, 19)
    service.stop()


# chuid

GROUPS = "root:x:0:\nnogroup:x:65534:\naudio:x:29:nobody,daemon\nvideo:x:44:nobody\nmail:x:8:\n"


@pytest.fixture
def comard_with_groups(place, start_comard):
    """A comard for which nobody is in the groups audio and video."""
    group = place.write("/group", GROUPS)
    return start_comard(mounts=[("--bind", group, "/etc/group")])


def start_as(comard, chuid, told):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args=ARGS, chuid=CHUID, detach=True, donotify=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=comard.program("server"), ARGS=f"--tell {told}", CHUID=chuid))
    service.start()
    return Process(int(told.line()))


def test_chuid_gives_the_user_its_groups_and_its_home(comard_with_groups, told):
    main = start_as(comard_with_groups, "nobody", told)
    assert main.status("Uid") == [str(NOBODY.pw_uid)] * 4
    assert main.status("Gid") == [str(NOBODY.pw_gid)] * 4
    assert main.groups == [29, 44, NOBODY.pw_gid]
    assert main.environ["USER"] == main.environ["LOGNAME"] == "nobody"
    comard_with_groups.service("app").stop()


def test_chuid_takes_a_group_of_its_own(comard_with_groups, told):
    main = start_as(comard_with_groups, "nobody:mail", told)
    assert main.status("Uid") == [str(NOBODY.pw_uid)] * 4
    assert main.status("Gid") == ["8"] * 4
    assert {29, 44} <= set(main.groups)
    assert 0 not in main.groups
    comard_with_groups.service("app").stop()


def test_chuid_takes_numbers(comard, told):
    main = start_as(comard, "65534:8", told)
    assert (main.uid, main.gid) == (65534, 8)
    comard.service("app").stop()


def test_chuid_works_for_programs_that_fork(comard, told):
    folder = comard.place.root / "run/app"
    folder.mkdir()
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, args=ARGS, pidfile=PIDFILE, chuid="nobody", donotify=True)

        def stop():
            stopService(pidfile=PIDFILE)

        def status():
            return isServiceRunning(PIDFILE)
        """, SERVER=comard.program("server"), PIDFILE=folder / "app.pid",
        ARGS=f"--fork --pidfile {folder}/app.pid --tell {told}"))
    service.start()
    main = Process(int(told.line()))
    assert main.status("Uid") == [str(NOBODY.pw_uid)] * 4
    assert service.state == "started"
    service.stop()
    main.wait_gone()


@pytest.mark.parametrize("chuid", ["no-such-user", "nobody:no-such-group", "", ":"])
def test_an_unknown_user_starts_nothing_and_is_named(comard, told, chuid):
    server = comard.program("server")
    service = register_start(comard, told, "startService(SERVER, chuid=CHUID, detach=True)",
                             SERVER=server, CHUID=chuid)
    service.start()
    _, code, _, error = told.value()
    assert code in (126, 127)
    assert chuid.split(":")[-1] in error
    assert service.supervision["PIDs"] == []


# Running already

def test_nothing_happens_when_status_says_running(comard, told):
    service = comard.register("app", service_script("""
        def start():
            tell(startService(SERVER, detach=True, donotify=True))

        def status():
            return True
        """, told=told, SERVER=comard.program("server")))
    changed = comard.signals()
    service.start()
    assert told.value() is None
    assert changed.all() == []
    assert service.supervision["PIDs"] == []


def test_nothing_happens_when_the_pidfile_names_the_command(comard, told):
    server = comard.program("server")
    pidfile = comard.write("/run/app.pid", "")
    stranger = comard.stranger(server)
    comard.write("/run/app.pid", f"{stranger.pid}\n")
    service = register_start(
        comard, told, "startService(SERVER, pidfile=PIDFILE, detach=True)",
        SERVER=server, PIDFILE=pidfile)
    service.start()
    assert told.value() is None
    assert stranger.alive


def test_a_pidfile_of_another_program_does_not_keep_a_service_from_starting(comard, told):
    stranger = comard.stranger("/bin/sleep", 1000)
    pidfile = comard.write("/run/app.pid", f"{stranger.pid}\n")
    service = comard.register("app", service_script("""
        def start():
            tell(startService(SERVER, pidfile=PIDFILE, makepid=True, detach=True))

        def stop():
            stopService(pidfile=PIDFILE)
        """, told=told, SERVER=comard.program("server"), PIDFILE=pidfile))
    service.start()
    assert told.value() == 0
    main = main_of(service)
    assert main.argv[0].endswith("/server")
    service.stop()
    main.wait_gone()
    assert stranger.alive


def test_a_second_start_returns_none_and_starts_nothing(comard, told):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            tell(startService(SERVER, detach=True))

        def stop():
            stopService(command=SERVER)

        def status():
            return isServiceRunning(command=SERVER)
        """, told=told, SERVER=server))
    service.start()
    service.start()
    assert [told.value(), told.value()] == [0, None]
    assert len(service.supervision["PIDs"]) == 1
    service.stop()


def test_one_start_may_start_several_programs(comard):
    servers = [comard.program(name) for name in ("one", "two", "three")]
    service = comard.register("app", service_script("""
        @synchronized
        def start():
            for server in SERVERS:
                startService(server, detach=True)

        @synchronized
        def stop():
            for server in SERVERS:
                stopService(command=server)

        def status():
            return isServiceRunning(command=SERVERS[0])
        """, SERVERS=servers))
    service.start()
    running = [Process(pid) for pid in service.supervision["PIDs"]]
    assert sorted(process.argv[0] for process in running) == sorted(servers)
    service.stop()
    for process in running:
        process.wait_gone()


# The rest

def test_a_misspelled_argument_is_an_error_that_names_the_right_one(comard):
    service = comard.register("app", service_script("""
        def start():
            startService(SERVER, pidfle="/run/app.pid", detach=True)
        """, SERVER=comard.program("server")))
    with pytest.raises(BusError) as wrong:
        service.start()
    assert wrong.value.name == "TypeError"
    assert "'pidfle'" in wrong.value.message and "'pidfile'" in wrong.value.message


def test_programs_see_nothing_of_the_environment_that_comard_was_started_with(start_comard, told):
    comard = start_comard(environment={"SECRET": "42", "LD_BIND_NOW": "1", "LANG": "tr_TR.UTF-8"})
    service = comard.register("app", detached(comard.program("server"), f"--tell {told}"))
    service.start()
    environment = Process(int(told.line())).environ
    assert "SECRET" not in environment and "LD_BIND_NOW" not in environment
    assert "NOTIFY_SOCKET" not in environment
    assert environment["LANG"] == "C.UTF-8"
    assert environment["PATH"].split(":")[-2:] == ["/sbin", "/bin"]
    service.stop()
