# SPDX-License-Identifier: MIT
"""Locks: one run of a script at a time, and locks of files."""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import threading
import time
from types import TracebackType
from typing import Any, Callable, Sequence, TypeVar, cast

from comar._call import current
from comar._messages import ask

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

_POLL_SECONDS = 0.05


class FileLock:
    """A lock of a file, flock(2): one holder at a time, released when the holder ends.

        with FileLock("modem"):
            …

    The same object can be locked several times, and is free after as many unlocks. Programs that
    are started meanwhile do not inherit the lock. A process that the script forks meanwhile does,
    but neither keeps it when we unlock it, nor gives it back before.
    """

    def __init__(self, name: str) -> None:
        """`name` is a path, or the name of a file in comar's folder of locks. It is created."""
        self.path = os.path.join(current().request.paths.lock, name)
        self._fd = -1
        self._depth = 0
        self._holder = 0

    def lock(self, shared: bool = False, timeout: float = -1) -> None:
        """Waits until the lock is ours.

        Arguments:
            shared: let others in that ask for it shared, too.
            timeout: seconds to wait; -1 for as long as it takes.

        TimeoutError: somebody else holds it. OSError: the file cannot be opened.
        """
        if self._depth == 0:
            self._fd = _open_lock_file(self.path)
            try:
                _flock(self._fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, timeout, self.path)
            except BaseException:
                self._close()
                raise
            self._holder = os.getpid()
        self._depth += 1

    def unlock(self) -> None:
        """Lets others in. Does nothing when the lock is not ours."""
        if self._depth > 0:
            self._depth -= 1
            if self._depth == 0:
                if self._holder == os.getpid():
                    fcntl.flock(self._fd, fcntl.LOCK_UN)
                self._close()

    acquire = lock
    release = unlock

    def __enter__(self) -> FileLock:
        self.lock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unlock()

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1


def synchronized(function: AnyFunction) -> AnyFunction:
    """Decorator: the function runs while no other call of this script's synchronized functions does.

    The lock is comard's, for all callers, and free again whatever ends the function. Synchronized
    functions can call each other. Waiting for scripts that wait for this one raises an exception
    named Deadlock, whose text names the circle. Outside of comar a FileLock does the same.
    """

    @functools.wraps(function)
    def locked(*args: Any, **keywords: Any) -> Any:
        with _script_lock:
            return function(*args, **keywords)

    return cast(AnyFunction, locked)


class _ScriptLock:
    """The lock of the running script. Counts how deep this process is inside."""

    def __init__(self) -> None:
        self._between_threads = threading.RLock()
        self._depth = 0
        self._file: FileLock | None = None

    def __enter__(self) -> None:
        self._between_threads.acquire()
        try:
            if self._depth == 0:
                self._lock()
        except BaseException:
            self._between_threads.release()
            raise
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                self._unlock()
        finally:
            self._between_threads.release()

    def holding(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """Calls a synchronized function for which comard has the lock already."""
        with self._between_threads:
            self._depth += 1
            try:
                return function(*arguments)
            finally:
                self._depth -= 1

    def _lock(self) -> None:
        if current().is_inside_comar:
            ask({"op": "lock"})
        else:
            self._file = FileLock(f"{current().request.app or 'script'}.lock")
            self._file.lock()

    def _unlock(self) -> None:
        if self._file is None:
            current().tell({"op": "unlock"})
        else:
            self._file.unlock()
            self._file = None


_script_lock = _ScriptLock()
call_locked = _script_lock.holding


def _open_lock_file(path: str) -> int:
    _make_folder(os.path.dirname(path))
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _make_folder(folder: str) -> None:
    """Makes our own folder of locks, which may lie where others can write, such as /tmp."""
    if folder != current().request.paths.lock:
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.lstat(folder).st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "the folder of locks is somebody else's", folder)


def _flock(fd: int, kind: int, timeout: float, path: str) -> None:
    if timeout < 0:
        fcntl.flock(fd, kind)
        return
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(errno.ETIMEDOUT, "somebody else holds the lock", path) from None
            time.sleep(min(_POLL_SECONDS, left))
