# SPDX-License-Identifier: MIT
"""A worker: serves one request of comard over its socket, and exits.

The script host imports this module once, and with it all that scripts mostly use, calls warm_up(),
and then forks a worker for each call. What happens there: serve() makes itself at home, waits for
the request, runs the method in a fresh module, sends what it returned or raised, and ends the
process. Nothing of it may reach another call, so there is no clean-up: the kernel does it.
"""

from __future__ import annotations

import gc
import io
import os
import re
import signal
import socket
import sys
import threading
import traceback
from typing import Any, Callable, Iterable, NoReturn

import comar.builtins
import comar.service
from comar import _native, _script
from comar._call import Call, Request, begin
from comar._defaults import METHODS, Missing, description
from comar._effects import apply_settings
from comar._locks import call_locked
from comar._messages import Failure
from comar._reuse import Home
from comar.connection import Connection, ConnectionLost
from comar.values import encode

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    # Whoever happens to start a service, it runs the same: the caller's language is for messages.
    "LANG": "C.UTF-8",
}
# Where comard itself reports to whoever started it, sd_notify(3).
_NOT_FOR_SERVICES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_UMASK = 0o022
_SERVICE_MODEL = "System.Service"
# Enough for Python to find out what there is to adapt.
_HOST_REHEARSALS = 16
_LONGEST_MESSAGE = 1 << 16
# D-Bus has 255 for the whole name.
_LONGEST_NAME = 200
_PACKAGE_FOLDER = os.path.dirname(os.path.abspath(__file__))

_REHEARSAL = {
    "op": "run",
    "app": "rehearsal",
    "model": _SERVICE_MODEL,
    "method": "info",
    "args": [],
    "script": os.path.join(_PACKAGE_FOLDER, "_rehearsal.py"),
    "language": "en",
    "sender": ":1.0",
    "service": {"startup": "off", "running": None, "processes": [], "tracked": False},
    "paths": {"conf": "/etc/conf.d"},
    "seconds": 10,
    "output_limit": 1 << 20,
}

_is_settled = False

# A script may replace what it finds in `os`.
_exit = os._exit
_getpid = os.getpid


class Internal(Exception):
    """comar itself could not do what the call needs."""


def warm_up() -> None:
    """Prepares the script host: what workers have in common is done once, before they are forked.

    Python adapts its code to what it runs, so the host rehearses calls until it has.
    """
    _settle()
    for _ in range(_HOST_REHEARSALS):
        _rehearse()
    # Out of the collector's sight, so that it does not touch the pages that workers share.
    gc.collect()
    gc.freeze()
    # A call makes few objects; a look at all of them in the middle of each would be most of its time.
    gc.set_threshold(20_000, 10, 10)


def serve(fd: int) -> NoReturn:
    """Serves the request that comes over the socket `fd`, and those that follow as long as each
    has left nothing behind; then exits.

    To be called in a process that was forked for it. A socket that is closed without a request ends
    the process with 0.
    """
    code = 0
    worker = _getpid()
    try:
        connection = Connection.out_of_the_way(fd)
        # A script that signals its process group must not reach the host and other calls.
        os.setsid()
        _native.become_subreaper()
        if not _is_settled:
            _settle()
        _rehearse()
        home = Home()
        while _answer(connection, connection.receive(), home):
            pass
        connection.close()
    except ConnectionLost:
        pass
    except BaseException:
        code = 1
        if _getpid() == worker:
            traceback.print_exc()
    finally:
        _exit(code)


def _rehearse() -> None:
    """Serves a request of its own, and forgets about it.

    A forked process shares its memory with the host until it changes it, page by page, even where
    it only counts references; each page costs more time than a script's whole status(). After a
    rehearsal, which happens while we wait for the request, the pages that a call changes are ours.
    """
    worker_end, comard_end = _pair()
    comard_end.send(_REHEARSAL)
    _answer(worker_end, worker_end.receive(), None)
    comard_end.receive()
    worker_end.close()
    comard_end.close()
    begin(Call(Request()))
    del os.environ["COMAR_SERVICE"]


def _pair() -> tuple[Connection, Connection]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Connection(ours.detach()), Connection(theirs.detach())


def _settle() -> None:
    """All that does not depend on the request, and that a forked process inherits."""
    global _is_settled
    _is_settled = True
    os.environ.update(_ENVIRONMENT)
    forget_own_watchdog()
    os.umask(_UMASK)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    # As every Python program has it: a broken pipe is an exception.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    comar.builtins.install()


def forget_own_watchdog() -> None:
    """Takes what comard itself was started with out of the environment of services."""
    for name in _NOT_FOR_SERVICES:
        os.environ.pop(name, None)


def _answer(connection: Connection, message: dict[str, Any], home: Home | None) -> bool:
    """Serves one request. True: the call has left nothing behind, and another may come."""
    operation = _OPERATIONS.get(message.get("op", ""))
    if operation is None:
        answer = _error("Internal", f"unknown request {message.get('op')!r}")
    else:
        answer = operation(connection, message)
    _flush()
    _script.forget()
    answer["left"] = _children()
    may_serve = answer.get("again", True) and home is not None and not answer["left"]
    answer["again"] = may_serve and home is not None and home.is_as_new()
    try:
        connection.send(answer)
    except ValueError as error:
        answer = {**_error("ValueError", str(error)), "left": answer["left"], "again": False}
        connection.send(answer)
    return bool(answer["again"])


def _run(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """One method of one script."""
    return _outcome(connection, message, lambda request: encode(_call_method(request)))


def _poll(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """status() of several scripts, each as soon as it is known."""
    # Each script leaves a module that only the collector can free; one look at all of them will do.
    gc.disable()
    try:
        return _poll_all(connection, message)
    finally:
        gc.enable()


def _poll_all(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    for index, item in enumerate(message["items"]):
        answer = _status_of(connection, {**message, **item})
        running, text = answer.get("value") or (None, "")
        reply: dict[str, Any] = {
            "op": "item",
            "index": index,
            "running": running,
            "description": text,
        }
        if answer["op"] == "error":
            reply["error"] = f"{answer['name']}: {answer['message']}"
        connection.send(reply)
    return {"op": "return", "value": None}


def _status_of(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """Outcome of one script of several. One that may change its process gets a process of its own."""
    script = _compiled(message.get("script", ""))

    def work(request: Request) -> tuple[bool | None, str]:
        return _call_status(request, script)

    if script is None or script.is_tame:
        answer = _outcome(connection, message, work)
        _flush()
        return answer
    # Whose connection would be closed in the child.
    begin(Call(Request()))
    ours, theirs = _pair()
    child = os.fork()
    if child == 0:
        try:
            theirs.send(_outcome(connection, message, work))
            _flush()
        finally:
            _exit(0)
    theirs.close()
    try:
        return ours.receive()
    except ConnectionLost:
        return _error("Internal", "status() has crashed")
    finally:
        ours.close()
        os.waitpid(child, 0)


def _compiled(path: str) -> _script.Compiled | None:
    try:
        return _script.compiled(path)
    except (OSError, SyntaxError, ValueError):
        return None  # fails the same way when it is to run


def _check(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """The checks of a script that is to be registered. Not imported before: few workers need it."""
    try:
        from comar import check

        return {"op": "return", "value": check.check(message)}
    except Exception as error:
        traceback.print_exc()
        return _error("Internal", f"cannot check {message.get('name')}: {text_of(error)}")


def _settings(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """What an administrator has set for a service. Not imported before, as for _check()."""
    try:
        from comar import overrides

        return {"op": "return", "value": overrides.read_overrides(message["path"]).as_dict()}
    except Exception as error:
        traceback.print_exc()
        return _error("Internal", f"cannot read {message.get('path')}: {text_of(error)}")


def _record(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    """What a method would do, for a dry run. Not imported before, as for _check()."""
    try:
        from comar import recording

        return {"op": "return", "value": recording.record(message), "again": False}
    except Exception as error:
        traceback.print_exc()
        return {**_error("Internal", f"cannot record {message.get('app')}: {text_of(error)}"), "again": False}


_OPERATIONS: dict[str, Callable[[Connection, dict[str, Any]], dict[str, Any]]] = {
    "run": _run,
    "poll": _poll,
    "check": _check,
    "settings": _settings,
    "record": _record,
}


def _outcome(
    connection: Connection, message: dict[str, Any], work: Callable[[Request], Any]
) -> dict[str, Any]:
    """Serves one request; returns the message that ends it, a `return` or an `error`.

    Whatever a script does comes out here, be it SystemExit. A process that the script has forked,
    and that comes along here too, has no business any further.
    """
    worker = _getpid()
    try:
        request = Request.parse(message)
        begin(Call(request, connection))
        answer = {"op": "return", "value": work(request)}
    except BaseException as error:
        _exit_unless(worker)
        answer = _answer_to(error, message.get("method", ""))
    _exit_unless(worker)
    _drop_script()
    return answer


def _exit_unless(worker: int) -> None:
    if _getpid() != worker:
        _flush()
        _exit(0)


def _call_method(request: Request) -> Any:
    _prepare(request)
    method = find_method(request)
    value = call_locked(method, request.args) if request.locked else method(*request.args)
    # A probe that has nothing to complain about need not say so.
    return value is None or bool(value) if request.internal else value


def _call_status(request: Request, script: _script.Compiled | None) -> tuple[bool | None, str]:
    """What status() says, and serviceDesc, which a script may well compute."""
    _prepare(request, script)
    status = _script.function("status")
    running = None if status is None else bool(status())
    return running, description()


def _prepare(request: Request, script: _script.Compiled | None = None) -> None:
    """Puts the process where the script belongs, and runs the script's top level."""
    os.environ["COMAR_SERVICE"] = request.app
    if request.output is not None:
        _redirect_output(request.output)
    try:
        # Compiled first: it is kept in a file, and serviceUmask must not let others write that.
        script = script or _script.compiled(request.script)
        apply_settings()
        _script.load(request.script, script)
    except FileNotFoundError as error:
        if error.filename == request.script:
            raise Internal(f"Unable to find {request.model} script of {request.app}") from None
        raise


def _redirect_output(fifos: Iterable[str]) -> None:
    """Puts the service's FIFOs in place of stdout and stderr.

    Opened for reading too, nobody gets SIGPIPE there and opening does not wait for a reader.
    """
    for target, path in enumerate(fifos, 1):
        try:
            fifo = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise Internal(f"cannot open {path}: {error.strerror}") from error
        os.dup2(fifo, target)
        os.close(fifo)


def find_method(request: Request) -> Callable[..., Any]:
    """The script's own method, or else the default one of its model.

    What a script has from the star import is not its own: it cannot be called from outside. An
    `internal` call is of a function that the script's settings name, and that alone.
    """
    found = _script.function(request.method)
    if found is not None and found is not vars(comar.service).get(request.method):
        return found
    has_default = request.model == _SERVICE_MODEL and not request.internal
    default = METHODS.get(request.method) if has_default else None
    if default is None:
        raise Missing(f"{request.app} does not define {request.method}()")
    method: Callable[..., Any] = default
    return method


def _answer_to(error: BaseException, method: str) -> dict[str, Any]:
    """The answer to a call that raised. The log gets the traceback of what nobody has foreseen."""
    if isinstance(error, SystemExit) and error.code in (0, None):
        return {"op": "return", "value": None}
    message = text_of(error)
    report = ""
    try:
        if isinstance(error, Failure):
            report = f"{method}: {message}\n"
        elif not isinstance(error, (Missing, Internal)):
            report = _traceback(error)
        print(report, end="", file=sys.stderr)
    except Exception:
        # The script has closed stderr, or put something else in its place; or its error does not
        # let itself be shown.
        pass
    return {**_error(type(error).__name__, message), "reported": report[:_LONGEST_MESSAGE]}


def _error(name: str, message: str) -> dict[str, Any]:
    """An `error` message. D-Bus has ASCII words with dots between for names of errors."""
    words = [re.sub(r"\W|^(?=\d|$)", "_", word, flags=re.ASCII) for word in name.split(".")]
    return {"op": "error", "name": ".".join(words)[:_LONGEST_NAME], "message": message[:_LONGEST_MESSAGE]}


def text_of(error: BaseException) -> str:
    """What an exception says. One that says nothing is named, with the line that raised it."""
    try:
        text = str(error.code if isinstance(error, SystemExit) else error)
    except Exception:
        text = ""
    return text if text.strip() else f"{type(error).__name__} without a text{_origin(error)}"


def _origin(error: BaseException) -> str:
    """ ", raised at FILE:LINE: what stands there"; "" when no line of a script has to do with it."""
    frames = _frames(error)
    return f", raised at {frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""


def _traceback(error: BaseException) -> str:
    """Where in the script it was raised, without our own frames around and below."""
    frames = _frames(error)
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    lines += traceback.format_exception_only(type(error), error)
    return "".join(lines)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Where it passed, without our own frames."""
    every_frame = traceback.extract_tb(error.__traceback__)
    return [frame for frame in every_frame if not _is_ours(frame.filename)]


def _is_ours(filename: str) -> bool:
    return filename.startswith((_PACKAGE_FOLDER, "<frozen importlib"))


def _drop_script() -> None:
    """Empties the script's module, so that files which it has left open are written and closed.

    Not while other threads of the script run: they would trip over missing names.
    """
    if threading.active_count() == 1:
        _script.namespace().clear()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def _children() -> list[tuple[int, int]]:
    """(pid, start_time) of what the script has left running."""
    _native.reap_children()
    return _native.children(_getpid())
