# SPDX-License-Identifier: MIT
"""Whether a worker may serve another call: only when the last one has left nothing behind.

Forking a worker costs far more than a script's status(), so one that is as it was before the call
is as good as a new one. Only scripts that seem unable to change their process at all are trusted
(comar._tame), and even so what a script can change most easily is compared with what was there
before: children, threads, open files, users, environment, signals, limits, priorities, modules and
the names in them. Anything else than before, and the worker exits, as it always may.
"""

from __future__ import annotations

import _thread
import atexit
import os
import resource
import signal
import socket
import sys
from typing import Any

from comar import _native, _script
from comar._call import current
from comar.connection import move_high

_CALLS_A_WORKER_SERVES = 500
"""Bounds what nobody looks at: fragmented memory, say."""

_UMASK = 0o022
_STANDARD_FDS = (0, 1, 2)
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_SCRIPT = "csl"


class Namespaces:
    """The names in all modules. Taken once, in the host."""

    def __init__(self) -> None:
        self._dicts = [vars(module) for _, module in _modules()]
        self._names = frozenset(sys.modules) - {_SCRIPT}
        self._snapshot = _native.NamespaceSnapshot(self._dicts)

    def settle(self) -> None:
        """After a call that changes nothing: what is different now changes by itself, with every call."""
        restless = set(self._snapshot.changed())
        self._dicts = [names for at, names in enumerate(self._dicts) if at not in restless]
        self._names = frozenset(sys.modules) - {_SCRIPT}
        self._snapshot = _native.NamespaceSnapshot(self._dicts)

    def accept_changes(self) -> None:
        """What is different in this process: Python does a few things anew in one that was forked."""
        self._snapshot.accept_changes()

    def hold(self) -> bool:
        """Whether all of them are as they were."""
        return self._names == sys.modules.keys() - {_SCRIPT} and self._snapshot.holds()


class Home:
    """This process as it was before its first call."""

    def __init__(self, namespaces: Namespaces) -> None:
        namespaces.accept_changes()
        self._namespaces = namespaces
        self._calls = 0
        self._standard = [move_high(number) for number in _STANDARD_FDS]
        self._state = _state()
        self._files = _open_files()

    def is_as_new(self) -> bool:
        """Whether another call would find nothing of the last one."""
        self._calls += 1
        if self._calls >= _CALLS_A_WORKER_SERVES:
            return False
        self._put_back()
        return (
            _has_no_children()
            and not current().is_in_cgroup
            and _script.is_process_unchanged()
            and self._state == _state()
            and self._files == _open_files()
            and self._namespaces.hold()
        )

    def _put_back(self) -> None:
        """What every call may change, and is as it was with one stroke."""
        for number, kept in zip(_STANDARD_FDS, self._standard):
            os.dup2(kept, number)
        os.chdir("/")
        os.umask(_UMASK)
        os.environ.pop("COMAR_SERVICE", None)


def _modules() -> list[tuple[str, Any]]:
    return [
        (name, module)
        for name, module in sys.modules.items()
        if name != _SCRIPT and hasattr(module, "__dict__")
    ]


def _has_no_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _state() -> tuple[Any, ...]:
    return (
        _thread._count(),
        os.getresuid(),
        os.getresgid(),
        os.getgroups(),
        os.readlink("/proc/self/root"),
        dict(os.environ),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.getsid(0),
        os.getpgid(0),
        os.sched_getaffinity(0),
        os.sched_getscheduler(0),
        [signal.getsignal(number) for number in _SIGNALS],
        [resource.getrlimit(number) for number in _LIMITS],
        signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        [signal.getitimer(timer) for timer in _TIMERS],
        list(sys.path),
        [getattr(stream, "closed", None) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        socket.getdefaulttimeout(),
        sys.getrecursionlimit(),
        sys.gettrace(),
        sys.getprofile(),
        atexit._ncallbacks(),
    )


_SIGNALS = sorted(signal.valid_signals())
_LIMITS = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})


def _open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))
