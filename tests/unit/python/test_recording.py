# SPDX-License-Identifier: MIT
"""Dry runs: what a script would do is told, and nothing of it is done."""

import inspect
import json
import os
import socket
import subprocess
import textwrap
import time

import pytest

import comar.service
from comar.recording import api
from recordings import IMPORT, contents, does, texts, whoami

ROOT = os.geteuid() == 0


# The Service API


def test_a_service_that_is_started(recorded):
    entries = recorded("""\
        startService(command="/bin/touch", args="FOLDER/trace -a", pidfile="FOLDER/pid",
                     makepid=True, detach=True, chuid="nobody", nice=5, donotify=True)
        """)
    (start, notify) = entries
    folder = start["pidfile"].removesuffix("/pid")
    assert start == {
        "does": "start", "command": ["/bin/touch", f"{folder}/trace", "-a"], "user": "nobody",
        "detach": True, "pidfile": f"{folder}/pid", "nice": 5, "line": 3,
        "text": f"start /bin/touch {folder}/trace -a as nobody, in the background, "
                f"and write its pid to {folder}/pid",
    }
    assert (notify["does"], notify["text"]) == ("notify", "announce that web has started")


def test_a_program_that_runs_is_started_all_the_same(recorded, comard):
    comard.stranger("/bin/sleep", "60")
    entries = recorded("""
        def status(): return True
        def start():
            if status(): return
            startService("/bin/sleep", "60")
        """)
    assert [each["command"] for each in entries] == [["/bin/sleep", "60"]]
    assert entries[0]["user"] == whoami()


def test_ready_starts_what_is_on(answered, comard):
    comard.service["startup"] = "on"
    text = "def start(): startService('/bin/true')"
    assert does(answered(text, "ready").value["entries"]) == ["start"]
    comard.service["startup"] = "off"
    assert answered(text, "ready").value["entries"] == []


def test_a_service_that_is_stopped(recorded, comard):
    child = comard.stranger(comard.program("served"), "60")
    comard.write("pid", f"{child.pid}\n")
    comard.service["processes"] = [[child.pid, start_time(child.pid)]]
    (entry, notify) = recorded("stopService(pidfile='FOLDER/pid', donotify=True)", "stop")
    assert (entry["does"], entry["signal"], entry["pids"]) == ("signal", "SIGTERM", [child.pid])
    assert entry["text"] == f"send SIGTERM to {child.pid} (served)"
    assert notify["text"] == "announce that web has stopped"
    assert recorded("stopService(pidfile='FOLDER/pid', signalno=signal.SIGHUP)", "reload")[0][
        "signal"] == "SIGHUP"
    assert child.poll() is None


def test_a_stop_of_what_does_not_run_signals_nobody(recorded):
    (entry,) = recorded("stopService(pidfile='FOLDER/none', donotify=True)", "stop")
    assert (entry["does"], entry["pids"]) == ("signal", [])


def test_a_stop_by_a_command(recorded):
    entries = recorded("stopService(command='/bin/touch', args='FOLDER/trace', chuid='nobody')", "stop")
    assert [(each["does"], each["user"]) for each in entries] == [("run", "nobody")]


def test_whether_a_service_runs_is_really_looked_up(recorded, comard):
    child = comard.stranger(comard.program("served"), "60")
    program = comard.program("served")
    assert texts(recorded(f"if isServiceRunning(command={program!r}): run('yes')")) == [
        f"run yes as {whoami()}"
    ]
    child.kill()


def test_other_services(recorded):
    entries = recorded("""\
        startDependencies("my-db", "logger")
        stopDependencies("old")
        call("mailer", "System.Service", "start")
        call("System.Service.start", "cron")
        call("web", "Network.Firewall", "setState", "on")
        notify("System.Service", "Changed", ("web", "on"))
        """)
    assert [(each["does"], each.get("app"), each.get("method")) for each in entries] == [
        ("call", "my_db", "start"), ("call", "logger", "start"), ("call", "old", "stop"),
        ("call", "mailer", "start"), ("call", "cron", "start"), ("call", "web", "setState"),
        ("notify", None, None),
    ]
    assert [each["line"] for each in entries] == [3, 3, 4, 5, 6, 7, 8]
    assert texts(entries)[:3] == ["start my_db", "start logger", "stop old"]


def test_locks_states_and_surroundings(recorded, comard):
    comard.write("profile.env", "export COLOUR=blue\n")
    entries = recorded("""
        @synchronized
        def start():
            with FileLock("modem"): pass
            loadEnvironment()
            run(os.environ["COLOUR"])
            waitBus("/run/nothing/socket", timeout=30)
            setState("on")
            fcntl.flock(3, fcntl.LOCK_EX)
        """)
    assert does(entries) == ["lock", "environment", "run", "wait", "state", "lock"]
    assert entries[2]["command"] == ["blue"]


# Programs


@pytest.mark.parametrize("line, command", [
    ("run('touch FOLDER/trace')", ["touch", "FOLDER/trace"]),
    ("run('touch', 'FOLDER/trace')", ["touch", "FOLDER/trace"]),
    ("os.system('touch FOLDER/trace')", ["/bin/sh", "-c", "touch FOLDER/trace"]),
    ("os.popen('touch FOLDER/trace').read()", ["/bin/sh", "-c", "touch FOLDER/trace"]),
    ("subprocess.run(['touch', 'FOLDER/trace'], check=True)", ["touch", "FOLDER/trace"]),
    ("subprocess.call('touch FOLDER/trace', shell=True)", ["/bin/sh", "-c", "touch FOLDER/trace"]),
    ("subprocess.check_call(['touch', 'FOLDER/trace'])", ["touch", "FOLDER/trace"]),
    ("assert subprocess.check_output(['touch', 'FOLDER/trace'], text=True) == ''",
     ["touch", "FOLDER/trace"]),
    ("assert subprocess.Popen(['touch', 'FOLDER/trace'], stdout=-1).communicate() == (b'', None)",
     ["touch", "FOLDER/trace"]),
    ("subprocess.getoutput('touch FOLDER/trace')", ["/bin/sh", "-c", "touch FOLDER/trace"]),
    ("os.spawnl(os.P_WAIT, '/bin/touch', 'touch', 'FOLDER/trace')", ["/bin/touch", "FOLDER/trace"]),
    ("os.waitpid(os.spawnvpe(os.P_NOWAIT, 'touch', ['touch', 'FOLDER/trace'], {}), 0)",
     ["touch", "FOLDER/trace"]),
    ("os.waitpid(os.posix_spawn('/bin/touch', ['touch', 'FOLDER/trace'], {}), 0)",
     ["/bin/touch", "FOLDER/trace"]),
])
def test_programs_succeed_and_are_recorded(recorded, tmp_path, line, command):
    entries = recorded(f"{line}\nrun('next')")
    assert does(entries) == ["run", "run"]
    assert entries[0]["command"] == [each.replace("FOLDER", str(tmp_path)) for each in command]
    assert entries[0]["user"] == whoami()
    assert entries[0]["line"] == 3


@pytest.mark.parametrize("line", [
    "os.execv('/bin/touch', ['touch', 'FOLDER/trace'])",
    "os.execlp('/bin/touch', 'touch', 'FOLDER/trace')",
    "os.execle('/bin/touch', 'touch', 'FOLDER/trace', {})",
    "os.execvpe('/bin/touch', ['touch', 'FOLDER/trace'], {})",
])
def test_nothing_comes_after_an_exec(recorded, tmp_path, line):
    (entry,) = recorded(f"{line}\nrun('next')")
    assert entry["command"] == ["/bin/touch", f"{tmp_path}/trace"]


def test_whoever_a_script_becomes_runs_the_programs(recorded):
    entries = recorded("os.setgid(0)\nos.setuid(65534)\nrun('x')")
    assert does(entries) == ["user", "user", "run"]
    assert entries[2]["user"] == "nobody"


@pytest.fixture
def child():
    """A process of the test, which a signal would end."""
    process = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    yield process
    assert process.poll() is None
    process.kill()
    process.wait()


@pytest.mark.parametrize("line", [
    "os.kill(PID, 15)", "os.kill(PID, signal.SIGKILL)", "os.killpg(PID, 9)",
    "signal.pidfd_send_signal(os.pidfd_open(PID), 9)",
])
def test_signals_are_recorded(recorded, child, line):
    entries = recorded(f"{line}\nrun('next')".replace("PID", str(child.pid)))
    assert does(entries) == ["signal", "run"]


def test_signal_0_is_a_question(recorded, child):
    assert does(recorded(f"os.kill({child.pid}, 0)\nrun('next')")) == ["run"]
    entries = recorded("os.kill(1 << 22, 0)")
    assert does(entries) == ["error"] and entries[0]["text"].startswith("ProcessLookupError")


# The network


def test_nobody_is_talked_to(recorded, tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        listener.settimeout(0.2)
        entries = recorded("""\
            s = socket.socket(socket.AF_UNIX)
            s.connect("FOLDER/socket")
            s.sendall(b"x")
            assert s.recv(1) == b""
            a, b = socket.socketpair()
            a.send(b"y")
            assert b.recv(1) == b"y"
            s.bind("FOLDER/other")
            """)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert does(entries) == ["connect", "change"]
    assert entries[0]["text"] == f"connect to {path}"


# Ends


def test_an_exception_is_the_last_entry(recorded):
    entries = recorded("run('one')\nfail({'en': 'no disk', 'tr': 'disk yok'})\nrun('two')")
    assert does(entries) == ["run", "error"]
    assert entries[1] == {"does": "error", "text": "Exception: no disk", "line": 4}
    (entry,) = recorded("sys.exit(3)".replace("sys", "__import__('sys')"))
    assert entry["text"] == "SystemExit: 3"
    assert recorded("raise SystemExit") == []


def test_a_script_that_cannot_be_loaded_is_an_error(recorded, answered):
    assert texts(recorded("def start(:\n  pass"))[0].startswith("SyntaxError: ")
    assert texts(recorded("import no_such_module\ndef start(): pass"))[0].startswith("ModuleNotFoundError")
    assert texts(recorded("def stop(): pass", "reload")) == ["Missing: web does not define reload()"]


def test_waiting_ends_after_a_minute_that_nobody_waits(recorded):
    began = time.monotonic()
    entries = recorded("while not os.path.exists('FOLDER/pid'): time.sleep(1)")
    assert does(entries) == ["end"]
    assert entries[0]["text"] == (
        "waits for more than 60 seconds, perhaps for what was not done: the dry run ends here"
    )
    assert does(recorded("""\
        until = time.time() + 30
        while time.time() < until: time.sleep(0.5)
        run("next")
        """)) == ["run"]
    assert time.monotonic() - began < 20


def test_there_is_a_last_entry_to_everything(recorded):
    entries = recorded("while True:\n try: run('x')\n except BaseException: pass")
    assert len(entries) == 1001
    assert entries[-1]["does"] == "end"


def test_a_script_that_computes_for_ever_is_ended(recorded):
    entries = recorded("run('x')\nwhile True: pass", seconds=1)
    assert does(entries) == ["run", "end"]
    assert entries[1]["text"] == "takes longer than 1 seconds: the dry run ends here"


def test_a_crash_is_an_end(recorded):
    entries = recorded("run('x')\nos.abort()")
    assert does(entries) == ["run", "end"]
    assert does(recorded("run('x')\nos._exit(0)")) == ["run", "end"]


# Guarantees


def test_the_guarantee_is_told(answered):
    guarantee = answered("def start(): pass").value["guarantee"]
    assert guarantee in ("system calls", "read-only file systems", "Python only")
    assert guarantee != "Python only" or not ROOT


HOSTILE = [
    "import ctypes; ctypes.CDLL(None).unlink(b'FOLDER/there')",
    "import _ctypes",
    "import importlib; importlib.import_module('ctypes')",
    "if os.fork() == 0: open('FOLDER/trace', 'w')",
    "os.forkpty()",
    "import posix; posix.system('touch FOLDER/trace')",
    "import posix; posix.mkdir('FOLDER/trace')",
    "import posix; posix.unlink('FOLDER/there')",
    "import posix; posix.open('FOLDER/trace', os.O_CREAT | os.O_WRONLY)",
    "import posix; posix.fork()",
    "import posix; posix.kill(PID, 9)",
    "import posix; posix.execv('/bin/touch', ['touch', 'FOLDER/trace'])",
    "import posix; posix.posix_spawn('/bin/touch', ['touch', 'FOLDER/trace'], {})",
    "import _io; _io.open('FOLDER/trace', 'w')",
    "import _io; _io.FileIO('FOLDER/trace', 'w')",
    "import importlib, io; importlib.reload(io); io.FileIO('FOLDER/trace', 'w')",
    "import importlib; importlib.reload(os); os.unlink('FOLDER/there')",
    "import sys; del sys.modules['subprocess']; import subprocess as s; s.run(['touch', 'FOLDER/trace'])",
    "import sys, importlib; del sys.modules['os']; import os as o; o.rmdir('FOLDER/data')",
    "import _socket; _socket.socket(_socket.AF_UNIX).connect('FOLDER/socket')",
    "import builtins; builtins.__dict__.clear()",
    "import threading; t = threading.Thread(target=__import__('posix').unlink, args=('FOLDER/there',)); "
    "t.start(); t.join()",
    "import gc; gc.get_objects()",
    "import _posixsubprocess; _posixsubprocess.fork_exec()",
    "from comar import _native; _native.spawn(['/bin/touch', 'FOLDER/trace'])",
    "from comar import _native; _native.write_pidfile('FOLDER/trace', 1)",
    "import sqlite3; sqlite3.connect('FOLDER/trace')",
    "import _xxsubinterpreters as x; x.run_string(x.create(), 'open(\"FOLDER/trace\", \"w\")')",
    "fcntl.ioctl(0, 0x5412, b'x')",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_what_goes_around_the_recording_is_the_end_of_it(recorded, comard, child, line):
    comard.write("there", "old")
    entries = recorded(line.replace("PID", str(child.pid)) + "\nrun('next')")
    assert does(entries) in (["end"], ["error"]), entries


@pytest.mark.parametrize("line", HOSTILE)
def test_what_watches_over_python_does_so_without_the_kernel(comard, tmp_path, child, line):
    comard.write("there", "old")
    text = line.replace("FOLDER", str(tmp_path)).replace("PID", str(child.pid))
    script = comard.write("web.py", f"{IMPORT}def start():\n    {text}\n    run('next')\n")
    before = contents(tmp_path)
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        from comar._call import Request
        from comar.recording import kernel, sandbox

        kernel.wall_in = lambda: kernel.PYTHON_ONLY
        sandbox.run(Request(app="web", method="start", script=script), write_end)
    os.close(write_end)
    with open(read_end, "rb") as file:
        entries = [json.loads(each) for each in file if each.startswith(b'{"does"')]
    os.waitpid(pid, 0)
    assert does(entries) in (["end"], ["error"], []), entries
    assert contents(tmp_path) == before


def test_the_way_out_cannot_be_caught(recorded):
    entries = recorded("""\
        import posix
        try: posix.mkdir("FOLDER/new")
        except BaseException: pass
        finally: run("finally")
        """)
    assert len(entries) == 1
    assert entries[0]["text"].startswith("would make the folder ")
    assert entries[0]["text"].endswith("/new; the dry run ends here")


def test_what_a_script_puts_between_the_entries_counts_for_nothing(answered):
    value = answered("""
        def start():
            for fd in range(3, 2000):
                try: os.write(fd, b'\\n{"guarantee": "all is well"}\\n[1]\\n{"does": 5}\\n"nonsense')
                except OSError: pass
            run("x")
        """).value
    assert does(value["entries"]) == ["run"]
    assert value["guarantee"] != "all is well"


# What the kernel alone withholds: the same without what watches over Python.


@pytest.fixture
def unwatched():
    """Runs a body without hook and recording functions, where the kernel guards it."""

    def run_unwatched(body, walls=""):
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                from comar.recording import kernel

                if walls == "no filter":
                    kernel._filter_system_calls = lambda libc: False
                os.write(write_end, kernel.wall_in().encode() + b"\n")
                exec(textwrap.dedent(body), {})
            except BaseException as error:
                os.write(write_end, repr(error).encode())
            finally:
                os._exit(0)
        os.close(write_end)
        os.waitpid(pid, 0)
        with open(read_end, "rb") as file:
            guarantee, _, error = file.read().decode().partition("\n")
        return guarantee, error

    return run_unwatched


BARE = [
    "import os; os.unlink('FOLDER/there')",
    "open('FOLDER/there', 'w')",
    "open('FOLDER/trace', 'w')",
    "import os; os.mkfifo('FOLDER/trace')",
    "import os; os.chmod('FOLDER/there', 0)",
    "import os; os.rename('FOLDER/there', 'FOLDER/new')",
    "import os; os.utime('FOLDER/there')",
    "from comar import _native; _native.write_pidfile('FOLDER/trace', 1)",
]
BEYOND_FILES = [
    "import os; os.kill(PID, 9)",
    "import os; os.killpg(PID, 9)",
    "import os, signal; signal.pidfd_send_signal(os.pidfd_open(PID), 9)",
    "from comar import _native; _native.open_process(PID).signal(9)",
    "from comar import _native; _native.spawn(['/bin/true'])",
    "import subprocess; subprocess.run(['/bin/true'])",
    "import os; os.fork()",
    "import os; os.setpriority(os.PRIO_PROCESS, PID, 5)",
    "import os; os.execv('/bin/true', ['true'])",
    "import socket; socket.socket(socket.AF_UNIX).connect('FOLDER/socket')",
    "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "import fcntl; fcntl.flock(0, fcntl.LOCK_SH)",
    "import resource; resource.prlimit(PID, resource.RLIMIT_CORE, (0, 0))",
    "import os; os.sched_setaffinity(PID, {0})",
]


@pytest.mark.parametrize("line", BARE + BEYOND_FILES)
def test_the_kernel_refuses_system_calls_that_change_something(unwatched, comard, tmp_path, child, line):
    comard.write("there", "old")
    before = contents(tmp_path)
    guarantee, error = unwatched(line.replace("FOLDER", str(tmp_path)).replace("PID", str(child.pid)))
    if guarantee != "system calls":
        pytest.skip("no seccomp(2) here")
    assert "PermissionError" in error or "Read-only" in error, error
    assert contents(tmp_path) == before


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.parametrize("line", BARE)
def test_without_a_filter_file_systems_are_read_only(unwatched, comard, tmp_path, line):
    comard.write("there", "old")
    before = contents(tmp_path)
    guarantee, error = unwatched(line.replace("FOLDER", str(tmp_path)), "no filter")
    if guarantee != "read-only file systems":
        pytest.skip("no mount namespaces here")
    assert "Read-only" in error or "PermissionError" in error, error
    assert contents(tmp_path) == before


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_there_are_no_devices_but_harmless_ones(unwatched):
    harmless = [f"open('/dev/{name}', 'rb', 0)" for name in ("null", "zero", "full", "random", "urandom")]
    guarantee, error = unwatched("; ".join(harmless), "no filter")
    if guarantee != "read-only file systems":
        pytest.skip("no mount namespaces here")
    assert error == ""
    assert "PermissionError" in unwatched("open('/dev/tty', 'rb', 0)", "no filter")[1]


def start_time(pid):
    from comar import _native

    return _native.open_process(pid).start_time


@pytest.mark.parametrize("name", ["startService", "stopService", "run", "loadEnvironment", "waitBus"])
def test_what_is_recorded_takes_the_arguments_of_what_is_done(name):
    real = inspect.signature(getattr(comar.service, name)).parameters
    recorded = dict(inspect.signature(getattr(api._Api, name)).parameters)
    del recorded["self"]
    assert [(each.name, each.kind, each.default) for each in recorded.values()] == \
        [(each.name, each.kind, each.default) for each in real.values()]
