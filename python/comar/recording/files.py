# SPDX-License-Identifier: MIT
"""Files in a dry run: reading is real, but of files alone; writing goes nowhere, changes are recorded.

Whether there is such a file is looked up for real, so that a script fails where it really would,
until something has been done with that path.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import shutil
from collections.abc import Callable
from typing import Any

from comar import _native
from comar.recording.journal import Journal
from comar.recording.openings import opener, reason_against

#: Flags of open(2) that only writing needs.
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_LARGEST_COPY = 1 << 20
_CREATING, _REMOVING, _OTHER = range(3)

# What is recorded of a function: a phrase for its paths, and whether they must be there.
_OF_OS: dict[str, tuple[str, int]] = {
    "mkdir": ("make the folder {}", _CREATING),
    "mkfifo": ("make the FIFO {}", _CREATING),
    "mknod": ("make the node {}", _CREATING),
    "remove": ("remove {}", _REMOVING),
    "unlink": ("remove {}", _REMOVING),
    "rmdir": ("remove the folder {}", _REMOVING),
    "removedirs": ("remove the folder {} and those above that are empty then", _REMOVING),
    "rename": ("rename {} to {}", _OTHER),
    "renames": ("rename {} to {}", _OTHER),
    "replace": ("rename {} to {}", _OTHER),
    "link": ("make {1} a hard link to {0}", _OTHER),
    "symlink": ("make {1} a symbolic link to {0}", _OTHER),
    "chmod": ("give {} the mode {}", _OTHER),
    "lchmod": ("give {} the mode {}", _OTHER),
    "fchmod": ("give the open file {} the mode {}", _OTHER),
    "chown": ("give {} to user {}, group {}", _OTHER),
    "lchown": ("give {} to user {}, group {}", _OTHER),
    "fchown": ("give the open file {} to user {}, group {}", _OTHER),
    "chflags": ("set flags of {}", _OTHER),
    "utime": ("set the times of {}", _OTHER),
    "truncate": ("cut {} to {} bytes", _OTHER),
    "setxattr": ("set the attribute {1} of {0}", _OTHER),
    "removexattr": ("remove the attribute {1} of {0}", _OTHER),
}
_OF_SHUTIL: dict[str, tuple[str, int]] = {
    "copy": ("copy {} to {}", _OTHER),
    "copy2": ("copy {} to {}", _OTHER),
    "copyfile": ("copy {} to {}", _OTHER),
    "copytree": ("copy the folder {} to {}", _OTHER),
    "copymode": ("copy the mode of {} to {}", _OTHER),
    "copystat": ("copy mode and times of {} to {}", _OTHER),
    "move": ("move {} to {}", _OTHER),
    "rmtree": ("remove the folder {} and all that is in it", _OTHER),
    "chown": ("change the owner of {}", _OTHER),
    "make_archive": ("make the archive {}.{}", _OTHER),
    "unpack_archive": ("unpack the archive {}", _OTHER),
}
# What the first arguments are called, for those that give them by name.
_NAMES = ("path", "src", "name", "filename", "base_name", "dst", "mode", "uid", "gid", "format")


def replace_files(journal: Journal) -> None:
    """Puts recording functions in place of the real ones, in this process for good."""
    for module, table in ((os, _OF_OS), (shutil, _OF_SHUTIL)):
        for name, (phrase, kind) in table.items():
            if hasattr(module, name):
                setattr(module, name, _changing(journal, name, phrase, kind))
    setattr(os, "makedirs", _makedirs(journal))
    _replace_opening(journal)
    _replace_pidfiles(journal)
    _replace_locks(journal)
    _replace_access()


def _changing(journal: Journal, name: str, phrase: str, kind: int) -> Callable[..., Any]:
    def change(*arguments: Any, **keywords: Any) -> Any:
        given = [*arguments, *(keywords[key] for key in _NAMES if key in keywords)]
        if kind != _OTHER:
            _raise_as_real(journal, given[0], kind)
        words = [oct(each) if "mode" in phrase and type(each) is int else _shown(each) for each in given]
        text = phrase.format(*words, *("?" for _ in range(3)))
        paths = [_shown(each) for each in given if isinstance(each, (str, bytes, os.PathLike))]
        journal.touched.update(os.path.abspath(each) for each in paths)
        journal.add("change", text, path=paths[0] if paths else None)
        # shutil's functions return where something is now.
        return given[1] if name in _RETURN_TARGET and len(given) > 1 else None

    return change


_RETURN_TARGET = frozenset(("copy", "copy2", "copyfile", "copytree", "move"))


def _raise_as_real(journal: Journal, path: Any, kind: int) -> None:
    """What the real function raises where the path is there already, or is not there."""
    if isinstance(path, int) or os.path.abspath(os.fsdecode(path)) in journal.touched:
        return
    if kind == _CREATING and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if kind == _REMOVING and not os.path.lexists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _makedirs(journal: Journal) -> Callable[..., None]:
    mkdir = _changing(journal, "mkdir", "make the folder {}", _CREATING)

    def makedirs(name: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        if not (exist_ok and os.path.isdir(name)):
            mkdir(name)

    return makedirs


def _shown(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (bytes, os.PathLike)) else str(value)


def _replace_opening(journal: Journal) -> None:
    real_open, open_to_read = io.open, opener(journal)

    def open_file(file: Any, mode: str = "r", *arguments: Any, **keywords: Any) -> Any:
        if isinstance(file, int):
            return real_open(file, mode, *arguments, **keywords)
        if not set(mode) & set("wax+"):
            # buffering, encoding, errors, newline, closefd, opener
            if len(arguments) < 6:
                keywords["opener"] = keywords.get("opener") or open_to_read
            return real_open(file, mode, *arguments, **keywords)
        path = _shown(file)
        if "x" in mode:
            _raise_as_real(journal, path, _CREATING)
        sink = _sink(journal, path, keeps="r" in mode or "a" in mode)
        keywords.pop("opener", None)
        keywords.pop("closefd", None)
        # Positional up to closefd and opener: buffering, encoding, errors, newline.
        return real_open(sink, mode.replace("x", "w"), *arguments[:4], **keywords)

    def open_descriptor(path: Any, flags: int, mode: int = 0o777, *, dir_fd: Any = None) -> int:
        if not flags & WRITING:
            return open_to_read(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT and flags & os.O_EXCL:
            _raise_as_real(journal, path, _CREATING)
        return _sink(journal, _shown(path), keeps=not flags & os.O_TRUNC)

    def _sink(journal: Journal, path: str, keeps: bool) -> int:
        """Memory in place of a file, with what is in that where it `keeps` it."""
        if path != os.devnull:
            journal.touched.add(os.path.abspath(path))
            journal.add("write", f"write {path}", path=path)
        sink = os.memfd_create("dry run")
        if keeps and os.path.isfile(path):
            with real_open(path, "rb", opener=open_to_read) as file:
                os.write(sink, file.read(_LARGEST_COPY))
            os.lseek(sink, 0, os.SEEK_SET)
        return sink

    for module in (builtins, io):
        setattr(module, "open", open_file)
    setattr(os, "open", open_descriptor)


def _replace_pidfiles(journal: Journal) -> None:
    """Compiled code reads them, which nothing in Python hears of."""
    real = _native.read_pidfile

    def read_pidfile(path: Any) -> Any:
        reason = reason_against(path, follow=False)
        return journal.refuse(reason) if reason else real(path)

    setattr(_native, "read_pidfile", read_pidfile)


def _replace_locks(journal: Journal) -> None:
    def lock(fd: Any, operation: int, *_more: Any) -> None:
        if not operation & fcntl.LOCK_UN:
            journal.add("lock", "lock an open file")

    setattr(fcntl, "flock", lock)
    setattr(fcntl, "lockf", lock)
    setattr(os, "lockf", lambda *_arguments: lock(0, 0))


def _replace_access() -> None:
    """What may be written is not asked of file systems that are read-only here alone."""
    real = os.access

    def access(path: Any, mode: int, **keywords: Any) -> bool:
        return real(path, mode & ~os.W_OK, **keywords)

    setattr(os, "access", access)
