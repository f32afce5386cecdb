# SPDX-License-Identifier: MIT
"""What may be opened in a dry run: what reading leaves as it was.

A FIFO lets its writer go on and gives away what is in it, and many a device acts as soon as it is
opened, a watchdog for one. No filter of system calls can tell, as it sees no more than flags.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Any

from comar.recording.journal import Journal

# /dev/null, zero, full, random, urandom: whoever reads there takes nothing from anybody.
_HARMLESS_DEVICES = frozenset(os.makedev(1, minor) for minor in (3, 5, 7, 8, 9))


def _special_finder() -> Callable[[os.stat_result], str]:
    # In closures, here and below, out of reach of a script that changes modules.
    is_fifo, is_block, is_character = stat.S_ISFIFO, stat.S_ISBLK, stat.S_ISCHR
    harmless = _HARMLESS_DEVICES

    def what_is_special(status: os.stat_result) -> str:
        """What it is that may not be opened, as a word; "": it may be."""
        if is_fifo(status.st_mode):
            return "FIFO"
        acts = is_character(status.st_mode) and status.st_rdev not in harmless
        return "device" if acts or is_block(status.st_mode) else ""

    return what_is_special


what_is_special = _special_finder()


def _reason_finder() -> Callable[..., str]:
    look, special, shown, failures = os.stat, what_is_special, os.fsdecode, (OSError, ValueError)

    def reason_against(path: Any, follow: bool = True) -> str:
        """What opening `path` would be, as what would be done; "": it may be opened."""
        try:
            word = special(look(path, follow_symlinks=follow))
        except failures:
            return ""  # opening it fails likewise
        return f"open the {word} {shown(path)}" if word else ""

    return reason_against


reason_against = _reason_finder()


def opener(journal: Journal) -> Callable[..., int]:
    """An os.open() for reading, which ends the recording at what reading would change."""
    real, look, close, special = os.open, os.fstat, os.close, what_is_special

    def open_to_read(path: Any, flags: int, mode: int = 0o777, *, dir_fd: Any = None) -> int:
        if flags & os.O_PATH:
            return real(path, flags, mode, dir_fd=dir_fd)
        # What is looked at is what is opened, whoever puts something else there meanwhile.
        found = real(path, flags | os.O_PATH | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            status = look(found)
            if stat.S_ISLNK(status.st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            word = special(status)
            if word:
                journal.refuse(f"open the {word} {os.fsdecode(path)}")
            return real(f"/proc/self/fd/{found}", flags & ~os.O_NOFOLLOW)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            close(found)

    return open_to_read
