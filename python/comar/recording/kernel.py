# SPDX-License-Identifier: MIT
"""What the kernel refuses to a dry run, whatever Python code finds out about Python.

Three walls, each as far as it can be had: a mount namespace with everything read-only and without
devices (root only), no capability but those for reading (root only), and a filter of system calls,
seccomp(2). That a FIFO is not read is beyond all three: openings.py and guard.py see to it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Collection, Mapping

from comar.recording.system_calls import OneOf, Refused, Rule, allowed, machine

#: What a recording can promise, from the strongest. The filter refuses all that changes something;
#: read-only file systems leave signals and sockets to what watches over Python; and that watches
#: over Python code alone.
FILTERED, READ_ONLY, PYTHON_ONLY = "system calls", "read-only file systems", "Python only"

_CLONE_NEWNS = 0x20000
_MS_RDONLY, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 4, 32, 4096, 16384, 1 << 18
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NODEV, _AT_FDCWD, _AT_RECURSIVE = 1, 4, -100, 0x8000
_SYS_MOUNT_SETATTR = 442
_KEPT_MOUNT_FLAGS = {"nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048}
# Those of openings.py: each is a mount of its own, so that it stays when devices go.
_HARMLESS_DEVICES = (b"/dev/null", b"/dev/zero", b"/dev/full", b"/dev/random", b"/dev/urandom")

_CAPABILITIES_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH, _CAP_SYS_PTRACE = 2, 19

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
# Instructions of BPF: load a word, jump if equal, jump if bits are set, return.
_LOAD, _EQUAL, _SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16

_Instruction = tuple[int, int, int, int]


def wall_in() -> str:
    """Builds the walls around this process, for good; returns what they guarantee."""
    libc = ctypes.CDLL(None, use_errno=True)
    is_read_only = _mount_read_only(libc)
    if os.geteuid() == 0:
        _drop_capabilities(libc)
    if _filter_system_calls(libc):
        return FILTERED
    return READ_ONLY if is_read_only else PYTHON_ONLY


def _mount_read_only(libc: ctypes.CDLL) -> bool:
    """Whether everything is mounted read-only for this process now, and for no other."""
    if libc.unshare(_CLONE_NEWNS) != 0:
        return False
    if libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None) != 0:
        return False
    kept = [each for each in _HARMLESS_DEVICES if _bind(libc, each)]
    if _set_attributes(libc, b"/", _AT_RECURSIVE, sets=_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NODEV):
        for path in kept:
            _set_attributes(libc, path, 0, clears=_MOUNT_ATTR_NODEV)
    else:
        _remount_each(libc, kept)
    return all("ro" in options for _, options in _mounts())


def _bind(libc: ctypes.CDLL, path: bytes) -> bool:
    return bool(libc.mount(path, path, None, ctypes.c_ulong(_MS_BIND), None) == 0)


def _set_attributes(libc: ctypes.CDLL, path: bytes, how: int, sets: int = 0, clears: int = 0) -> bool:
    """mount_setattr(2)."""
    attributes = ctypes.create_string_buffer(struct.pack("=4Q", sets, clears, 0, 0), 32)
    changed = libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR), ctypes.c_long(_AT_FDCWD), path,
        ctypes.c_long(how), attributes, ctypes.c_size_t(32),
    )  # fmt: skip
    return bool(changed == 0)


def _remount_each(libc: ctypes.CDLL, with_devices: Collection[bytes]) -> None:
    """As mount_setattr(2) does, for kernels before 5.12."""
    for path, options in _mounts():
        flags = _MS_REMOUNT | _MS_BIND | _MS_RDONLY
        if path not in with_devices:
            flags |= _MS_NODEV
        for word in options & _KEPT_MOUNT_FLAGS.keys():
            flags |= _KEPT_MOUNT_FLAGS[word]
        libc.mount(None, path, None, ctypes.c_ulong(flags), None)


def _mounts() -> list[tuple[bytes, set[str]]]:
    """Path and options of each mount, proc(5)."""
    with open("/proc/self/mountinfo", "rb") as file:
        rows = [line.split(b" ") for line in file]
    return [(_unescaped(row[4]), set(row[5].decode("ascii").split(","))) for row in rows]


def _unescaped(path: bytes) -> bytes:
    for escaped, plain in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        path = path.replace(escaped, plain)
    return path


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Keeps those that reading needs. Where that is refused, the other walls have to do."""
    kept = 1 << _CAP_DAC_READ_SEARCH | 1 << _CAP_SYS_PTRACE
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def _filter_system_calls(libc: ctypes.CDLL) -> bool:
    """Whether the kernel refuses from now on what is not in the table."""
    known = machine()
    if known is None:
        return False
    number, column = known
    program = b"".join(struct.pack("=HBBI", *each) for each in _program(number, allowed(column)))
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), header, zero, zero) == 0)


def _program(machine_number: int, rules: Mapping[int, Rule]) -> list[_Instruction]:
    """The filter: the machine is ours, and the call is allowed, or else it fails with EPERM."""
    program = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine_number),
        _refuse(errno.EPERM),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number, rule in rules.items():
        block = _block(rule)
        program += [(_EQUAL, 0, len(block), number), *block]
    return [*program, _refuse(errno.EPERM)]


def _block(rule: Rule) -> list[_Instruction]:
    """What decides about one system call. It never goes on behind its end."""
    if isinstance(rule, Refused):
        return [_refuse(rule.error)]
    block: list[_Instruction] = []
    for condition in rule:
        low = _ARGUMENTS + 8 * condition.argument
        if isinstance(condition, OneOf):
            block += _one_of(low, condition.values)
        else:
            jumps = (0, 1) if condition.unset else (1, 0)
            block += [(_LOAD, 0, 0, low), (_SET, *jumps, condition.bits), _refuse(errno.EPERM)]
    return [*block, (_RETURN, 0, 0, _ALLOW)]


def _one_of(low: int, values: tuple[int, ...]) -> list[_Instruction]:
    """Goes on behind its end where the argument is one of the values, whose upper half is 0."""
    block = [(_LOAD, 0, 0, low + 4), (_EQUAL, 1, 0, 0), _refuse(errno.EPERM), (_LOAD, 0, 0, low)]
    for position, value in enumerate(values):
        block.append((_EQUAL, len(values) - position, 0, value))
    return [*block, _refuse(errno.EPERM)]


def _refuse(error: int) -> _Instruction:
    return (_RETURN, 0, 0, _ERROR | error)
