# SPDX-License-Identifier: MIT
"""Processes of what is measured: all of them are descendants of this one, which adopts orphans."""

import ctypes
import os
import select
import signal
import time

_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")


def adopt_orphans():
    """From now on whoever loses its parent below us becomes our child (PR_SET_CHILD_SUBREAPER)."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot adopt orphans")


def reap():
    """Takes the exit status of all children that have ended and nobody else waits for."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_below(pid=None):
    """Kills all that descends from `pid`, by default from us, until nothing is left of it."""
    while found := below(pid or os.getpid()):
        for one in found:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.002)
        reap()


def below(pid):
    """All living descendants of `pid`."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return [one for child in children for one in (child, *below(child))]


def name_of(pid):
    """The short name (comm); "" when it has gone."""
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def wait_gone(pids, seconds=120):
    """Waits until none of these exists; returns when that was, in CLOCK_MONOTONIC nanoseconds."""
    deadline = time.monotonic() + seconds
    for pid in pids:
        while _exists(pid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} does not go")
            reap()
            time.sleep(0.0005)
    return time.monotonic_ns()


def wait_end(pid, seconds):
    """Waits until a process has ended, and tells how long that took. TimeoutError."""
    begin = time.monotonic()
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return 0.0
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    ended = poll.poll(seconds * 1000)
    os.close(pidfd)
    if not ended:
        raise TimeoutError(f"process {pid} does not end")
    return time.monotonic() - begin


def proportional_set_size(pid):
    """Bytes: a page shared by n processes counts 1/n, proc(5) smaps_rollup."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pids, with_children=()):
    """User and system time of these processes; of `with_children` also that of ended children."""
    return sum(sum(_times(pid)[:4 if pid in with_children else 2]) for pid in pids) / _TICKS


def _times(pid):
    """utime, stime, cutime, cstime in ticks; nothing when the process has gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]


def _exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
