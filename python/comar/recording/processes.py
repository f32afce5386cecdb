# SPDX-License-Identifier: MIT
"""Programs, signals and users in a dry run: os, subprocess and signal record and succeed."""

from __future__ import annotations

import _posixsubprocess
import io
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from comar._commands import signal_name
from comar.recording.journal import Journal, user_name

# Above all pids that Linux gives, so that nobody has it.
_FIRST_PID = 1 << 22
_SHELL = ["/bin/sh", "-c"]


def replace_processes(journal: Journal) -> None:
    """Puts recording functions in place of the real ones, in this process for good."""
    programs = _Programs(journal)
    for name in ("system", "posix_spawn", "posix_spawnp", "waitpid", "wait", "wait4", "wait3"):
        setattr(os, name, getattr(programs, name))
    for name in ("fork", "forkpty"):
        setattr(os, name, programs.refusing("fork"))
    for name in ("execv", "execve", "execvp", "execvpe", "execl", "execle", "execlp", "execlpe"):
        setattr(os, name, programs.exec(name))
    for name in ("v", "ve", "vp", "vpe", "l", "le", "lp", "lpe"):
        setattr(os, f"spawn{name}", programs.spawn(f"spawn{name}"))
    setattr(subprocess, "Popen", _popen_class(programs))
    setattr(subprocess, "_fork_exec", programs.refusing("start a program by subprocess._fork_exec()"))
    setattr(_posixsubprocess, "fork_exec", programs.refusing("start a program by fork_exec()"))
    _replace_signals(journal)
    _replace_users(journal)


class _Programs:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._pids: list[int] = []
        """Of programs that nobody has waited for yet."""

    def start(self, words: list[Any], detach: bool = False, **parts: Any) -> int:
        """Records a program, and returns the pid of one that ends with success."""
        words = [os.fsdecode(each) for each in words]
        user = str(parts.pop("user", None) or self.journal.user)
        shown = words[2] if words[:2] == _SHELL and len(words) == 3 else shlex.join(words)
        text = f"run {shown} as {user}" + (", in the background" if detach else "")
        self.journal.add("run", text, command=words, user=user, detach=detach, **parts)
        self._pids.append(_FIRST_PID + len(self._pids))
        return self._pids[-1]

    def refusing(self, what: str) -> Callable[..., Any]:
        return lambda *_arguments, **_keywords: self.journal.refuse(what)

    def system(self, command: Any) -> int:
        self.start([*_SHELL, command])
        return 0

    def posix_spawn(self, path: Any, argv: Any, env: Any, **_options: Any) -> int:
        return self.start([path, *list(argv)[1:]], detach=True)

    posix_spawnp = posix_spawn

    def exec(self, name: str) -> Callable[..., Any]:
        def execute(file: Any, *arguments: Any) -> None:
            words = [os.fsdecode(each) for each in (file, *_arguments_of(name, arguments)[1:])]
            user = self.journal.user
            text = f"run {shlex.join(words)} as {user} in place of the script"
            self.journal.end("run", text, command=words, user=user, detach=False)

        return execute

    def spawn(self, name: str) -> Callable[..., Any]:
        def spawned(mode: int, file: Any, *arguments: Any) -> int:
            words = [file, *_arguments_of(name, arguments)[1:]]
            pid = self.start(words, detach=mode != os.P_WAIT)
            return 0 if mode == os.P_WAIT else pid

        return spawned

    def waitpid(self, pid: int, options: int) -> tuple[int, int]:
        if pid in self._pids:
            self._pids.remove(pid)
            return pid, 0
        if pid in (-1, 0) and self._pids:
            return self._pids.pop(0), 0
        raise ChildProcessError(10, os.strerror(10))

    def wait(self) -> tuple[int, int]:
        return self.waitpid(-1, 0)

    def wait4(self, pid: int, options: int) -> tuple[int, int, Any]:
        import resource

        return (*self.waitpid(pid, options), resource.getrusage(resource.RUSAGE_CHILDREN))

    def wait3(self, options: int) -> tuple[int, int, Any]:
        return self.wait4(-1, options)


def _arguments_of(name: str, arguments: tuple[Any, ...]) -> list[Any]:
    """argv of an os.exec…() or os.spawn…(), without the environment."""
    if "l" in name.removeprefix("exec").removeprefix("spawn"):
        return list(arguments[:-1] if name.endswith("e") else arguments)
    return list(arguments[0])


def _popen_class(programs: _Programs) -> type:
    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        """A program that prints nothing and has ended with success."""

        def __init__(self, args: Any, bufsize: int = -1, executable: Any = None, **options: Any) -> None:
            is_one_text = isinstance(args, (str, bytes, os.PathLike))
            words = [args] if is_one_text else list(args)
            if options.get("shell"):
                words = [*_SHELL, *words]
            self.args, self.returncode = args, 0
            is_text = any(
                options.get(key) for key in ("text", "universal_newlines", "encoding", "errors")
            )
            self.text_mode = is_text
            kind = io.StringIO if is_text else io.BytesIO
            piped = {key for key in ("stdin", "stdout", "stderr") if options.get(key) == subprocess.PIPE}
            self.stdin = kind() if "stdin" in piped else None
            self.stdout = kind() if "stdout" in piped else None
            self.stderr = kind() if "stderr" in piped else None
            new_session = bool(options.get("start_new_session"))
            self.pid = programs.start(words, detach=new_session, user=options.get("user"))

        def __exit__(self, *_error: Any) -> None:
            pass

        def __del__(self, *_arguments: Any) -> None:
            pass

        def poll(self) -> int:
            return 0

        def wait(self, timeout: float | None = None) -> int:
            return 0

        def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
            empty: Any = "" if self.text_mode else b""
            return (
                None if self.stdout is None else empty,
                None if self.stderr is None else empty,
            )

        def send_signal(self, sig: int) -> None:
            """It has ended."""

        terminate = kill = lambda self: None

    return Popen


def _replace_signals(journal: Journal) -> None:
    real_kill, real_killpg = os.kill, os.killpg

    def kill(pid: int, signalno: int) -> None:
        _send(real_kill, "process", pid, signalno)

    def killpg(pgid: int, signalno: int) -> None:
        _send(real_killpg, "process group", pgid, signalno)

    def pidfd_send_signal(pidfd: int, sig: int, *_options: Any) -> None:
        journal.add("signal", f"send {signal_name(sig)} by a pidfd", signal=signal_name(sig), pids=[])

    def _send(real: Callable[[int, int], None], whom: str, number: int, signalno: int) -> None:
        if signalno == 0:
            real(number, 0)
            return
        if number >= _FIRST_PID:  # a program that was only recorded
            return
        name = signal_name(signalno)
        journal.add("signal", f"send {name} to {whom} {number}{_comm(number)}", signal=name, pids=[number])

    setattr(os, "kill", kill)
    setattr(os, "killpg", killpg)
    setattr(signal, "pidfd_send_signal", pidfd_send_signal)


def _comm(pid: int) -> str:
    """ " (nginx)"; "" for none."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return f" ({file.read().strip()})"
    except (OSError, ValueError):
        return ""


def _replace_users(journal: Journal) -> None:
    """setuid() and the like. Where that is the user, what follows runs as that one."""

    def becoming(name: str, position: int | None) -> Callable[..., None]:
        def become(*ids: Any) -> None:
            shown = ", ".join(str(each) for each in ids)
            journal.add("user", f"{name}({shown})")
            if position is not None and isinstance(ids[position], int) and ids[position] >= 0:
                journal.user = user_name(ids[position])

        return become

    for name, position in _OF_USERS.items():
        setattr(os, name, becoming(name, position))


# Where the effective user is among the arguments; None: they change something else.
_OF_USERS: dict[str, int | None] = {
    "setuid": 0, "seteuid": 0, "setreuid": 1, "setresuid": 1,
    "setgid": None, "setegid": None, "setregid": None, "setresgid": None,
    "setgroups": None, "initgroups": None,
    "setpriority": None, "chroot": None, "sched_setaffinity": None, "sched_setscheduler": None,
    "sched_setparam": None,
}  # fmt: skip
