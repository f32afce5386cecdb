# SPDX-License-Identifier: MIT
"""startService()."""

from __future__ import annotations

import contextlib
import os
import resource
from typing import Iterator

from comar import _native, _script
from comar._arguments import Words, named_arguments, split_words, whole_number
from comar._call import current
from comar._commands import describe_end, environment_of, execReply, refusal, run_command, show
from comar._effects import extra_groups
from comar._messages import Failure, fail, notify_changed
from comar._processes import examine, find_same, is_known
from comar._status import isServiceRunning

_UMASK = 0o022
# From one end of the niceness to the other, nice(2).
_NICE = range(-39, 40)


@named_arguments()
def startService(
    command: str,
    args: Words | None = None,
    pidfile: str | None = None,
    makepid: bool = False,
    nice: int | None = None,
    detach: bool = False,
    chuid: str | None = None,
    donotify: bool = False,
) -> execReply | None:
    """Starts a program of the service.

    Does nothing where it runs already: status() says so (asked once, before this call has changed
    anything), `pidfile` names a live process that runs `command`, or the service has a process with
    exactly this command line.

    Arguments:
        command: path of the program.
        args: its arguments: a string, split as a shell does, or a list.
        pidfile: the file in which the program, or with `makepid` comar, writes its pid.
        makepid: write `pidfile`, for a program that does not.
        nice: added to the niceness, which serviceNice sets.
        detach: leave the program running in the background: in a new session, umask 022 or
            serviceUmask, stdin /dev/null, output to the service's log. Without it, wait until the
            command exits, as a daemon does that forks by itself; its exit code decides.
        chuid: "user" or "user:group" to run as, with that user's supplementary groups. Cannot be
            combined with serviceGroups.
        donotify: on success emit Changed(service, "started"); on failure end the call with what the
            command printed on stderr.

    Returns an execReply, 0 for success, with stdout and stderr; None when it was running already.
    127 or 126: the command does not exist, or cannot be executed as asked. ValueError: no command,
    as from a setting that is not there.
    """
    if not command:
        raise ValueError(f"cannot use {command!r} as command of startService(): give the path of a program")
    command = str(command)
    chuid = None if chuid is None else str(chuid)
    if _script.is_running() or (pidfile is not None and isServiceRunning(pidfile, command)):
        return None
    arguments = [command, *split_words(args)]
    own_pidfile = str(pidfile) if makepid and pidfile is not None else None
    if _runs_already(arguments, own_pidfile):
        return None
    niceness = None if nice is None else whole_number("nice of startService()", nice, _NICE, "5")
    if detach:
        reply = _start_detached(arguments, pidfile, own_pidfile, niceness, chuid)
    else:
        reply = _run_to_the_end(arguments, pidfile, own_pidfile, niceness, chuid)
    show(reply)
    if reply == 0:
        current().has_changed_service = True
        if donotify:
            notify_changed("started")
    elif donotify:
        fail(reply.stderr.strip() or describe_end(command, reply))
    return reply


def _runs_already(arguments: list[str], own_pidfile: str | None) -> bool:
    """Whether a start that was cut short has left the program; it gets the pidfile that it lacks."""
    process = None if current().has_changed_service else find_same(arguments)
    if process is not None and own_pidfile is not None:
        _native.write_pidfile(own_pidfile, process.pid)
    return process is not None


def _run_to_the_end(
    arguments: list[str],
    pidfile: str | None,
    own_pidfile: str | None,
    nice: int | None,
    user: str | None,
) -> execReply:
    def write_pidfile(pid: int) -> None:
        if own_pidfile is not None:
            _native.write_pidfile(own_pidfile, pid)

    reply = run_command(arguments, user=user, nice=nice, started=write_pidfile)
    if reply == 0 and pidfile is not None:
        _report_main(str(pidfile), arguments[0])
    return reply


def _start_detached(
    arguments: list[str],
    pidfile: str | None,
    own_pidfile: str | None,
    nice: int | None,
    user: str | None,
) -> execReply:
    # Our sibling, not our child: it has nothing to do with this process any more.
    with _cgroup_of_programs() as cgroup, _readiness_fifo(arguments[0]) as descriptors:
        try:
            pid, start_time, pidfd = _native.spawn(
                arguments,
                environment=environment_of(user),
                user=user,
                groups=extra_groups(),
                descriptors=descriptors,
                nice=nice,
                new_session=True,
                umask=current().settings.get("umask", _UMASK),
                cgroup=cgroup,
                sibling=True,
            )
        except OSError as error:
            return refusal(error)
    os.close(pidfd)
    current().started.add((pid, start_time))
    _report("detached", pid, start_time, None if pidfile is None else str(pidfile), arguments[0])
    if own_pidfile is not None:
        _native.write_pidfile(own_pidfile, pid)
    return execReply(0)


@contextlib.contextmanager
def _cgroup_of_programs() -> Iterator[int]:
    """The open folder of the service's cgroup; -1 where what we start is in it anyway."""
    folder = current().cgroup_of_programs
    if folder is None:
        yield -1
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield opened
    finally:
        os.close(opened)


@contextlib.contextmanager
def _readiness_fifo(command: str) -> Iterator[list[tuple[int, int]]]:
    """The FIFO into which a program writes a newline when it is ready, as the fd that it expects.

    Opened for reading too: a newline that comes after comard has gone does no harm.
    """
    fifo, number = current().ready_fifo
    if fifo is None:
        yield []
        return
    _refuse_above_limit(number, command)
    opened = os.open(fifo, os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        yield [(opened, number)]
    finally:
        os.close(opened)


def _refuse_above_limit(number: int, command: str) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or number < limit:
        return
    is_set = "nofile" in current().settings.get("limits", {})
    origin = "nofile of serviceLimits" if is_set else "which comard was started with"
    raise Failure(
        f"cannot pass descriptor {number} of serviceReadiness to {command}: only {limit} files may be "
        f"open ({origin}); raise this limit to {number + 1} or more, or take a lower descriptor"
    )


def _report_main(pidfile: str, command: str) -> None:
    """Tells comard the main process, when the pidfile is there by now and names one of ours."""
    process = examine(pidfile).process
    if process is not None and is_known(process):
        _report("main", process.pid, process.start_time, pidfile, command)


def _report(role: str, pid: int, start_time: int, pidfile: str | None, command: str) -> None:
    current().tell(
        {
            "op": "process",
            "pid": pid,
            "start_time": start_time,
            "role": role,
            "parent": os.getppid() if role == "detached" else 0,
            "pidfile": pidfile,
            "command": command,
        }
    )
