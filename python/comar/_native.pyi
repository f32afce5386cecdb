# SPDX-License-Identifier: MIT
"""What the Service API needs from the kernel: starting, finding and signalling processes.

A process is named by pid *and* start time, and signalled through a pidfd only. Errors are OSError
(errno, message) with a message that begins with "cannot"; a process that is gone raises
ProcessLookupError. Text from /proc is decoded like file names are (surrogateescape).
"""

from os import PathLike
from typing import Any, Mapping, Sequence, Union

_Text = Union[str, bytes, PathLike]

def spawn(
    arguments: Sequence[_Text],
    *,
    environment: Mapping[_Text, _Text] | None = None,
    user: str | None = None,
    nice: int | None = None,
    new_session: bool = False,
    umask: int | None = None,
    directory: _Text | None = None,
    stdin: int = -1,
    stdout: int = -1,
    stderr: int = -1,
    parent_death_signal: int | None = None,
    cgroup: int = -1,
    sibling: bool = False,
    groups: Sequence[int] = (),
    descriptors: Sequence[tuple[int, int]] = (),
) -> tuple[int, int, int]:
    """Starts a program and returns (pid, start_time, pidfd).

    When this returns, the program runs; otherwise there is no child and OSError tells the step that
    failed. A name without a slash is searched for along PATH of the child's environment. `user` is
    "user" or "user:group", with that user's supplementary groups; `nice` is added to the niceness.
    stdin -1 is /dev/null; stdout and stderr -1 are our own. All other fds are closed in the child,
    no signal is blocked or ignored there. `groups` are more supplementary ones for `user`;
    `descriptors` are pairs of an fd of ours and the number, 3 or above, that it has there. The caller owns the pidfd and must reap the child:
    `wait_exit` or `reap_children`.
    """

class Process:
    """One process, pinned by a pidfd: signals reach it or nobody. Closed when it is collected.

    What asks about a process that has exited raises ProcessLookupError.
    """

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def start_time(self) -> int:
        """Clock ticks since boot."""

    def fileno(self) -> int:
        """The pidfd: readable once the process has exited. It stays ours."""

    def signal(self, signo: int) -> None:
        """Sends a signal. Already exited is success."""

    def wait_gone(self, seconds: float | None = None) -> bool:
        """Waits until the process has exited; False: it still runs after `seconds`."""

    def arguments(self) -> list[str]:
        """Its argv, at most 64 KiB of it. Whatever the process likes it to be."""

    def matches(self, command: _Text) -> bool:
        """True when argv[0] is `command`, or the executable is the very file that it names."""

    def executes(self, command: _Text) -> bool:
        """True when the executable is the very file that `command` names, whatever argv says."""

    def executable(self) -> str | None:
        """The path of the program; None for a kernel thread, or without the right to look."""

    def comm(self) -> str:
        """Its short name, at most 15 bytes. Whatever the process likes it to be."""

    def uid(self) -> int:
        """Its effective user."""

    def cgroup(self) -> str | None:
        """The path of its cgroup v2; None where none is mounted."""

    def parent(self) -> int:
        """The pid of its parent."""

    def state(self) -> str:
        """One letter: R running, S sleeping and so on, proc(5)."""

def open_process(pid: int, start_time: int | None = None) -> Process:
    """Pins the process with that pid; with `start_time` only if it is still the same one.

    ProcessLookupError: there is none, it is another one, or it has exited and waits to be reaped.
    """

def list_pids() -> list[int]:
    """All processes that we may see."""

def children(pid: int) -> list[tuple[int, int]]:
    """(pid, start_time) of each child, zombies among them."""

def descendants(pid: int) -> list[tuple[int, int]]:
    """(pid, start_time) of each child, their children and so on, parents before children."""

def read_pidfile(path: _Text) -> tuple[int, bool, int] | None:
    """(pid, trusted, modified_ns) of a pidfile; None when there is none or it names no number.

    Trusted: only root and the user we run as can have written it and put it there. A symbolic link
    raises OSError (ELOOP).
    """

def write_pidfile(path: _Text, pid: int) -> None:
    """Replaces the pidfile by a whole one; never follows a symbolic link at the end of `path`."""

def find_uid(user: str) -> int:
    """The uid of a user, by name or number. OSError (ENOENT) when there is none."""

def wait_exit(pidfd: int, seconds: float | None = None) -> int | None:
    """Waits for our child behind `pidfd` and reaps it. Negative: the signal that ended it.

    None: it still runs after `seconds`. ChildProcessError: not our child, or reaped before.
    """

def reap_children() -> list[tuple[int, int]]:
    """Reaps all children that have exited, never waits: (pid, exit code as of wait_exit) each."""

def become_subreaper() -> None:
    """From now on orphans below this process become its children."""

def set_parent_death_signal(signo: int) -> None:
    """`signo` is sent to this process when its parent ends; compare os.getppid() afterwards."""

def reopen_read_write(fd: int) -> int:
    """Opens the pipe or FIFO behind `fd` once more, for reading and writing; returns the new fd.

    Whoever has that as stdout never gets SIGPIPE.
    """

def cgroup_processes(folder: _Text) -> list[int]:
    """The live processes in the cgroup with that folder and in those below it."""

def join_cgroup(folder: _Text) -> None:
    """Moves this process to the cgroup with that folder."""
