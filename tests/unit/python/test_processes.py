# SPDX-License-Identifier: MIT
"""Which processes are the service's: isServiceRunning() and the trust behind it."""

import os
import time

import pytest

from comar import _call, _native, _processes
from conftest import end
from fake_comard import start_time

NOBODY = -1


@pytest.fixture
def call(inside, comard):
    """Makes a call in this process: call(script="…", tracked=True, processes=[…])."""
    from comar._call import Service

    def begin(script="", processes=(), tracked=False, **parts):
        service = Service(processes=frozenset(processes), tracked=tracked)
        path = comard.write("web.py", script)
        call = inside(app="web", script=path, service=service, **parts)
        # Children of this process are strangers: as if the worker were another process.
        call.pid = NOBODY
        return call

    return begin


@pytest.fixture
def sleeper(comard):
    """A process that runs a program of its own; comard knows nothing of it."""
    command = comard.program("sleeper")
    process = _Stranger(comard, command)
    return process


class _Stranger:
    def __init__(self, comard, command):
        self.pid = comard.stranger(command, "1000").pid
        self.command, self.comard = command, comard
        self.id = (self.pid, start_time(self.pid))

    def pidfile(self, mode=0o644, age=0):
        path = self.comard.write("sleeper.pid", f"{self.pid}\nmore text\n", mode)
        if age:
            then = time.time() - age
            os.utime(path, (then, then))
        return path


def is_ours(pidfile, command=None):
    claim = _processes.examine(pidfile, command)
    return claim.process is not None, bool(claim.refusal)


OURS, NOT_OURS, REFUSED = (True, False), (False, False), (False, True)
"""What is_ours() says: (ours, refused)."""


def test_a_known_process_counts_whatever_the_pidfile(call, sleeper):
    call(processes=[sleeper.id], tracked=True)
    assert is_ours(sleeper.pidfile(mode=0o666)) == OURS
    assert is_ours(sleeper.pidfile(), sleeper.command) == OURS
    assert is_ours(sleeper.pidfile(), "/bin/sh") == NOT_OURS


def test_a_recycled_pid_is_not_known(call, sleeper):
    pid, began = sleeper.id
    call(processes=[(pid, began - 1)], tracked=True)
    assert is_ours(sleeper.pidfile()) == NOT_OURS


def test_a_foreign_process_counts_when_it_executes_the_command(call, sleeper):
    call(tracked=True)
    assert is_ours(sleeper.pidfile(mode=0o666), sleeper.command) == OURS
    assert is_ours(sleeper.pidfile(mode=0o666), "/bin/sh") == NOT_OURS


def test_the_command_can_be_learned_from_the_script(call, sleeper):
    script = """
        def start():
            startService(command={command!r}, pidfile={pidfile!r})
        """
    pidfile = sleeper.pidfile(mode=0o666)
    call(script=script.format(command=sleeper.command, pidfile=pidfile))
    assert is_ours(pidfile) == OURS
    call(script=script.format(command="/bin/sh", pidfile=pidfile))
    assert is_ours(pidfile) == NOT_OURS


def test_argv_alone_counts_with_a_trusted_pidfile_only(call, comard, sleeper):
    """exec -a: argv[0] says one thing, the executable is another."""
    liar = comard.stranger("bash", "-c", f"exec -a {sleeper.command} sleep 1000")
    process = _native.open_process(liar.pid)
    wait_until_called(process, sleeper.command)
    call()
    pidfile = comard.write("liar.pid", str(liar.pid))
    assert is_ours(pidfile, sleeper.command) == OURS
    os.chmod(pidfile, 0o666)
    assert is_ours(pidfile, sleeper.command) == REFUSED


def wait_until_called(process, command):
    """The kernel tells nobody when argv changes."""
    deadline = time.monotonic() + 60
    while process.arguments()[:1] != [command]:
        assert time.monotonic() < deadline
        os.sched_yield()


def test_without_a_command_a_trusted_pidfile_decides(call, sleeper):
    call()
    assert is_ours(sleeper.pidfile()) == OURS
    assert is_ours(sleeper.pidfile(mode=0o666)) == REFUSED


def test_a_process_that_is_younger_than_the_pidfile_is_another_one(call, sleeper):
    call()
    assert is_ours(sleeper.pidfile(age=60)) == NOT_OURS


def test_what_comard_started_it_would_know(call, sleeper):
    call(tracked=True)
    assert is_ours(sleeper.pidfile()) == NOT_OURS


def test_a_pidfile_without_a_number_is_nobody(call, comard):
    call()
    for text in ("", "none\n", "-1\n", "0\n", "12x\n", "9" * 30):
        assert is_ours(comard.write("web.pid", text)) == NOT_OURS
    assert is_ours(str(comard.folder / "missing")) == NOT_OURS


def test_a_symbolic_link_is_refused(call, comard, sleeper):
    call()
    link = comard.folder / "link.pid"
    link.symlink_to(sleeper.pidfile())
    assert is_ours(str(link)) == REFUSED


def test_a_process_in_the_services_cgroup_is_known(call, sleeper, monkeypatch):
    groups = {"/cg/web": [sleeper.pid], "/cg": [sleeper.pid]}
    monkeypatch.setattr(_native, "cgroup_processes", groups.__getitem__)
    call(cgroup="/cg/web", tracked=True)
    assert is_ours(sleeper.pidfile(mode=0o666)) == OURS
    assert [one.pid for one in _processes.find_processes(name="sleeper")] == [sleeper.pid]


def test_a_process_of_another_service_never_counts(call, sleeper, monkeypatch):
    monkeypatch.setattr(_native, "cgroup_processes", lambda folder: [])
    monkeypatch.setattr(_call.Call, "is_connected", True)
    monkeypatch.setattr(_processes, "ask", lambda question: "mail")
    call(cgroup="/cg/web")
    assert is_ours(sleeper.pidfile()) == NOT_OURS
    assert is_ours(sleeper.pidfile(), sleeper.command) == NOT_OURS
    assert list(_processes.find_processes(sleeper.command)) == []


def test_without_a_pidfile_foreign_processes_count_by_executable_alone(call, sleeper):
    call()
    assert [one.pid for one in _processes.find_processes(sleeper.command)] == [sleeper.pid]
    assert list(_processes.find_processes(name="sleeper")) == []
    assert list(_processes.find_processes(sleeper.command, name="other")) == []
    call(tracked=True)
    assert list(_processes.find_processes(sleeper.command)) == []


def test_a_short_name_is_compared_as_the_kernel_keeps_it(call, comard):
    process = _Stranger(comard, comard.program("a-name-of-twenty-byte"))
    call(processes=[process.id])
    found = _processes.find_processes(name="a-name-of-twenty-byte")
    assert [one.pid for one in found] == [process.pid]


def test_a_known_script_of_an_interpreter_runs_its_command(call, comard):
    ready = comard.folder / "ready"
    os.mkfifo(ready)
    command = comard.program("daemon", f"echo > {ready}; read x < {ready}")
    process = comard.stranger(command)
    ready.read_text()
    call(processes=[(process.pid, start_time(process.pid))])
    pidfile = comard.write("web.pid", str(process.pid))
    assert is_ours(pidfile, command) == OURS
    assert is_ours(pidfile, "/bin/other") == NOT_OURS


def test_descendants_of_a_known_process_are_known(comard):
    """Through the worker: this process is not below itself."""
    script = """
        from comar.service import *
        def status():
            shell = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $! > PID; wait"])
            while not os.path.exists("PID") or not open("PID").read(): os.sched_yield()
            return [isServiceRunning("PID"), shell.pid, int(open("PID").read())]
        """.replace("PID", str(comard.folder / "pid"))
    comard.service["tracked"] = True
    runs, *pids = comard.value(script, "status")
    assert runs is True
    for pid in reversed(pids):
        end(pid)


@pytest.mark.parametrize("call_, error", [("isServiceRunning()", "TypeError")])
def test_nothing_to_look_for_is_an_error(comard, call_, error):
    script = f"from comar.service import *\ndef status(): return {call_}"
    assert comard.run(script, "status").error[0] == error


def test_is_service_running_in_all_its_forms(comard):
    sleeper = comard.program("sleeper")
    process = comard.stranger(sleeper, "1000")
    pidfile = comard.write("web.pid", f"{process.pid}\n")
    script = f"""
        from comar.service import *
        def status():
            return [isServiceRunning({pidfile!r}), isServiceRunning(pidfile={pidfile!r}),
                    isServiceRunning({pidfile!r}, {sleeper!r}), isServiceRunning({pidfile!r}, "/bin/sh"),
                    isServiceRunning(command={sleeper!r}), isServiceRunning(command="/no/such"),
                    checkDaemon({pidfile!r}), checkDaemon("/no/such.pid")]
        """
    assert comard.value(script, "status") == [True, True, True, False, True, False, True, False]
    process.kill()
    process.wait()
    assert comard.value(script, "status") == [False] * 8
