# SPDX-License-Identifier: MIT
"""Commands that a script waits for, and what they print.

A command writes to two pipes that we read until it has exited, not until the pipes are closed: it
may have left a daemon behind that keeps them open. Such a pipe is then handed to comard, which
reads on. The command's ends are opened for reading too, so that nobody ever gets SIGPIPE there.
"""

from __future__ import annotations

import errno
import os
import pwd
import select
import signal
import sys
from types import TracebackType
from typing import Any, Callable

from comar import _native
from comar._arguments import split_words
from comar._call import current
from comar._effects import extra_groups

_CHUNK_BYTES = 1 << 16
_CANNOT_EXECUTE = 126
_NOT_FOUND = 127

Started = Callable[[int], None]


class execReply(int):
    """How a command ended: its exit code, an int; negative: the signal that ended it.

    `stdout` and `stderr` are what it printed, as text. 127 and 126 are of a command that was not
    found or could not be executed; `stderr` tells why.
    """

    stdout: str
    stderr: str

    def __new__(cls, code: int, stdout: str = "", stderr: str = "") -> execReply:
        reply = super().__new__(cls, code)
        reply.stdout = stdout
        reply.stderr = stderr
        return reply


def run(*cmd: Any) -> execReply:
    """Runs a command, without a shell, and waits for it.

        run("/sbin/modprobe loop")
        run(["/sbin/modprobe", module])
        run("/sbin/modprobe", module)

    A single string is split as a shell does. Returns an execReply: 0 is success. A command that
    does not exist is no exception but 127. What it prints goes to the log of the service, too.
    ValueError: no command at all.
    """
    words = split_words(cmd[0]) if len(cmd) == 1 else split_words(cmd)
    if not words:
        raise ValueError("run() needs a command")
    reply = run_command(words)
    show(reply)
    return reply


def run_command(
    arguments: list[str],
    *,
    user: str | None = None,
    nice: int | None = None,
    started: Started | None = None,
) -> execReply:
    """Runs a command as `user` ("user" or "user:group") and waits for it.

    `nice` is added to the niceness. `started` is called with the pid as soon as the command runs;
    what it raises is raised when the command has ended.
    """
    current().enter_cgroup()
    limit = current().request.output_limit
    with _Stream("out", limit) as out, _Stream("err", limit) as err:
        try:
            pid, _, pidfd = _native.spawn(
                arguments,
                environment=environment_of(user),
                user=user,
                groups=extra_groups(),
                nice=nice,
                stdout=out.command_end,
                stderr=err.command_end,
            )
        except OSError as error:
            return refusal(error)
        out.close_command_end()
        err.close_command_end()
        try:
            if started is not None:
                started(pid)
        finally:
            code = _wait(pidfd, (out, err))
        return execReply(code, out.text(), err.text())


def environment_of(user: str | None) -> dict[Any, Any] | None:
    """Our environment with HOME, USER and LOGNAME of `user`, unless they are set; None: as it is."""
    if user is None:
        return None
    name = user.partition(":")[0]
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError):
        return None
    own = {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}
    return {**own, **os.environ}


def refusal(error: OSError) -> execReply:
    """The reply of a command that could not be started."""
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    return execReply(_NOT_FOUND if missing else _CANNOT_EXECUTE, stderr=error.strerror or str(error))


def describe_end(command: str, reply: int) -> str:
    """ "/usr/bin/x exited with code 3"."""
    if reply >= 0:
        return f"{command} exited with code {reply}"
    return f"{command} was ended by {signal_name(-reply)}"


def signal_name(number: int) -> str:
    """ "SIGTERM"; "signal 40" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def show(reply: execReply) -> None:
    """Prints what a command printed where our own output goes: to the log of the service."""
    for text, stream in ((reply.stdout, sys.stdout), (reply.stderr, sys.stderr)):
        if text:
            print(text, end="" if text.endswith("\n") else "\n", file=stream, flush=True)


def _wait(pidfd: int, streams: tuple[_Stream, ...]) -> int:
    """Reads all streams until the process has exited; returns its exit code, closes the pidfd."""
    by_fd = {stream.fileno(): stream for stream in streams}
    poller = select.poll()
    for fd in (pidfd, *by_fd):
        poller.register(fd, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poller.poll()]
        if pidfd in ready:
            break
        for fd in ready:
            if not by_fd[fd].read():
                poller.unregister(fd)
    code = _native.wait_exit(pidfd)
    os.close(pidfd)
    for stream in streams:
        stream.finish()
    return 0 if code is None else code


class _Stream:
    """One of a command's output streams: a pipe, and the first bytes that came through it."""

    def __init__(self, name: str, limit: int) -> None:
        """`name` is "out" or "err"; at most `limit` bytes are kept, the rest is only counted."""
        self._name = name
        self._limit = limit
        self._chunks: list[bytes] = []
        self._kept = 0
        self._dropped = 0
        self._fd, write_end = os.pipe()
        os.set_blocking(self._fd, False)
        try:
            self.command_end = _native.reopen_read_write(write_end)
        except OSError:
            os.close(self._fd)
            raise
        finally:
            os.close(write_end)

    def __enter__(self) -> _Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close_command_end()
        os.close(self._fd)

    def fileno(self) -> int:
        return self._fd

    def close_command_end(self) -> None:
        if self.command_end >= 0:
            os.close(self.command_end)
            self.command_end = -1

    def read(self) -> bool:
        """Takes what is there, at most a chunk. False: nobody has the other end any more."""
        try:
            chunk = os.read(self._fd, _CHUNK_BYTES)
        except BlockingIOError:
            return True
        self._keep(chunk)
        return bool(chunk)

    def finish(self) -> None:
        """Takes what is left, and leaves the pipe to comard if somebody still holds it.

        One read takes all that a pipe holds, and the next tells whether it is closed. There is no
        third: a daemon may print as fast as we read.
        """
        for _ in range(2):
            try:
                chunk = os.read(self._fd, _CHUNK_BYTES)
            except BlockingIOError:
                break
            if not chunk:
                return
            self._keep(chunk)
        current().tell({"op": "follow", "stream": self._name}, [self._fd])

    def text(self) -> str:
        """What was printed, as text; says so where it is not all."""
        text = b"".join(self._chunks).decode("utf-8", "replace")
        if self._dropped:
            text += f"\n[{self._dropped} more bytes were not kept]\n"
        return text

    def _keep(self, chunk: bytes) -> None:
        kept = chunk[: max(self._limit - self._kept, 0)]
        if kept:
            self._chunks.append(kept)
            self._kept += len(kept)
        self._dropped += len(chunk) - len(kept)
