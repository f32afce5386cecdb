# SPDX-License-Identifier: MIT
"""What a machine may refuse: processes, descriptors."""

import contextlib
import errno
import os
import resource
import time

from support.processes import reap_orphans


class PidsLimit:
    """A cgroup with the controller "pids", v1 or v2, for comard and all below it. `folder` is None without one."""

    def __init__(self, name):
        self.folder = self._make(name)

    def _make(self, name):
        with open("/proc/self/cgroup") as file:
            own = {line.split(":")[1]: line.split(":")[2].strip() for line in file}
        with open("/proc/self/mounts") as file:
            mounts = [line.split()[1] for line in file
                      if line.split()[2] == "cgroup" and "pids" in line.split()[3].split(",")]
        if not mounts or "pids" not in own:
            return None
        folder = mounts[0] + own["pids"].rstrip("/") + "/" + name
        try:
            os.mkdir(folder)
        except OSError:
            return None
        return folder

    def __bool__(self):
        return self.folder is not None

    def take(self, processes):
        for process in processes:
            self._write("cgroup.procs", str(process.pid))

    def allow_no_more(self):
        with open(f"{self.folder}/pids.current") as file:
            self._write("pids.max", file.read().strip())

    def allow_all(self):
        self._write("pids.max", "max")

    def _write(self, name, text):
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(text)

    def close(self):
        if not self:
            return
        # What lives is let out. What is about to end keeps the cgroup busy until somebody has reaped it, and
        # nothing tells when that is.
        deadline = time.monotonic() + 60
        while not self._is_removed():
            assert time.monotonic() < deadline, f"{self.folder} stays busy"
            self._let_out()
            reap_orphans()
            os.sched_yield()

    def _let_out(self):
        with open(f"{self.folder}/cgroup.procs") as file:
            pids = file.read().split()
        for pid in pids:
            with contextlib.suppress(OSError), open(f"{os.path.dirname(self.folder)}/cgroup.procs", "w") as above:
                above.write(pid)

    def _is_removed(self):
        try:
            os.rmdir(self.folder)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True


@contextlib.contextmanager
def few_descriptors(pid, more):
    """A process that may open `more` than it has open."""
    used = max(map(int, os.listdir(f"/proc/{pid}/fd")))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1 + more, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
