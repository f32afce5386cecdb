# SPDX-License-Identifier: MIT
"""stopService()."""

from __future__ import annotations

import math
import signal
import time
from typing import Sequence

from comar import _native, _script
from comar._arguments import Words, named_arguments, split_words, whole_number
from comar._call import current
from comar._commands import describe_end, execReply, run_command, show, signal_name
from comar._messages import Failure, fail, notify_changed
from comar._processes import examine, find_processes, is_known, is_named

_SIGNALS = range(1, signal.NSIG)
# In reload(), a process that gets one of these is still meant to end.
_ENDING = frozenset((signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGQUIT))


class NotEnded(Failure):
    """What was signalled goes on. Where it is the service's own, comar ends it with SIGKILL."""


@named_arguments(signal="signalno")
def stopService(
    pidfile: str | None = None,
    command: str | None = None,
    args: Words | None = None,
    chuid: str | None = None,
    user: str | None = None,
    name: str | None = None,
    signalno: int | None = None,
    donotify: bool = False,
) -> execReply | None:
    """Stops processes of the service, and waits until they are gone.

    Which ones:
        command and args: none is signalled; that command is run, as `chuid` ("user" or
            "user:group") if given, and its exit code decides.
        pidfile: the process it names, if that is the service's, and with `command` or `user` only
            if it runs that command, or as that user.
        otherwise: all processes of the service that match `command` (path of the program), `user`
            (name or uid) and `name` (the short name, as `ps` shows it); a process that comar did
            not start only if it executes `command`.

    Arguments:
        args: for `command`: a string, split as a shell does, or a list.
        signalno: the signal, default SIGTERM; `signal` is an older name of this argument. In
            reload(), another one than SIGTERM, SIGKILL, SIGINT and SIGQUIT asks the process for
            something else than to end, and nobody waits for it.
        donotify: emit Changed(service, "stopped"), if anything was stopped; when a command fails,
            end the call with what it printed on stderr.

    Returns an execReply, or None when nothing ran: already stopped is success. Fails when a process
    does not end in serviceStopTimeout, where that is set, or in the time that the call may take:
    then comar ends what is the service's own with SIGKILL. Fails, too, when the pidfile may be
    somebody's trick.
    TypeError: no criterion at all. ValueError: no such signal. OSError: no such user.
    """
    if command is not None and args is not None:
        return _stop_by_command([str(command), *split_words(args)], chuid, donotify)
    number = signal_number(signalno)
    processes = find_targets(pidfile, command, user, name)
    if not processes:
        return None
    for process in processes:
        process.signal(number)
    if _script_is_reloading() and number not in _ENDING:
        return execReply(0)
    _wait(processes, number)
    current().has_changed_service = True
    if donotify:
        notify_changed("stopped")
    return execReply(0)


def _stop_by_command(arguments: list[str], user: str | None, donotify: bool) -> execReply:
    was_running = _script.is_running() if donotify else None
    reply = run_command(arguments, user=None if user is None else str(user))
    show(reply)
    if reply == 0:
        current().has_changed_service = True
    if donotify and was_running is not False:
        if reply != 0:
            fail(reply.stderr.strip() or describe_end(arguments[0], reply))
        notify_changed("stopped")
    return reply


def signal_number(signalno: int | None) -> int:
    """The signal that stopService() sends. ValueError: there is none of that number."""
    if signalno is None:
        return signal.SIGTERM
    return whole_number("signalno of stopService()", signalno, _SIGNALS, "signal.SIGHUP")


def find_targets(
    pidfile: str | None, command: str | None, user: str | None, name: str | None
) -> list[_native.Process]:
    """The processes that stopService() signals; it fails where a pidfile may be a trick."""
    if pidfile is not None:
        claim = examine(str(pidfile), command, user)
        if claim.refusal:
            fail(f"cannot stop {current().request.app}: {claim.refusal}")
        if claim.process is None or not is_named(claim.process, name):
            return []
        return [claim.process]
    if command is None and user is None and name is None:
        raise TypeError("stopService() needs a pidfile, command, user or name")
    return list(find_processes(command, user, name))


def _script_is_reloading() -> bool:
    return current().request.method == "reload"


def _wait(processes: Sequence[_native.Process], number: int) -> None:
    """Fails when one of the processes is not gone in the time that the service, or the call, has."""
    given = current().request.stop_seconds
    allowed = min(current().seconds_left(), math.inf if given is None else given)
    end = time.monotonic() + allowed
    left = [process for process in processes if not process.wait_gone(max(end - time.monotonic(), 0.0))]
    if left:
        names = ", ".join(describe(process) for process in left)
        # Only what is the service's own, comar may end.
        problem = NotEnded if all(is_ours(process) for process in left) else Failure
        raise problem(
            f"cannot stop {current().request.app}: {signal_name(number)} did not end process "
            f"{names} in {allowed:.3g} seconds"
        )


def is_ours(process: _native.Process) -> bool:
    """Whether it is known to be the service's; so is one that has ended by now."""
    try:
        return is_known(process)
    except ProcessLookupError:
        return True


def describe(process: _native.Process) -> str:
    """ "123 (nginx)"."""
    try:
        return f"{process.pid} ({process.comm()})"
    except ProcessLookupError:
        return str(process.pid)
