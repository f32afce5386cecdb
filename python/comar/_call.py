# SPDX-License-Identifier: MIT
"""The call that this process serves: what comard asked, the way back, and what was learned since.

comard sends a worker one request. The worker makes it the current call, and everything in the
Service API asks current() for the script's name, its language, its service, and so on. Outside of
comar, as when a packager's unit test imports a script, the current call is one without a
connection, and what needs comard says so.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from comar import _native
from comar.connection import Connection, ConnectionLost
from comar.values import decode

# What is left of the time of a call for telling the caller why it failed.
_LARGEST_MARGIN_SECONDS = 2.0

# The methods whose programs get the settings of the service.
_METHODS_WITH_SETTINGS = frozenset(("start", "ready", "reload", "restart"))


def _own_lock_folder() -> str:
    """Where locks are when no comard says it."""
    if os.geteuid() == 0:
        return "/run/lock/comar"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/comar/lock" if runtime else f"/tmp/comar-lock-{os.geteuid()}"


@dataclass(frozen=True)
class Paths:
    """Where things are, below comard's root."""

    conf: str = "/etc/conf.d"
    data: str = "/var/lib/comar"
    models: str = "/usr/share/comar/models"
    lock: str = field(default_factory=_own_lock_folder)
    profile_env: str = "/etc/profile.env"

    @classmethod
    def parse(cls, message: Mapping[str, str]) -> Paths:
        """Reads the request's `paths`; what is not there keeps its default."""
        known = {name: message[name] for name in cls.__dataclass_fields__ if name in message}
        return cls(**known)


@dataclass
class Service:
    """What comard knows of the service. `running` is None when it knows nothing."""

    startup: str = "off"
    running: bool | None = None
    processes: frozenset[tuple[int, int]] = frozenset()
    tracked: bool = False
    chosen: bool = False

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> Service:
        """Reads the request's `service`."""
        return cls(
            startup=message.get("startup", "off"),
            running=message.get("running"),
            processes=frozenset((pid, start_time) for pid, start_time in message["processes"])
            if message.get("processes")
            else frozenset(),
            tracked=bool(message.get("tracked")),
            chosen=bool(message.get("chosen")),
        )


@dataclass
class Request:
    """One method of one script, docs/protocol.md. The defaults are for outside of comar."""

    app: str = ""
    model: str = "System.Service"
    method: str = ""
    args: Sequence[Any] = ()
    script: str = ""
    language: str = "en"
    sender: str = ""
    service: Service = field(default_factory=Service)
    cgroup: str | None = None
    join_cgroup: bool = False
    locked: bool = False
    output: Sequence[str] | None = None
    paths: Paths = field(default_factory=Paths)
    interface: str = "tr.org.pardus.comar"
    seconds: float = 90.0
    output_limit: int = 1 << 20
    settings: Mapping[str, Any] = field(default_factory=dict)
    notify_socket: str | None = None
    ready_fifo: str | None = None
    ready_fd: int = 3
    stop_seconds: float | None = None
    internal: bool = False

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> Request:
        """Reads a `run` request or an item of `poll`. ValueError: an argument that is no value."""
        parts = {name: message[name] for name in _PLAIN_PARTS if message.get(name) is not None}
        return cls(
            args=[decode(value) for value in message.get("args", ())],
            service=Service.parse(message.get("service") or {}),
            paths=Paths.parse(message.get("paths") or {}),
            **parts,
        )


_PLAIN_PARTS = tuple(
    name for name in Request.__dataclass_fields__ if name not in ("args", "service", "paths")
)


class Call:
    """One request while it is served."""

    def __init__(self, request: Request, connection: Connection | None = None) -> None:
        self.request = request
        self.pid = os.getpid()
        margin = min(_LARGEST_MARGIN_SECONDS, request.seconds / 10)
        self._deadline = time.monotonic() + request.seconds - margin
        self._connection = connection
        self.is_inside_comar = connection is not None
        """Whether a comard runs this process, or the one that it was forked from."""
        # A script's threads take turns: comard answers one question at a time.
        self._asking = threading.Lock()
        self.has_changed_service = False
        """Whether this call has started or stopped a program already."""
        self.started: set[tuple[int, int]] = set()
        """(pid, start_time) of the programs that this call has started in the background."""
        self.has_applied_settings = False
        """Whether this process is as the service wants it, so that no other can have it."""
        self._is_in_cgroup = False

    @property
    def is_connected(self) -> bool:
        """Whether comard is at the other end. Not in a process that the script has forked."""
        return self._connection is not None and self.pid == os.getpid()

    @property
    def ready_fifo(self) -> tuple[str | None, int]:
        """Where a program says with a newline that it is ready, and the number of its fd for that."""
        request = self.request
        return (request.ready_fifo if self._starts_the_service else None), request.ready_fd

    @property
    def settings(self) -> Mapping[str, Any]:
        """Those of the service that programs of this call get, by the keys of comar.settings."""
        return self.request.settings if self._starts_the_service else {}

    @property
    def notify_socket(self) -> str | None:
        """Where programs of this call report that they are ready; None: nowhere."""
        return self.request.notify_socket if self._starts_the_service else None

    @property
    def _starts_the_service(self) -> bool:
        return self.request.method in _METHODS_WITH_SETTINGS and not self.request.internal

    def enter_cgroup(self) -> None:
        """Moves this process to the service's cgroup, before it starts something that may stay.

        Not earlier: a process cannot leave without a trace. OSError: it cannot be entered.
        """
        if not self._is_in_cgroup and self.cgroup_of_programs is not None:
            _native.join_cgroup(self.request.cgroup or "")
            self._is_in_cgroup = True

    @property
    def is_in_cgroup(self) -> bool:
        """Whether this process has moved to the service's cgroup, and counts as one of it there."""
        return self._is_in_cgroup

    @property
    def cgroup_of_programs(self) -> str | None:
        """The cgroup that what we start belongs to. None: there is none, or we are in it."""
        request = self.request
        outside = request.join_cgroup and self.is_connected and not self._is_in_cgroup
        return request.cgroup if outside else None

    def seconds_left(self) -> float:
        """How long this call may still wait for something."""
        return max(self._deadline - time.monotonic(), 0.0)

    def tell(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Sends comard a message that has no answer; nothing happens where there is no comard."""
        if self._connection is None or not self.is_connected:
            return
        try:
            with self._asking:
                self._connection.send(message, fds)
        except ConnectionLost:
            os._exit(1)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends comard a question and waits for the reply.

        The time that this takes is not the call's own. RuntimeError: there is no comard. Without
        the socket a worker is of no use: it exits.
        """
        asked = time.monotonic()
        if self._connection is None or not self.is_connected:
            raise RuntimeError(f"cannot ask for {message['op']!r}: no comard runs this process")
        try:
            with self._asking:
                self._connection.send(message)
                reply = self._connection.receive()
        except ConnectionLost:
            os._exit(1)
        self._deadline += time.monotonic() - asked
        return reply

    def abandon(self) -> None:
        """Closes the socket in a process that is not the worker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_current = Call(Request())


def current() -> Call:
    """The call that is being served."""
    return _current


def begin(call: Call) -> None:
    """Makes `call` the current one."""
    global _current
    _current = call


def _leave_to_the_worker() -> None:
    """In a process that a script has forked: comard hears from the worker alone."""
    if _current.pid != os.getpid():
        _current.abandon()


os.register_at_fork(after_in_child=_leave_to_the_worker)


def _follow_service(event: str, _arguments: object) -> None:
    """A script that starts a program in its own way: the program belongs to the service too."""
    if event in _STARTING_EVENTS:
        _current.enter_cgroup()


# Names of audit events, PEP 578.
_STARTING_EVENTS = frozenset(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
)
sys.addaudithook(_follow_service)
