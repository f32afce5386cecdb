# SPDX-License-Identifier: MIT
"""Watches over Python: what changes something and was not recorded ends a dry run.

sys.addaudithook(3) shows what the interpreter is about to do, by whichever way the script got there.
A hook cannot be taken out again. It does not see what compiled code does, so that may not be loaded.
"""

from __future__ import annotations

import fcntl
import os
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

from comar.recording.files import WRITING
from comar.recording.journal import Journal
from comar.recording.openings import reason_against

# Audit events (Python's table of them), and what they are for people.
_CHANGING = {
    "os.chflags": "set flags of {}",
    "os.chmod": "change the mode of {}",
    "os.chown": "change the owner of {}",
    "os.exec": "run {}",
    "os.fork": "fork",
    "os.forkpty": "fork",
    "os.kill": "send signal {1} to process {0}",
    "os.killpg": "send signal {1} to process group {0}",
    "os.link": "make a link to {}",
    "os.lockf": "lock a file",
    "os.mkdir": "make the folder {}",
    "os.posix_spawn": "run {}",
    "os.remove": "remove {}",
    "os.removexattr": "remove an attribute of {}",
    "os.rename": "rename {} to {}",
    "os.rmdir": "remove the folder {}",
    "os.setxattr": "set an attribute of {}",
    "os.spawn": "run {1}",
    "os.symlink": "make a link to {}",
    "os.system": "run {}",
    "os.truncate": "truncate {}",
    "os.utime": "set the times of {}",
    "subprocess.Popen": "run {0}",
    "socket.bind": "listen at {1}",
    "socket.connect": "connect to {1}",
    "socket.sendto": "send to {1}",
    "socket.sendmsg": "send to {1}",
    "socket.sethostname": "set the name of the machine",
    "socket.gethostbyname": "look up {}",
    "socket.gethostbyaddr": "look up {}",
    "fcntl.flock": "lock a file",
    "fcntl.lockf": "lock a file",
    "resource.setrlimit": "set a limit",
    "resource.prlimit": "set a limit",
    "signal.pthread_kill": "send a signal",
    "sqlite3.connect": "open the database {}",
    "syslog.openlog": "write to the system log",
    "syslog.syslog": "write to the system log",
    "cpython.PyInterpreterState_New": "start another interpreter",
    # Ways around what is watched here.
    "code.__new__": "make byte code of its own",
    "gc.get_objects": "look for objects of the interpreter",
    "gc.get_referrers": "look for objects of the interpreter",
    "gc.get_referents": "look for objects of the interpreter",
    "pty.spawn": "run {}",
}

_IMPORT, _OPEN, _IOCTL, _FCNTL, _CTYPES = "import", "open", "fcntl.ioctl", "fcntl.fcntl", "ctypes."
# TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_HARMLESS_IOCTLS = frozenset((0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451))
_HARMLESS_FCNTLS = frozenset(
    (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL)
)
# Compiled modules of Python itself that can do more than compute.
_POWERFUL = frozenset(
    "_ctypes _ctypes_test _curses _curses_panel _dbm _gdbm _multiprocessing _posixshmem _sqlite3 "
    "_testbuffer _testcapi _testclinic _testinternalcapi _testmultiphase _tkinter "
    "_xxsubinterpreters nis ossaudiodev readline spwd xxlimited xxlimited_35".split()
)


def watch(journal: Journal) -> None:
    """From now on, what changes something and does not go through a recording function is the end."""
    for name in [each for each in sys.modules if each.partition(".")[0] in ("ctypes", "_ctypes")]:
        del sys.modules[name]
    sys.addaudithook(_hook(journal.refuse))


def _hook(refuse: Callable[[str], Any]) -> Callable[[str, tuple[Any, ...]], None]:
    # In the closure, out of reach of a script that changes this module.
    changing = dict(_CHANGING)
    writing, kinds = WRITING, (_IMPORT, _OPEN, _IOCTL, _FCNTL)
    why_not, ctypes = _why_not_import, _CTYPES
    why_not_open, kind_of = _why_not_open, isinstance
    ioctls, fcntls = _HARMLESS_IOCTLS, _HARMLESS_FCNTLS
    importing, opening, controlling, setting = kinds
    # Signal 0 only asks.
    signalling = ("os.kill", "os.killpg")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == opening:
            path, mode, flags = arguments
            if kind_of(path, int):
                return
            if kind_of(flags, int) and flags & writing:
                refuse(f"write {path!s}")
            reason = why_not_open(path, mode, flags)
            if reason:
                refuse(reason)
        elif event == importing:
            reason = why_not(arguments[0], arguments[1])
            if reason:
                refuse(reason)
        elif event == controlling:
            if arguments[1] not in ioctls:
                refuse("control a device by ioctl()")
        elif event == setting:
            if arguments[1] not in fcntls:
                refuse("lock or control a file by fcntl()")
        elif event in changing and not (event in signalling and arguments[1] == 0):
            refuse(changing[event].format(*arguments, "?", "?"))
        elif event.startswith(ctypes):
            refuse("call functions of compiled code by ctypes")

    return hook


def _opener() -> Callable[[Any, Any, Any], str]:
    reason, kind_of, texts, only_named = reason_against, isinstance, (str, bytes), os.O_PATH

    def why_not(path: Any, mode: Any, flags: Any) -> str:
        """Why what goes by no recording function is not opened, as what would be done; "": it is."""
        if kind_of(flags, int) and flags & only_named:
            return ""
        # Without a mode it is os.open(), which may mean a name within any folder.
        if not kind_of(path, texts) or (mode is None and path[:1] not in ("/", b"/")):
            return f"open {path!s}, of which nobody can tell what it is"
        return reason(path)

    return why_not


_why_not_open = _opener()


def _importer() -> Callable[[Any, Any], str]:
    powerful = _POWERFUL
    own = os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload") + os.sep

    def why_not(name: Any, path: Any) -> str:
        """Why a module is not loaded, as what would be done; "" when it is."""
        if str(name).rpartition(".")[2] in powerful or str(name).partition(".")[0] == "ctypes":
            return f"use {name}, which can call compiled code or change something unseen"
        if isinstance(path, str) and ".so" in path and not os.path.realpath(path).startswith(own):
            return f"use {name}, compiled code that nobody can watch ({path})"
        return ""

    return why_not


_why_not_import = _importer()
