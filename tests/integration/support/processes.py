# SPDX-License-Identifier: MIT
"""Processes as /proc shows them, for tests to look at and to wait for."""

import contextlib
import ctypes
import os
import select
import signal


class Process:
    """One process, pinned by a pidfd: never mistaken for a later one with the same number."""

    def __init__(self, pid):
        self.pid = pid
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._pidfd = None

    def __del__(self):
        if self._pidfd is not None:
            os.close(self._pidfd)

    def __repr__(self):
        return f"<Process {self.pid} {' '.join(self.argv) or self.comm!r}>"

    @property
    def alive(self):
        """A zombie is not alive."""
        return self._pidfd is not None and not self._exited(0)

    def wait_gone(self, within=60):
        assert self._pidfd is None or self._exited(within), f"{self!r} still runs after {within} s"

    def signal(self, signo):
        signal.pidfd_send_signal(self._pidfd, signo)

    def kill(self):
        if self.alive:
            self.signal(signal.SIGKILL)
            self.wait_gone()

    def _exited(self, seconds):
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _read(self, name):
        try:
            with open(f"/proc/{self.pid}/{name}", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def status(self, field):
        """A line of /proc/PID/status as a list of words: status("Uid") -> ["0", "0", "0", "0"]."""
        for line in self._read("status").decode(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return value.split()
        return []

    def _stat(self, field):
        """Field number as in proc(5), counted from 1; only those after the name."""
        return int(self._read("stat").rpartition(b")")[2].split()[field - 3])

    @property
    def argv(self):
        return self._read("cmdline").decode(errors="replace").split("\0")[:-1]

    @property
    def comm(self):
        return self._read("comm").decode(errors="replace").strip()

    @property
    def environ(self):
        pairs = self._read("environ").decode(errors="replace").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    @property
    def uid(self):
        return int(self.status("Uid")[0])

    @property
    def gid(self):
        return int(self.status("Gid")[0])

    @property
    def groups(self):
        return sorted(int(group) for group in self.status("Groups"))

    @property
    def umask(self):
        return int(self.status("Umask")[0], 8)

    @property
    def parent(self):
        return self._stat(4)

    @property
    def session(self):
        return self._stat(6)

    @property
    def nice(self):
        return self._stat(19)

    @property
    def start_time(self):
        return self._stat(22)

    @property
    def cgroup(self):
        """Its cgroup v2 path; None without one."""
        for line in self._read("cgroup").decode().splitlines():
            if line.startswith("0::"):
                return line[3:]
        return None

    def fd(self, number):
        """What a file descriptor is, as readlink shows it."""
        return os.readlink(f"/proc/{self.pid}/fd/{number}")


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def processes_that_mention(folder):
    """Living processes whose command line, environment, program or working folder is of `folder`."""
    needle = os.fsencode(folder)
    return [process for process in map(Process, all_pids())
            if process.pid != os.getpid() and _mentions(process, needle) and process.alive]


def _mentions(process, needle):
    return needle in process._read("cmdline") or needle in process._read("environ") or any(
        _link(process.pid, name).startswith(needle) for name in ("exe", "cwd"))


def _link(pid, name):
    try:
        return os.fsencode(os.readlink(f"/proc/{pid}/{name}"))
    except OSError:
        return b""


def reap_orphans():
    """Collects the children that this process inherited and that have exited."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


@contextlib.contextmanager
def inheriting_orphans():
    """Meanwhile this process is the parent of whatever comard leaves, and reaps it only at the end."""
    PR_SET_CHILD_SUBREAPER = 36
    set_subreaper = lambda value: ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0)
    assert set_subreaper(1) == 0
    try:
        yield
    finally:
        set_subreaper(0)
        reap_orphans()
