# SPDX-License-Identifier: MIT
"""A cgroup of a test's own, so that nothing its comard starts can get away unseen."""

import errno
import os
import select

from support.processes import Process


def _own_cgroup():
    """The folder of this process's cgroup v2, or None where it is not mounted."""
    with open("/proc/self/cgroup") as file:
        paths = [line[3:].strip() for line in file if line.startswith("0::")]
    with open("/proc/self/mounts") as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    return mounts[0] + paths[0].rstrip("/") if paths and mounts else None


class Cgroup:
    """Made below the cgroup of the tests. `folder` is None where cgroup v2 cannot be written."""

    def __init__(self, name):
        above = _own_cgroup()
        self.folder = f"{above}/{name}" if above else None
        try:
            if self.folder:
                os.mkdir(self.folder)
                # Opened here: what may be written is decided by who has opened it.
                self._procs = os.open(f"{self.folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self.folder = None

    def __bool__(self):
        return self.folder is not None

    def join(self):
        """Moves the calling process in; for a child between fork and exec, whatever user it is."""
        if self:
            os.write(self._procs, b"0")

    def below(self):
        """The cgroups below, deepest first, as paths relative to this one."""
        walk = os.walk(self.folder, topdown=False) if self else []
        return [os.path.relpath(path, self.folder) for path, _, _ in walk if path != self.folder]

    def processes(self):
        """All living processes in it and below."""
        pids = []
        for path in [".", *self.below()] if self else []:
            with open(f"{self.folder}/{path}/cgroup.procs") as file:
                pids += map(int, file.read().split())
        return [process for process in map(Process, pids) if process.alive]

    def remove(self):
        """Ends what is left in it, at once, and removes it."""
        if not self:
            return
        os.close(self._procs)
        self._check_kill()
        with open(f"{self.folder}/cgroup.kill", "w") as file:
            file.write("1")
        self._wait_empty()
        for path in self.below():
            _remove(f"{self.folder}/{path}")
        _remove(self.folder)

    def _check_kill(self):
        """A comard gone wild might have moved the whole machine in here; that must not be killed."""
        inside = {process.pid for process in self.processes()}
        ours = inside & set(_ancestry(os.getpid()))
        assert not ours, f"{self.folder} holds the tests themselves: {sorted(ours)}; move them out"

    def _wait_empty(self):
        with open(f"{self.folder}/cgroup.events") as events:
            poll = select.poll()
            poll.register(events, select.POLLPRI | select.POLLERR)
            while "populated 1" in events.read():
                assert poll.poll(60000), f"{self.folder} does not become empty"
                events.seek(0)


def _ancestry(pid):
    """The process, its parent, and so on up to process 1."""
    while pid > 0:
        yield pid
        pid = Process(pid).parent


def _remove(folder):
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
