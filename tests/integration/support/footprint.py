# SPDX-License-Identifier: MIT
"""What comard holds on to between two calls: whatever a script does, it must come back to that."""

import os

from support.processes import Process, all_pids


class Footprint:
    """Taken while no call runs. Needs a comard with `spare_workers = 0`, for those come and go."""

    def __init__(self, comard):
        self._comard = comard
        self._before = self._now()

    def wait_restored(self, within=60):
        """Waits until comard has as many descriptors and children as before, and no zombie."""
        self._comard.until(lambda: self._now() == self._before,
                           lambda: f"{self._before}, is {self._now()}", within)

    def _now(self):
        pid = self._comard.pid
        states = sorted(f"{process.comm} {process.status('State')[:1]}"
                        for process in map(Process, _family(pid)))
        return len(os.listdir(f"/proc/{pid}/fd")), states


def _family(pid):
    """The children of a process, and theirs."""
    parents = {}
    for one in all_pids():
        try:
            parents.setdefault(Process(one).parent, []).append(one)
        except (OSError, IndexError, ValueError):
            pass    # it ended while we looked
    found = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
