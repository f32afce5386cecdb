# SPDX-License-Identifier: MIT
"""isServiceRunning()."""

from __future__ import annotations

from comar._processes import examine, find_processes


def isServiceRunning(pidfile: str | None = None, command: str | None = None) -> bool:
    """Whether the service runs; what status() mostly returns.

    Arguments:
        pidfile: True when it names a live process of the service, which with `command` must also
            run that. A missing file, one without a number in its first line, and a number that is
            another program's by now read as not running.
        command: path of the program. Without a pidfile: True when a process of the service has
            that as argv[0], or any process executes that very file.

    TypeError: neither is given.
    """
    if pidfile is not None:
        return examine(str(pidfile), command).process is not None
    if command is None:
        raise TypeError("isServiceRunning() needs a pidfile or a command")
    return any(True for _ in find_processes(command))


def checkDaemon(pidfile: str) -> bool:
    """Older name of isServiceRunning(pidfile)."""
    return isServiceRunning(pidfile)
