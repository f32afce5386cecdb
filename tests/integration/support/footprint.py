# SPDX-License-Identifier: MIT
"""What comard holds on to between two calls: whatever a script does, it must come back to that."""

import os

from support.processes import Process, all_pids


class Footprint:
    """What comard holds while it has nothing to do: descriptors, and no child but what starts programs.

    For a comard that lets its script host go soon: {"host": {"idle_seconds": 1}}.
    """

    def __init__(self, comard):
        self._comard = comard
        comard.until(lambda: not passing(comard.pid), "the end of the script host")
        self._before = self._descriptors()

    def wait_restored(self):
        """Waits until comard holds what it held, and nothing else."""
        self._comard.until(
            lambda: not passing(self._comard.pid) and self._descriptors() == self._before,
            lambda: f"{self._before}; it is {self._descriptors()}, {passing(self._comard.pid)}")

    def _descriptors(self):
        folder = f"/proc/{self._comard.pid}/fd"
        kinds = [os.readlink(f"{folder}/{name}").partition("[")[0] for name in os.listdir(folder)]
        return sorted(kinds)


def zombies(comard):
    """Processes below comard that have exited and that nobody has reaped."""
    return [process for process in family(comard.pid) if process.status("State")[:1] == ["Z"]]


def passing(pid):
    """All below a comard, but for its one child that stays: it starts programs."""
    return [process for process in family(pid) if process.comm != "comard-spawner"]


def family(pid):
    """The children of a process, theirs, and so on."""
    parents = {}
    for process in map(Process, all_pids()):
        try:
            parents.setdefault(process.parent, []).append(process)
        except IndexError:
            pass    # it ended while we looked
    found = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found
