# SPDX-License-Identifier: MIT
"""A cgroup around one measurement: what it costs of the processors, ended processes included."""

import os
import resource
import tempfile


class Cgroup:
    """A `with` block puts this process, and so all that it starts, into a cgroup of its own.

    Where no cgroup v2 can be written, it does nothing, and processor_seconds() is None.
    """

    def __init__(self):
        self._folder = None

    def __enter__(self):
        self._above = _own_folder()
        try:
            if self._above:
                self._folder = tempfile.mkdtemp(prefix="comar-bench-", dir=self._above)
                self._join(self._folder)
        except OSError:
            self._remove()
        self._begin = self._used()
        return self

    def __exit__(self, *_):
        """To be left when all that was started here has ended."""
        if self._folder:
            self._join(self._above)
            self._remove()

    def processor_seconds(self):
        """What was used since the block began, without what this process used itself."""
        return self._used() - self._begin if self._folder else None

    def _used(self):
        if not self._folder:
            return 0
        with open(f"{self._folder}/cpu.stat") as file:
            whole = int(file.readline().split()[1]) / 1e6
        own = resource.getrusage(resource.RUSAGE_SELF)
        return whole - own.ru_utime - own.ru_stime

    @staticmethod
    def _join(folder):
        with open(f"{folder}/cgroup.procs", "w") as file:
            file.write("0")

    def _remove(self):
        if self._folder:
            for folder, _, _ in os.walk(self._folder, topdown=False):
                os.rmdir(folder)
        self._folder = None


def _own_folder():
    """None where cgroup v2 is not mounted."""
    with open("/proc/self/cgroup") as file:
        paths = [line[3:].strip() for line in file if line.startswith("0::")]
    with open("/proc/self/mounts") as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    return mounts[0] + paths[0] if paths and mounts else None
