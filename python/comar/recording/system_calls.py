# SPDX-License-Identifier: MIT
"""The system calls that a dry run may make: those that read, wait, or concern its own process alone.

Numbers are those of x86-64 and of the table that newer machines share (aarch64, riscv64); "-": that
machine has none. A call that is not here is refused, so what a new kernel adds is refused, too.
"""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

#: Names of machines as of uname(2): the number that seccomp(2) knows them by, and their column below.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1), "riscv64": (0xC00000F3, 1)}

_ALLOWED = """
    read:0:63 readv:19:65 pread64:17:67 preadv:295:69 preadv2:327:286 write:1:64 writev:20:66
    pwrite64:18:68 pwritev:296:70 close:3:57 close_range:436:436 lseek:8:62 fstat:5:80 stat:4:-
    lstat:6:- newfstatat:262:79 statx:332:291 poll:7:- ppoll:271:73 select:23:- pselect6:270:72
    epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22
    epoll_pwait2:441:441 eventfd:284:- eventfd2:290:19 timerfd_create:283:85
    timerfd_settime:286:86 timerfd_gettime:287:87 inotify_init:253:- inotify_init1:294:26
    inotify_add_watch:254:27 inotify_rm_watch:255:28 mmap:9:222 mprotect:10:226 munmap:11:215
    mremap:25:216 brk:12:214 madvise:28:233 mincore:27:232 membarrier:324:283
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136
    rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132 restart_syscall:219:128
    pause:34:- access:21:- faccessat:269:48 faccessat2:439:439 pipe:22:- pipe2:293:59
    sched_yield:24:124 dup:32:23 dup2:33:- dup3:292:24 nanosleep:35:101 clock_nanosleep:230:115
    getitimer:36:102 setitimer:38:103 alarm:37:- getpid:39:172 gettid:186:178 getppid:110:173
    getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177 getgroups:115:158
    getresuid:118:148 getresgid:120:150 getpgrp:111:- getpgid:121:155 getsid:124:156
    getpriority:140:141 sched_getparam:143:121 sched_getscheduler:145:120
    sched_getaffinity:204:123 sched_get_priority_max:146:125 sched_get_priority_min:147:126
    socketpair:53:199 getsockname:51:204 getpeername:52:205 getsockopt:55:209 recvfrom:45:207
    recvmsg:47:212 shutdown:48:210 exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95
    uname:63:160 fsync:74:82 fdatasync:75:83 getdents64:217:61 getcwd:79:17 chdir:80:49
    fchdir:81:50 readlink:89:- readlinkat:267:78 umask:95:166 gettimeofday:96:169 time:201:-
    times:100:153 clock_gettime:228:113 clock_getres:229:114 getrlimit:97:163 getrusage:98:165
    sysinfo:99:179 statfs:137:43 fstatfs:138:44 getcpu:309:168 arch_prctl:158:- futex:202:98
    set_tid_address:218:96 set_robust_list:273:99 get_robust_list:274:100 rseq:334:293
    getrandom:318:278 memfd_create:319:279 ftruncate:77:46 fadvise64:221:223 readahead:187:213
    pidfd_open:434:434 getxattr:191:8 lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11
    llistxattr:195:12 flistxattr:196:13 capget:125:90 fallocate:285:47
"""

_CONDITIONAL = """
    openat:257:56 open:2:- kill:62:129 pidfd_send_signal:424:424 tgkill:234:131 clone:56:220
    clone3:435:435 openat2:437:437 ioctl:16:29 fcntl:72:25 socket:41:198 sendto:44:206
    setsockopt:54:208 prlimit64:302:261 prctl:157:167
"""

_THREAD = 0x10000  # CLONE_THREAD
# Neither access mode for writing, nor O_CREAT, O_TRUNC, O_TMPFILE.
_CHANGING_FLAGS = 0o3 | 0o100 | 0o1000 | 0o20000000
# TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_IOCTLS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Not those that lock, or that have other processes signalled: F_SETOWN and the like.
_FCNTLS = (0, 1, 2, 3, 4, 5, 1030, 1032, 1033, 1034)
_UNIX, _INET, _INET6, _SOL_SOCKET = 1, 2, 10, 1
_PR_SET_NAME, _PR_GET_NAME = 15, 16


@dataclass(frozen=True)
class OneOf:
    """An argument (from 0) that must have one of these values."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class Bits:
    """An argument of which some of these bits must be set, or with `unset` none of them."""

    argument: int
    bits: int
    unset: bool = False


@dataclass(frozen=True)
class Refused:
    """Never allowed, and refused with an error of its own: the C library knows another way."""

    error: int


Condition = Union[OneOf, Bits]
Rule = Union[tuple[Condition, ...], Refused]


def machine() -> tuple[int, int] | None:
    """The number that seccomp(2) knows this machine by, and its column. None: we do not know it."""
    return _MACHINES.get(platform.machine())


def allowed(column: int) -> Mapping[int, Rule]:
    """Numbers of the system calls that are allowed, and on which conditions."""
    rules: dict[int, Rule] = {number: () for number in _numbers(_ALLOWED, column).values()}
    conditions = _conditions()
    for name, number in _numbers(_CONDITIONAL, column).items():
        rules[number] = conditions[name]
    return rules


def _numbers(table: str, column: int) -> dict[str, int]:
    rows = (row.split(":") for row in table.split())
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


def _conditions() -> dict[str, Rule]:
    return {
        "open": (Bits(1, _CHANGING_FLAGS, unset=True),),
        "openat": (Bits(2, _CHANGING_FLAGS, unset=True),),
        "openat2": Refused(errno.ENOSYS),
        # Signal 0 only asks whether there is such a process.
        "kill": (OneOf(1, (0,)),),
        "pidfd_send_signal": (OneOf(1, (0,)),),
        "tgkill": (OneOf(0, (os.getpid(),)),),
        "clone": (Bits(0, _THREAD),),
        "clone3": Refused(errno.ENOSYS),
        "ioctl": (OneOf(1, _IOCTLS),),
        "fcntl": (OneOf(1, _FCNTLS),),
        "socket": (OneOf(0, (_UNIX, _INET, _INET6)),),
        "sendto": (OneOf(4, (0,)),),
        "setsockopt": (OneOf(1, (_SOL_SOCKET,)),),
        "prlimit64": (OneOf(0, (0,)), OneOf(2, (0,))),
        "prctl": (OneOf(0, (_PR_SET_NAME, _PR_GET_NAME)),),
    }
