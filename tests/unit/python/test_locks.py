# SPDX-License-Identifier: MIT
"""@synchronized and FileLock."""

import os
import stat

import pytest

from comar._call import Paths
from comar._locks import FileLock, synchronized

API = "from comar.service import *\n"


def ops(outcome):
    return [message["op"] for message in outcome.messages]


def test_a_synchronized_method_runs_between_lock_and_unlock(comard):
    outcome = comard.run(f"""{API}
@synchronized
def start(a, b=2, *more, **names):
    "What it does."
    notify("System.Service", "Changed", ("web", "started"))
    return [a, b, start.__name__, start.__doc__]
""", args=[1])
    assert outcome.value == [1, 2, "start", "What it does."]
    assert ops(outcome) == ["lock", "notify", "unlock", "return"]


def test_a_call_chain_enters_its_own_script_again(comard):
    outcome = comard.run(f"""{API}
@synchronized
def start():
    return stop() + 1
@synchronized
def stop():
    return 1
""")
    assert outcome.value == 2
    assert ops(outcome) == ["lock", "unlock", "return"]


@pytest.mark.parametrize("way_out", ["raise OSError()", "fail('x')", "sys.exit(1)", "1/0"])
def test_the_lock_is_released_on_every_way_out(comard, way_out):
    outcome = comard.run(f"""{API}
import sys
@synchronized
def start():
    {way_out}
""")
    assert ops(outcome) == ["lock", "unlock", "error"]


def test_a_circle_is_an_exception_named_deadlock(comard):
    circle = {"error": {"name": "Deadlock", "message": "a waits for b waits for a"}}
    outcome = comard.run(f"""{API}
@synchronized
def start():
    notify("System.Service", "Changed", ("never", "told"))
""", replies={"lock": circle})
    assert outcome.error == ("Deadlock", "a waits for b waits for a")
    assert ops(outcome) == ["lock", "error"]


def test_after_a_refused_lock_the_next_one_is_asked_for(comard):
    circle = {"error": {"name": "Deadlock", "message": ""}}
    outcome = comard.run(f"""{API}
@synchronized
def inner(): pass
def start():
    for _ in range(2):
        try: inner()
        except Exception as error: print(type(error).__name__)
""", replies={"lock": circle})
    assert ops(outcome) == ["lock", "lock", "return"]
    assert outcome.stderr == "Deadlock\nDeadlock\n"


def test_threads_of_a_script_take_turns(comard):
    outcome = comard.run(f"""{API}
import threading
inside, most = 0, 0
@synchronized
def work():
    global inside, most
    inside += 1
    most = max(most, inside)
    os.sched_yield()
    inside -= 1
def start():
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return most
""")
    assert outcome.value == 1
    assert ops(outcome).count("lock") == ops(outcome).count("unlock") == 8


@pytest.fixture
def folder(inside, tmp_path):
    """The folder of locks of the current call, not made yet."""
    folder = tmp_path / "locks"
    inside(app="web", paths=Paths(lock=str(folder)))
    return folder


def is_locked(path):
    """Whether somebody holds the lock: asked by another process, as flock(2) counts by open file."""
    return os.spawnlp(os.P_WAIT, "flock", "flock", "-n", str(path), "true") != 0


def test_outside_of_comar_a_file_does_the_same(folder):
    @synchronized
    def outer():
        return inner()

    @synchronized
    def inner():
        return is_locked(folder / "web.lock")

    assert outer() is True
    assert not is_locked(folder / "web.lock")
    with pytest.raises(ZeroDivisionError):
        synchronized(lambda: 1 / 0)()
    assert not is_locked(folder / "web.lock")


def test_a_file_lock_is_held_inside_of_with(folder):
    with FileLock("modem") as lock:
        assert lock.path == str(folder / "modem")
        assert is_locked(lock.path)
        assert stat.S_IMODE(os.stat(lock.path).st_mode) == 0o600
        with lock:
            pass
        assert is_locked(lock.path)
    assert not is_locked(lock.path)


@pytest.mark.parametrize("names", [("lock", "unlock"), ("acquire", "release")])
def test_a_file_lock_has_both_pairs_of_names(tmp_path, names):
    lock = FileLock(str(tmp_path / "file"))
    getattr(lock, names[0])()
    assert is_locked(tmp_path / "file")
    getattr(lock, names[1])()
    assert not is_locked(tmp_path / "file")
    getattr(lock, names[1])()


def test_a_lock_that_somebody_else_holds_times_out(tmp_path):
    path = str(tmp_path / "file")
    with FileLock(path):
        for timeout in (0, 0.01):
            with pytest.raises(TimeoutError):
                FileLock(path).lock(timeout=timeout)
        with pytest.raises(TimeoutError):
            FileLock(path).lock(shared=True, timeout=0)
    lock = FileLock(path)
    lock.lock(timeout=0)
    lock.unlock()


def test_a_lock_can_be_shared(tmp_path):
    path = str(tmp_path / "file")
    first, second = FileLock(path), FileLock(path)
    first.lock(shared=True)
    second.lock(shared=True, timeout=0)
    with pytest.raises(TimeoutError):
        FileLock(path).lock(timeout=0)
    first.unlock()
    second.unlock()


def test_a_program_does_not_inherit_a_lock(tmp_path):
    with FileLock(str(tmp_path / "file")):
        command = f"for fd in /proc/self/fd/*; do readlink $fd; done | grep -q {tmp_path}/file"
        assert os.spawnlp(os.P_WAIT, "sh", "sh", "-c", command) != 0


def forked(work):
    """The pid of a child that does `work`, and never comes back to the tests."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_a_forked_process_neither_keeps_a_lock_nor_gives_it_back(tmp_path):
    path = str(tmp_path / "file")
    lock = FileLock(path)
    lock.lock()
    release, hold = os.pipe()
    child = forked(lambda: (os.close(hold), os.read(release, 1)))
    os.waitpid(forked(lock.unlock), 0)
    assert is_locked(path)
    lock.unlock()
    assert not is_locked(path)
    os.close(hold)
    os.close(release)
    os.waitpid(child, 0)


def test_a_lock_file_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError):
        FileLock(str(tmp_path / "link")).lock()
    assert not (tmp_path / "target").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_of_locks_that_is_somebody_elses_is_refused(folder):
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(PermissionError):
        FileLock("modem").lock()
