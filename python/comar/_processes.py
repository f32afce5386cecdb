# SPDX-License-Identifier: MIT
"""Which processes are the service's.

A pid in a file, and a name in /proc, is a claim. A process is *known* to be the service's when it
is in the service's cgroup, is one that comard named, or descends from one of those or from this
worker. Any other process is *foreign*, and taken for the service's only where that is safe:

- another service's process never is, whichever comard looks after that;
- where the command is known, the process must run that very file, or call itself so in argv[0]
  while the pidfile is one that only root (or the user we run as) can have written;
- where no command is known, the pidfile must be trusted in that sense and newer than the process,
  and comard must not have started the service itself: it would know the process then.
"""

from __future__ import annotations

import os
import re
import time
from typing import Iterator, NamedTuple

from comar import _native
from comar._call import current
from comar._messages import ask
from comar._source import commands_started_with

_COMM_BYTES = 15
# Of a comard for the machine, or for one root.
_SERVICE_CGROUP = re.compile(r"/(comar(?:-[0-9a-f]{16})?)/\w+")
# The clocks of file systems and of processes are not that precise.
_SLACK_NANOSECONDS = 2 * 10**9


class Claim(NamedTuple):
    """What a pidfile comes to.

    `process` is the service's; None when there is none. `refusal` is then empty, or it tells why a
    live process that may well be the service's is not taken for it.
    """

    process: _native.Process | None = None
    refusal: str = ""


_NOBODY = Claim()


def examine(pidfile: str, command: str | None = None, user: str | None = None) -> Claim:
    """Finds the process that `pidfile` names, if it is the service's.

    With `command` or `user` only if it runs that command, or as that user. OSError: no such user.
    """
    uid = None if user is None else _native.find_uid(str(user))
    try:
        found = _native.read_pidfile(pidfile)
    except OSError as error:
        return Claim(refusal=error.strerror or str(error))
    if found is None:
        return _NOBODY
    pid, trusted, modified = found
    try:
        process = _native.open_process(pid)
        if is_untouchable(process) or (uid is not None and process.uid() != uid):
            return _NOBODY
        if is_known(process):
            return Claim(process) if command is None or runs(process, command) else _NOBODY
        if _is_anothers(process):
            return _NOBODY
        commands = [command] if command is not None else commands_started_with(pidfile)
        if commands:
            return _judge_by_commands(process, pidfile, trusted, commands)
        return _judge_by_age(process, pidfile, trusted, modified)
    except ProcessLookupError:
        return _NOBODY


def find_processes(
    command: str | None = None, user: str | None = None, name: str | None = None
) -> Iterator[_native.Process]:
    """The service's processes that match all that is given.

    Foreign ones must execute `command`, and are not looked for when comard started the service: it
    knows all of its processes then. OSError: no such user.
    """
    uid = None if user is None else _native.find_uid(str(user))
    known = set()
    for process in _known_processes():
        known.add(process.pid)
        if _matches(process, command, uid, name):
            yield process
    if command is not None and not current().request.service.tracked:
        for process in _executing(command, known):
            if _matches(process, command, uid, name) and not _is_anothers(process):
                yield process


def find_same(arguments: list[str]) -> _native.Process | None:
    """A process of the service with exactly that command line, which this call has not started.

    A start that was cut short may have left a program that no pidfile names.
    """
    request = current().request
    # What a stop has left on purpose does not make it run. Otherwise mostly nothing is there, and a
    # start should be quick.
    is_down = request.service.running is False
    if is_down or not (request.service.processes or _cgroup_pids(request.cgroup)):
        return None
    for process in _known_processes():
        is_ours = (process.pid, process.start_time) in current().started
        try:
            if not is_ours and process.arguments() == arguments:
                return process
        except ProcessLookupError:
            pass
    return None


def is_known(process: _native.Process) -> bool:
    """Whether comard or this call started the process, or something that did."""
    return (
        (process.pid, process.start_time) in current().request.service.processes
        or (process.pid, process.start_time) in current().started
        or process.pid in _cgroup_pids(current().request.cgroup)
        or _descends_from_known(process)
    )


def is_untouchable(process: _native.Process) -> bool:
    """This worker, what it descends from (host, comard), and the host's other workers."""
    call = current()
    if process.pid in (call.pid, os.getpid()):
        return True
    # The host's children are its workers, and programs that those have started.
    if call.is_connected and process.parent() == os.getppid() and _is_worker(process):
        return True
    return process.pid in _own_ancestors()


def _is_worker(process: _native.Process) -> bool:
    """Whether a child of the host is a fork of it, as this process is."""
    own = _native.open_process(os.getpid())
    return process.executes("/proc/self/exe") and process.arguments() == own.arguments()


def runs(process: _native.Process, command: str) -> bool:
    """Whether a known process runs `command`, which may also be a script of an interpreter."""
    if process.matches(command):
        return True
    return command in process.arguments()[1:3] and _is_interpreted(command)


def is_named(process: _native.Process, name: str | None) -> bool:
    """Whether the short name is `name`, of which the kernel keeps 15 bytes. None: any will do."""
    return name is None or os.fsencode(name)[:_COMM_BYTES] == os.fsencode(process.comm())


def _judge_by_commands(
    process: _native.Process, pidfile: str, trusted: bool, commands: list[str]
) -> Claim:
    if any(process.executes(command) for command in commands):
        return Claim(process)
    calls_itself_so = any(process.matches(command) for command in commands)
    if not calls_itself_so:
        return _NOBODY
    return Claim(process) if trusted else Claim(refusal=_distrust(process, pidfile))


def _judge_by_age(
    process: _native.Process, pidfile: str, trusted: bool, modified: int
) -> Claim:
    if current().request.service.tracked:
        return _NOBODY
    if _started_at(process) > modified + _SLACK_NANOSECONDS:
        return _NOBODY
    return Claim(process) if trusted else Claim(refusal=_distrust(process, pidfile))


def _distrust(process: _native.Process, pidfile: str) -> str:
    return (
        f"comar did not start process {process.pid} ({process.comm()}), and others than root can "
        f"change {pidfile}; make the file and its folder writable for their owner root alone, or "
        f"end the process by hand"
    )


def _started_at(process: _native.Process) -> int:
    """Nanoseconds since 1970."""
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return boot + process.start_time * 10**9 // os.sysconf("SC_CLK_TCK")


def _matches(
    process: _native.Process, command: str | None, uid: int | None, name: str | None
) -> bool:
    try:
        return (
            (command is None or runs(process, command))
            and (uid is None or process.uid() == uid)
            and is_named(process, name)
            and not is_untouchable(process)
        )
    except ProcessLookupError:
        return False


def _known_processes() -> Iterator[_native.Process]:
    request = current().request
    seen: set[int] = set()
    roots = [*request.service.processes, *current().started]
    pids = list(_cgroup_pids(request.cgroup)) + [pid for pid, _ in roots]
    for pid in [current().pid, *pids]:
        pids += [child for child, _ in _descendants(pid)]
    start_times = dict(roots)
    for pid in pids:
        if pid not in seen:
            seen.add(pid)
            process = _open(pid, start_times.get(pid))
            if process is not None:
                yield process


def _executing(command: str, known: set[int]) -> Iterator[_native.Process]:
    """All processes that run the very file `command`, but the known ones."""
    try:
        file = os.stat(command) if os.path.isabs(command) else None
    except OSError:
        file = None
    if file is None:
        return
    for pid in _native.list_pids():
        if pid not in known and _runs_file(pid, file):
            process = _open(pid)
            # Asked again now that the process is pinned.
            if process is not None and process.executes(command):
                yield process


def _runs_file(pid: int, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/exe"), file)
    except OSError:
        return False


def _descends_from_known(process: _native.Process) -> bool:
    known = current().request.service.processes | current().started
    for ancestor in _ancestors(process):
        if ancestor.pid == current().pid or (ancestor.pid, ancestor.start_time) in known:
            return True
    return False


def _ancestors(process: _native.Process) -> Iterator[_native.Process]:
    """Parent, its parent and so on. ProcessLookupError: one of them ended meanwhile."""
    while True:
        pid = process.parent()
        if pid <= 1:
            return
        parent = _native.open_process(pid)
        if process.parent() != pid:
            raise ProcessLookupError(f"the parent of process {process.pid} has ended")
        yield parent
        process = parent


def _own_ancestors() -> set[int]:
    try:
        own = _native.open_process(os.getpid())
        return {1, *(ancestor.pid for ancestor in _ancestors(own))}
    except ProcessLookupError:
        return {1, os.getppid()}


def _is_anothers(process: _native.Process) -> bool:
    """Whether comard, or another one, knows it as a process of another service."""
    if not current().is_connected:
        return False
    if _is_of_another_comard(process):
        return True
    owner = ask({"op": "owner", "pid": process.pid, "start_time": process.start_time})
    return owner is not None and owner != current().request.app


def _is_of_another_comard(process: _native.Process) -> bool:
    """Whether it is in the cgroup of a service that is looked after by another comard than ours."""
    own = current().request.cgroup
    parent = "" if own is None else os.path.basename(os.path.dirname(own))
    # Above ours there may be one that has started us as a service.
    above = _cgroup_of("self").split(f"/{parent}/")[0] if parent else _cgroup_of("self")
    path = _cgroup_of(process.pid)
    found = _SERVICE_CGROUP.search(path.removeprefix(above.rstrip("/")))
    return found is not None and found[1] != parent


def _cgroup_of(pid: int | str) -> str:
    """Its path in version 2; empty: there is none, or the process has ended."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            return next((line[3:].rstrip("\n") for line in file if line.startswith("0::")), "")
    except OSError:
        return ""


def _cgroup_pids(folder: str | None) -> set[int]:
    if folder is None:
        return set()
    try:
        return set(_native.cgroup_processes(folder))
    except OSError:
        return set()


def _descendants(pid: int) -> list[tuple[int, int]]:
    try:
        return _native.descendants(pid)
    except OSError:
        return []


def _open(pid: int, start_time: int | None = None) -> _native.Process | None:
    try:
        return _native.open_process(pid, start_time)
    except OSError:
        return None


def _is_interpreted(command: str) -> bool:
    try:
        with open(command, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
