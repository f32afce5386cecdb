# SPDX-License-Identifier: MIT
"""FileLock: between scripts, between processes, and whatever ends its holder."""

import fcntl
import os

import pytest

from support.bus import BusError
from support.scripts import doing, service_script

# How a script tells whether a lock is free: "free", or the name of the error of trying.
ATTEMPT = """
def attempt(name, **how):
    lock = FileLock(name)
    try:
        lock.lock(timeout=0, **how)
    except Exception as error:
        return type(error).__name__
    lock.unlock()
    return "free"
"""


def start(comard, told, body, **names):
    """Starts a service "app" whose start() does `body`, with attempt() at hand."""
    comard.register("app", doing(body, told, **names) + ATTEMPT).start()


@pytest.fixture
def path(comard):
    """Where the lock "modem" is."""
    return f"{comard.root}/run/lock/comar/modem"


def held_by(comard, told, name, how=""):
    """A start of service `name` that holds the lock "modem" and waits; and its gate."""
    gate = comard.gate(name)
    comard.register(name, doing(f"""
        lock = FileLock("modem")
        lock.lock({how})
        tell("locked")
        open(GATE).read(1)
        lock.unlock()
        """, told, GATE=gate))
    pending = comard.service(name).begin("start")
    assert told.value() == "locked"
    return pending, gate


def is_locked(path):
    """Whether anybody holds the lock of a file, as flock(1) would find out."""
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


# Between scripts

def test_a_lock_that_another_script_holds_is_refused_and_names_the_file(comard, told, path):
    pending, gate = held_by(comard, told, "holder")
    with pytest.raises(BusError) as caught:
        start(comard, told, "FileLock('modem').lock(timeout=0)")
    assert caught.value.name == "TimeoutError"
    assert "somebody else holds the lock" in caught.value.message
    assert path in caught.value.message
    gate.open()
    pending.result()
    comard.service("app").start()


def test_another_script_waits_until_the_lock_is_free(comard, told):
    pending, gate = held_by(comard, told, "holder")
    comard.register("app", doing("""
        tell("waits")
        with FileLock("modem"):
            tell("has it")
        """, told))
    waiting = comard.service("app").begin("start")
    assert told.value() == "waits"
    comard.bus.sync()
    assert told.lines() == []
    gate.open()
    pending.result()
    waiting.result()
    assert told.value() == "has it"


def test_a_wait_with_a_limit_ends_with_the_lock_when_it_comes(comard, told):
    pending, gate = held_by(comard, told, "holder")
    comard.register("app", doing("""
        tell("waits")
        FileLock("modem").lock(timeout=60)
        tell("has it")
        """, told))
    waiting = comard.service("app").begin("start")
    assert told.value() == "waits"
    gate.open()
    pending.result()
    waiting.result()
    assert told.value() == "has it"


def test_a_wait_with_a_limit_lasts_that_long(comard, told):
    pending, gate = held_by(comard, told, "holder")
    start(comard, told, """
        before = time.monotonic()
        try:
            FileLock("modem").lock(timeout=0.3)
        except TimeoutError:
            tell(time.monotonic() - before >= 0.3)
        """)
    assert told.value() is True
    gate.open()
    pending.result()


def test_a_lock_can_be_shared_by_those_who_ask_for_it_shared(comard, told):
    one, one_gate = held_by(comard, told, "one", "shared=True")
    two, two_gate = held_by(comard, told, "two", "shared=True")
    start(comard, told, "tell(attempt('modem', shared=True))\ntell(attempt('modem'))")
    assert [told.value(), told.value()] == ["free", "TimeoutError"]
    one_gate.open()
    one.result()
    comard.service("app").start()
    assert [told.value(), told.value()] == ["free", "TimeoutError"]
    two_gate.open()
    two.result()
    comard.service("app").start()
    assert [told.value(), told.value()] == ["free", "free"]


def test_two_names_are_two_locks(comard, told):
    pending, gate = held_by(comard, told, "holder")
    start(comard, told, "tell(attempt('printer'))")
    assert told.value() == "free"
    gate.open()
    pending.result()


@pytest.mark.parametrize("way_out", [
    "fail('no')", "1 / 0", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)", "sys.exit(1)", "return",
])
def test_the_lock_is_free_whatever_ends_its_holder(comard, told, way_out):
    comard.register("holder", service_script(f"""
        import sys

        def start():
            FileLock("modem").lock()
            {way_out}

        def stop():
            pass
        """))
    try:
        comard.service("holder").start()
    except BusError:
        assert way_out != "return"
    start(comard, told, "tell(attempt('modem'))")
    assert told.value() == "free"


# Between processes

def test_a_process_outside_of_comar_keeps_scripts_out(comard, told, path):
    start(comard, told, "tell(FileLock('modem').path)\ntell(attempt('modem'))")
    assert [told.value(), told.value()] == [path, "free"]
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        comard.service("app").start()
        assert told.value() == path
        assert told.value() == "TimeoutError"
    comard.service("app").start()
    assert [told.value(), told.value()] == [path, "free"]


def test_a_script_keeps_processes_outside_of_comar_out(comard, told, path):
    pending, gate = held_by(comard, told, "holder")
    assert is_locked(path)
    assert os.stat(path).st_mode & 0o077 == 0
    gate.open()
    pending.result()
    assert not is_locked(path)


def test_the_same_lock_can_be_taken_several_times(comard, told, path):
    start(comard, told, """
        lock = FileLock("modem")
        lock.lock()
        with lock:
            lock.acquire()
            lock.release()
        tell(attempt("modem"))
        lock.unlock()
        tell(attempt("modem"))
        lock.unlock()
        tell(attempt("modem"))
        """)
    assert [told.value() for _ in range(3)] == ["TimeoutError", "free", "free"]


def test_a_file_anywhere_can_be_locked_by_its_path(comard, told):
    path = str(comard.place.folder / "any file")
    start(comard, told, """
        with FileLock(PATH):
            tell(attempt(PATH))
        tell(attempt(PATH))
        """, PATH=path)
    assert [told.value(), told.value()] == ["TimeoutError", "free"]
    assert os.path.exists(path)


def test_a_program_that_is_started_meanwhile_does_not_keep_the_lock(comard, told, path):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            with FileLock("modem"):
                startService(SERVER, detach=True)
                subprocess.Popen([SERVER], close_fds=False, start_new_session=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=server))
    service.start()
    assert len(service.supervision["PIDs"]) == 2
    assert not is_locked(path)
    service.stop()


def test_a_process_that_is_forked_meanwhile_does_not_keep_the_lock(comard, told):
    start(comard, told, """
        release, hold = os.pipe()
        lock = FileLock("modem")
        lock.lock()
        if os.fork() == 0:
            os.close(hold)
            os.read(release, 1)
            os._exit(0)
        lock.unlock()
        tell(attempt("modem"))
        os.close(hold)
        os.wait()
        """)
    assert told.value() == "free"


def test_a_process_that_is_forked_meanwhile_does_not_give_the_lock_back(comard, told):
    start(comard, told, """
        lock = FileLock("modem")
        lock.lock()
        if os.fork() == 0:
            lock.unlock()
            os._exit(0)
        os.wait()
        tell(attempt("modem"))
        lock.unlock()
        tell(attempt("modem"))
        """)
    assert [told.value(), told.value()] == ["TimeoutError", "free"]


# What cannot be locked

@pytest.mark.parametrize("name, error", [("/nowhere/at/all/lock", "FileNotFoundError"),
                                         ("/etc", "IsADirectoryError"), ("link", "OSError")])
def test_what_cannot_be_locked_is_an_error_that_names_it(comard, told, path, name, error):
    victim = comard.place.folder / "victim"
    os.symlink(victim, f"{os.path.dirname(path)}/link")
    with pytest.raises(BusError) as caught:
        start(comard, told, "FileLock(NAME).lock()", NAME=name)
    assert caught.value.name == error
    assert name in caught.value.message
    assert not victim.exists()


def test_unlocking_what_is_not_locked_does_nothing(comard, told):
    pending, gate = held_by(comard, told, "holder")
    start(comard, told, "FileLock('modem').unlock()\ntell(attempt('modem'))")
    assert told.value() == "TimeoutError"
    gate.open()
    pending.result()
