# SPDX-License-Identifier: MIT
"""The Service API as a dry run has it: what would be done is recorded, and succeeds."""

from __future__ import annotations

import contextlib
import os
import shlex
from types import TracebackType
from typing import Any

import comar.builtins
import comar.service
from comar import _config, _defaults, _locks, _messages, _native, _script
from comar._arguments import Words, named_arguments, split_words
from comar._call import current
from comar._commands import execReply, signal_name
from comar._stop import describe, find_targets, signal_number
from comar.app_names import canonical
from comar.recording.journal import Journal

_SERVICE = "System.Service"
_NATIVE = ("spawn", "write_pidfile", "join_cgroup", "reopen_read_write")


def replace_api(journal: Journal) -> None:
    """Puts recording functions in place of the real ones, in this process for good."""
    api = _Api(journal)
    for name in ("startService", "stopService", "run", "loadEnvironment", "waitBus"):
        setattr(comar.service, name, getattr(api, name))
    setattr(comar.service, "FileLock", _lock_class(journal))
    setattr(_locks, "_script_lock", contextlib.nullcontext())
    # What stands above these, call() and startDependencies() and setState(), may stay as it is.
    setattr(_messages, "_call", api.call)
    setattr(_messages, "notify", api.notify)
    setattr(_defaults, "ask", api.answer)
    setattr(comar.builtins, "notify", api.notify)
    comar.builtins.install()
    for name in _NATIVE:
        setattr(_native, name, _refusing(journal, f"use comar._native.{name}()"))


def count_as_stopped() -> None:
    """Lets the status() of the script that is loaded say that the service does not run."""
    if _script.function("status") is not None:
        _script.namespace()["status"] = lambda *_arguments, **_keywords: False


class _Api:
    """The functions that change something, with the arguments of the real ones."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @named_arguments()
    def startService(
        self,
        command: str,
        args: Words | None = None,
        pidfile: str | None = None,
        makepid: bool = False,
        nice: int | None = None,
        detach: bool = False,
        chuid: str | None = None,
        donotify: bool = False,
    ) -> execReply:
        if not command:
            raise ValueError(
                f"cannot use {command!r} as command of startService(): give the path of a program"
            )
        words = [str(command), *split_words(args)]
        user = self._journal.user if chuid is None else str(chuid)
        text = f"start {shlex.join(words)} as {user}" + (", in the background" if detach else "")
        if makepid and pidfile is not None:
            text += f", and write its pid to {pidfile}"
        self._journal.add(
            "start", text, command=words, user=user, detach=bool(detach), pidfile=pidfile, nice=nice
        )
        if donotify:
            self._announce("started")
        return execReply(0)

    @named_arguments(signal="signalno")
    def stopService(
        self,
        pidfile: str | None = None,
        command: str | None = None,
        args: Words | None = None,
        chuid: str | None = None,
        user: str | None = None,
        name: str | None = None,
        signalno: int | None = None,
        donotify: bool = False,
    ) -> execReply | None:
        if command is not None and args is not None:
            return self._stop_by_command([str(command), *split_words(args)], chuid, donotify)
        number = signal_number(signalno)
        processes = find_targets(pidfile, command, user, name)
        given = {"pidfile": pidfile, "command": command, "user": user, "name": name}
        criteria = ", ".join(f"{key} {value}" for key, value in given.items() if value is not None)
        found = ", ".join(describe(each) for each in processes) or f"nothing: none runs ({criteria})"
        self._journal.add(
            "signal",
            f"send {signal_name(number)} to {found}",
            signal=signal_name(number),
            pids=[each.pid for each in processes],
            pidfile=pidfile,
        )
        if not processes:
            return None
        if donotify:
            self._announce("stopped")
        return execReply(0)

    def _stop_by_command(self, words: list[str], chuid: str | None, donotify: bool) -> execReply:
        reply = self._run(words, None if chuid is None else str(chuid))
        if donotify:
            self._announce("stopped")
        return reply

    def run(self, *cmd: Any) -> execReply:
        words = split_words(cmd[0]) if len(cmd) == 1 else split_words(cmd)
        if not words:
            raise ValueError("run() needs a command")
        return self._run(words, None)

    def _run(self, words: list[str], chuid: str | None) -> execReply:
        user = chuid or self._journal.user
        self._journal.add("run", f"run {shlex.join(words)} as {user}", command=words, user=user)
        return execReply(0)

    def loadEnvironment(self) -> None:
        """For real: it reads, and changes this process alone."""
        path = current().request.paths.profile_env
        self._journal.add("environment", f"load the environment of {path}", path=path)
        _config.loadEnvironment()

    def waitBus(
        self, unix_name: str, timeout: float = 5, wait: float = 0.1, stream: bool = True
    ) -> bool:
        self._journal.add(
            "wait", f"wait until {unix_name} accepts connections", path=str(unix_name)
        )
        return True

    def call(
        self, app: str, model: str, method: str, args: Any = (), timeout: float | None = -1
    ) -> None:
        name = canonical(str(app))
        text = f"{method} {name}" if model == _SERVICE else f"call {model}.{method} of {name}"
        self._journal.add("call", text, app=name, model=model, method=method)

    def notify(self, model: str, signal: str, args: Any = ()) -> None:
        self._journal.add("notify", f"emit {model}.{signal}{args!r}", model=model, signal=signal)

    def answer(self, message: dict[str, Any]) -> None:
        """What default methods ask comard for."""
        what = f"set the start-up state to {message.get('state')}"
        self._journal.add("state" if message["op"] == "set_state" else "ask", what)

    def _announce(self, state: str) -> None:
        app = current().request.app
        self._journal.add(
            "notify", f"announce that {app} has {state}", model=_SERVICE, signal="Changed"
        )


def _lock_class(journal: Journal) -> type:
    class FileLock:
        """A lock of a file that nobody else holds."""

        def __init__(self, name: str) -> None:
            self.path = os.path.join(current().request.paths.lock, name)

        def lock(self, shared: bool = False, timeout: float = -1) -> None:
            journal.add("lock", f"lock {self.path}", path=self.path)

        def unlock(self) -> None:
            """Nothing that anybody would want to know."""

        acquire, release = lock, unlock

        def __enter__(self) -> FileLock:
            self.lock()
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            self.unlock()

    return FileLock


def _refusing(journal: Journal, what: str) -> Any:
    def refuse(*_arguments: Any, **_keywords: Any) -> None:
        journal.refuse(what)

    return refuse
