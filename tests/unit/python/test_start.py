# SPDX-License-Identifier: MIT
"""startService()."""

import os
import pathlib
import pwd

import pytest

from comar import _native
from conftest import end
from fake_comard import is_pipe, start_time

ROOT = os.geteuid() == 0
API = "from comar.service import *\n"


def start(call, more=""):
    return f"{API}def start():\n    reply = {call}\n    return show(reply)\n{SHOW}\n{more}"


SHOW = """
def show(reply):
    return None if reply is None else [int(reply), reply.stdout, reply.stderr]
"""


def changed(outcome):
    return [message["args"] for message in outcome.told("notify")]


def test_the_exit_code_and_the_output_of_a_command_come_back(comard):
    command = comard.program("tool", 'echo "out $1"; echo "err $2" >&2; exit $3')
    script = start(f"startService({command!r}, args='\"a b\" c 0')")
    assert comard.value(script) == [0, "out a b\n", "err c\n"]
    script = start(f"startService(command={command!r}, args=['a', '$x', 3])")
    assert comard.value(script) == [3, "out a\n", "err $x\n"]


def test_output_is_in_the_log_of_the_service_too(comard):
    command = comard.program("tool", "echo listening; echo careful >&2")
    outcome = comard.run(start(f"startService({command!r})"))
    assert sorted(outcome.stderr.splitlines()) == ["careful", "listening"]


def test_success_is_announced_when_asked(comard):
    command = comard.program("tool", "exit 0")
    assert changed(comard.run(start(f"startService({command!r}, donotify=True)"))) == [
        ["web", "started"]
    ]
    assert changed(comard.run(start(f"startService({command!r})"))) == []


def test_a_failure_ends_the_call_with_what_the_command_said(comard):
    command = comard.program("tool", "echo no license >&2; exit 3")
    outcome = comard.run(start(f"startService({command!r}, donotify=True)"))
    assert outcome.error == ("Exception", "no license")
    assert changed(outcome) == []
    silent = comard.program("silent", "exit 3")
    outcome = comard.run(start(f"startService({silent!r}, donotify=True)"))
    assert outcome.error == ("Exception", f"{silent} exited with code 3")
    shot = comard.program("shot", "kill -SEGV $$")
    outcome = comard.run(start(f"startService({shot!r}, donotify=True)"))
    assert outcome.error == ("Exception", f"{shot} was ended by SIGSEGV")


@pytest.mark.parametrize("detach", [False, True])
def test_a_command_that_cannot_be_run_has_a_code(comard, detach):
    missing = str(comard.folder / "missing")
    code, _, said = comard.value(start(f"startService({missing!r}, detach={detach})"))
    assert (code, missing in said) == (127, True)
    plain = comard.write("plain", "no program")
    assert comard.value(start(f"startService({plain!r}, detach={detach})"))[0] == 126
    outcome = comard.run(start(f"startService({missing!r}, detach={detach}, donotify=True)"))
    assert outcome.error[0] == "Exception" and missing in outcome.error[1]


@pytest.mark.parametrize("detach", [False, True])
def test_a_command_that_cannot_be_run_is_in_the_log_even_if_the_script_does_not_care(comard, detach):
    missing = str(comard.folder / "missing")
    outcome = comard.run(f"from comar.service import *\ndef start(): startService({missing!r}, detach={detach})")
    assert outcome.value is None
    assert outcome.stderr == f"cannot start {missing}: No such file or directory\n"


@pytest.mark.parametrize("command", [None, ""])
def test_no_command_at_all_is_an_error(comard, command):
    assert comard.run(start(f"startService({command!r})")).error == ("ValueError", (
        f"cannot use {command!r} as command of startService(): give the path of a program"))


def test_arguments_that_are_no_words_are_an_error(comard):
    assert comard.run(start("startService('/bin/true', args=3)")).error == (
        "TypeError", "cannot use 3 as words of a command: give a string or a list")


def test_a_misspelt_argument_names_the_right_one(comard):
    name, message = comard.run(start("startService('/bin/true', pidfle='/x')")).error
    assert name == "TypeError"
    assert message == "startService() has no argument 'pidfle'; did you mean 'pidfile'?"


def test_nothing_is_started_when_status_says_running(comard):
    mark = comard.folder / "mark"
    command = comard.program("tool", f"touch {mark}")
    outcome = comard.run(
        start(f"startService({command!r}, donotify=True)", "def status(): return True")
    )
    assert (outcome.value, changed(outcome), mark.exists()) == (None, [], False)


def test_a_start_of_several_programs_starts_all(comard):
    """Though status() says running as soon as the first one runs."""
    mark = comard.folder / "mark"
    command = comard.program("tool", f"echo x >> {mark}")
    script = f"""{API}
def start():
    startService({command!r})
    startService({command!r})
def status():
    return os.path.exists({str(mark)!r})
"""
    comard.value(script)
    assert mark.read_text() == "x\nx\n"


def test_a_restart_in_one_call_starts_again(comard):
    command = comard.program("tool", "exit 0")
    script = f"""{API}
def start():
    stopService(command={command!r}, args="stop")
    return startService({command!r}) == 0
def status():
    return True
"""
    assert comard.value(script) is True


def test_nothing_is_started_when_the_pidfile_names_that_command(comard):
    sleeper = comard.program("sleeper")
    running = comard.stranger(sleeper, "1000")
    pidfile = comard.write("web.pid", f"{running.pid}\n")
    assert comard.value(start(f"startService({sleeper!r}, args='0', pidfile={pidfile!r})")) is None
    other = comard.program("other", "exit 0")
    code, _, _ = comard.value(start(f"startService({other!r}, pidfile={pidfile!r})"))
    assert code == 0


def test_detached_it_runs_on_by_itself(comard):
    probe = comard.program("probe", f"""
        umask > {comard.folder}/umask
        echo hello; echo trouble >&2
        readlink /proc/self/fd/0 > {comard.folder}/stdin
        exec sleep 1000
        """)
    ready = comard.folder / "stdin"
    os.mkfifo(ready)
    script = f"{API}os.umask(0o77)\n" + start(
        f"startService({probe!r}, args='a', detach=True, donotify=True)"
    )
    worker = comard.begin(script)
    assert ready.read_text() == "/dev/null\n"
    outcome = worker.finish()
    assert outcome.value == [0, "", ""]
    assert changed(outcome) == [["web", "started"]]
    (report,) = outcome.told("process")
    pid = report["pid"]
    assert report == {
        "op": "process", "pid": pid, "start_time": start_time(pid), "role": "detached",
        "parent": worker.host.pid, "pidfile": None, "command": probe,
    }
    assert os.getsid(pid) == pid
    assert (comard.folder / "umask").read_text() == "0022\n"
    assert sorted(worker.stderr().splitlines()) == ["hello", "trouble"]
    end(pid)


def test_makepid_writes_the_pid_of_a_detached_program(comard):
    sleeper = comard.program("sleeper")
    pidfile = comard.folder / "web.pid"
    outcome = comard.run(start(
        f"startService({sleeper!r}, '1000', {str(pidfile)!r}, makepid=True, detach=True)"
    ))
    (report,) = outcome.told("process")
    assert pidfile.read_text() == f"{report['pid']}\n"
    assert report["pidfile"] == str(pidfile)
    end(report["pid"])


def test_makepid_writes_the_pid_of_a_command_that_is_waited_for(comard):
    pidfile = comard.folder / "web.pid"
    command = comard.program("tool", "echo $$")
    _, out, _ = comard.value(start(f"startService({command!r}, pidfile={str(pidfile)!r}, makepid=True)"))
    assert pidfile.read_text() == out


def test_a_pidfile_that_cannot_be_written_is_an_error(comard):
    pidfile = str(comard.folder / "none/web.pid")
    command = comard.program("tool", "exit 0")
    name, message = comard.run(
        start(f"startService({command!r}, pidfile={pidfile!r}, makepid=True)")
    ).error
    assert (name, f"{comard.folder}/none" in message) == ("FileNotFoundError", True)


def test_the_process_in_the_pidfile_of_a_daemon_is_reported_as_main(comard):
    sleeper = comard.program("sleeper")
    pidfile = str(comard.folder / "web.pid")
    command = comard.program("daemon", f"{sleeper} 1000 >/dev/null 2>&1 & echo $! > {pidfile}")
    outcome = comard.run(start(f"startService({command!r}, pidfile={pidfile!r})"))
    (pid,) = outcome.left
    assert outcome.told("process") == [{
        "op": "process", "pid": pid, "start_time": start_time(pid), "role": "main",
        "parent": 0, "pidfile": pidfile, "command": command,
    }]
    end(pid)


def test_a_strangers_process_is_never_reported_as_main(comard):
    stranger = comard.stranger("sleep", "1000")
    pidfile = str(comard.folder / "web.pid")
    command = comard.program("daemon", f"echo {stranger.pid} > {pidfile}")
    outcome = comard.run(start(f"startService({command!r}, pidfile={pidfile!r})"))
    assert outcome.value[0] == 0
    assert outcome.told("process") == []


def test_output_that_a_daemon_keeps_open_is_handed_over(comard):
    go = comard.folder / "go"
    os.mkfifo(go)
    command = comard.program("daemon", f"""
        echo early
        exec 2>/dev/null
        (read line < {go}; echo late; exec sleep 1000) &
        """)
    worker = comard.begin(start(f"startService({command!r})"))
    outcome = worker.finish()
    assert outcome.value == [0, "early\n", ""]
    assert outcome.told("follow") == [{"op": "follow", "stream": "out"}]
    (pipe,) = outcome.fds
    assert is_pipe(pipe)
    go.write_text("\n")
    os.set_blocking(pipe, True)
    assert os.read(pipe, 100) == b"late\n"
    (pid,) = outcome.left
    end(pid)


def test_a_daemon_whose_output_nobody_reads_gets_no_sigpipe(comard):
    go, done = comard.folder / "go", comard.folder / "done"
    os.mkfifo(go)
    os.mkfifo(done)
    command = comard.program("daemon", f"(read x < {go}; echo late && echo fine > {done}) &")
    worker = comard.begin(start(f"startService({command!r})"))
    outcome = worker.finish()
    assert len(outcome.fds) == 2
    daemon = _native.open_process(outcome.left[0])
    worker.close()
    go.write_text("\n")
    assert done.read_text() == "fine\n"
    assert daemon.wait_gone(60)


def test_a_flood_of_output_is_cut_and_counted(comard):
    command = comard.program("tool", "head -c 3000000 /dev/zero | tr '\\0' x; echo >&2 end")
    _, out, err = comard.value(start(f"startService({command!r})"), output_limit=1000)
    assert out == "x" * 1000 + "\n[2999000 more bytes were not kept]\n"
    assert err == "end\n"


def test_nice_is_added(comard):
    command = comard.program("tool", "nice")
    own = os.nice(0)
    assert comard.value(start(f"startService({command!r}, nice='3')"))[1] == f"{own + 3}\n"


@pytest.mark.parametrize("nice", ["abc", "", "2.5", 40, -(10**20), [1]])
def test_a_wrong_nice_is_an_error_that_names_the_argument(comard, nice):
    error = comard.run(start(f"startService({comard.program('tool', 'echo >&2 ran')!r}, nice={nice!r})")).error
    assert error == ("ValueError", (
        f"cannot use {nice!r} as nice of startService(): give a whole number from -39 to 39, such as 5"))


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_chuid_is_that_user_with_its_groups_and_home(comard):
    os.chmod(comard.folder, 0o755)
    command = comard.program("tool", 'id -u; id -g; echo "$HOME $USER $LOGNAME"')
    folder = pathlib.Path(command).parent
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    user = pwd.getpwnam("nobody")
    code, out, err = comard.value(start(f"startService({command!r}, chuid='nobody:daemon')"))
    assert (code, err) == (0, "")
    assert out.split() == [str(user.pw_uid), "1", user.pw_dir, "nobody", "nobody"]
    assert comard.value(start(f"startService({command!r}, chuid={user.pw_uid})"))[1].split()[0] == str(user.pw_uid)
    code, _, err = comard.value(start(f"startService({command!r}, chuid='no-such-user')"))
    assert code != 0 and "no-such-user" in err


def test_without_comar_a_script_can_be_tried_out(inside, tmp_path):
    """startService() needs no comard, as in a packager's unit test."""
    from comar.service import startService

    inside()
    reply = startService("/bin/echo", args="hello")
    assert (reply, reply.stdout) == (0, "hello\n")
    reply = startService("/bin/sleep", args="1000", detach=True, makepid=True,
                         pidfile=str(tmp_path / "pid"))
    assert reply == 0
    end(_native.read_pidfile(str(tmp_path / "pid"))[0])
