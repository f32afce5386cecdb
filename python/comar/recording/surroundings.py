# SPDX-License-Identifier: MIT
"""Time, the network and the machine in a dry run."""

from __future__ import annotations

import os
import resource
import socket
import syslog
import time
from typing import Any

from comar.recording.journal import Journal


def replace_surroundings(journal: Journal) -> None:
    """Puts recording functions in place of the real ones, in this process for good."""
    _replace_time(journal)
    setattr(socket, "socket", _socket_class(journal))
    setattr(socket, "sethostname", _recording(journal, "set the name of the machine to {}"))
    setattr(syslog, "syslog", _recording(journal, "write to the system log"))
    setattr(syslog, "openlog", lambda *_arguments, **_keywords: None)
    # Of this process and what it starts alone.
    for module, name in ((os, "nice"), (resource, "setrlimit"), (resource, "prlimit")):
        setattr(module, name, lambda *_arguments, **_keywords: None)
    for name in ("setpgid", "setsid", "setpgrp"):
        setattr(os, name, lambda *_arguments: None)


def _recording(journal: Journal, phrase: str) -> Any:
    def record(*arguments: Any) -> None:
        journal.add("change", phrase.format(*arguments, "?"))

    return record


def _replace_time(journal: Journal) -> None:
    """sleep() returns at once, and clocks go on as if it had not."""
    setattr(time, "sleep", journal.sleep)
    for name in ("time", "monotonic"):
        seconds, nanoseconds = getattr(time, name), getattr(time, f"{name}_ns")
        setattr(time, name, lambda real=seconds: real() + journal.slept)
        setattr(time, f"{name}_ns", lambda real=nanoseconds: real() + int(journal.slept * 1e9))


def _socket_class(journal: Journal) -> type:
    class Socket(socket.socket):
        """A socket whose other end takes everything, and says nothing."""

        pretends = False
        """Whether it would be connected by now."""

        def connect(self, address: Any) -> None:
            self.pretends = True
            journal.add("connect", f"connect to {_shown(address)}", path=_path(address))

        def connect_ex(self, address: Any) -> int:
            self.connect(address)
            return 0

        def bind(self, address: Any) -> None:
            journal.add("change", f"listen at {_shown(address)}", path=_path(address))

        def listen(self, *_backlog: int) -> None:
            pass

        def send(self, data: Any, *flags: int) -> int:
            return memoryview(data).nbytes if self.pretends else super().send(data, *flags)

        def sendall(self, data: Any, *flags: int) -> None:
            if not self.pretends:
                super().sendall(data, *flags)

        def sendto(self, data: Any, *where: Any) -> int:
            journal.add("connect", f"send a message to {_shown(where[-1])}")
            return memoryview(data).nbytes

        def sendmsg(self, buffers: Any, *more: Any) -> int:
            journal.add("connect", "send a message by a socket")
            return sum(memoryview(each).nbytes for each in buffers)

        def recv(self, *arguments: Any) -> bytes:
            return b"" if self.pretends else super().recv(*arguments)

        def accept(self) -> Any:
            journal.refuse("wait for a connection")

    return Socket


def _path(address: Any) -> str | None:
    return address if isinstance(address, str) else None


def _shown(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return os.fsdecode(address) if isinstance(address, bytes) else str(address)
