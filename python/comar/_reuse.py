# SPDX-License-Identifier: MIT
"""Whether a worker may serve another call: only when the last one has left nothing behind.

Forking a worker costs far more than a script's status(), so one that is as it was before the call
is as good as a new one. Only scripts that cannot change their process are trusted (comar._tame).
What even those may leave, and what could show that one of them was misjudged, is compared with what
was there before: children, threads, open files, users, environment. Anything else than before, and
the worker exits, as it always may.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
from typing import Any

from comar import _script
from comar._call import current
from comar.connection import move_high

_CALLS_A_WORKER_SERVES = 500
"""Bounds what nobody looks at: fragmented memory, say."""

_UMASK = 0o022
_STANDARD_FDS = (0, 1, 2)


class Home:
    """This process as it was before its first call."""

    def __init__(self) -> None:
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
            and not current().has_applied_settings
            and _script.is_process_unchanged()
            and self._state == _state()
            and self._files == _open_files()
        )

    def _put_back(self) -> None:
        """What every call may change, and is as it was with one stroke."""
        for number, kept in zip(_STANDARD_FDS, self._standard):
            os.dup2(kept, number)
        os.chdir("/")
        os.umask(_UMASK)
        os.environ.pop("COMAR_SERVICE", None)


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
        os.getsid(0),
        os.environ.copy(),
        sys.path.copy(),
        len(sys.modules),
        atexit._ncallbacks(),
    )


def _open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))
