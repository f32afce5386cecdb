# SPDX-License-Identifier: MIT
"""The process of a dry run: makes itself harmless, and runs the script."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any, NoReturn

import comar.service  # noqa: F401  # all that scripts use is loaded before anything is forbidden
from comar import _effects, _script
from comar._call import Call, Request, begin
from comar.recording import guard, kernel
from comar.recording.api import count_as_stopped, replace_api
from comar.recording.files import replace_files
from comar.recording.journal import Journal
from comar.recording.processes import replace_processes
from comar.recording.surroundings import replace_surroundings

# Settings that a script may notice, and that change nothing but this process.
_SETTINGS = ("environment_files", "environment", "umask", "directory")
# What starts a service: it counts as not running.
_STARTING = frozenset(("start", "ready"))


def run(request: Request, pipe: int) -> NoReturn:
    """Runs the method, with each entry going to the pipe; then ends the process."""
    begin(Call(request))
    journal = Journal(pipe, request.script)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    sys.dont_write_bytecode = True
    os.environ["COMAR_SERVICE"] = request.app
    script = _prepared(journal, request)
    guarantee = kernel.wall_in()
    os.write(pipe, json.dumps({"guarantee": guarantee}).encode() + b"\n")
    replace_api(journal)
    replace_processes(journal)
    replace_files(journal)
    replace_surroundings(journal)
    guard.watch(journal)
    _run_script(journal, request, script)


def _prepared(journal: Journal, request: Request) -> _script.Compiled:
    """What needs what is forbidden later: the settings, and the compiled script."""
    call = Call(request)
    try:
        for key, use in _effects.EFFECTS:
            if key in _SETTINGS and key in call.settings:
                use(call.settings[key])
        with open(request.script, "rb") as file:
            code = compile(file.read(), request.script, "exec", dont_inherit=True)
    except Exception as error:
        _end_with(journal, error)
    return _script.Compiled(code, True)


def _run_script(journal: Journal, request: Request, script: _script.Compiled) -> NoReturn:
    from comar.worker import find_method

    try:
        _script.load(request.script, script)
        method = find_method(request)
        if request.method in _STARTING:
            count_as_stopped()
        method(*request.args)
        _wait_for_threads()
    except SystemExit as error:
        if error.code not in (0, None):
            _end_with(journal, error)
    except BaseException as error:
        _end_with(journal, error)
    journal.close()


def _wait_for_threads() -> None:
    """What threads of the script do is part of it, as long as comard would wait."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _end_with(journal: Journal, error: BaseException) -> NoReturn:
    """The entry of an exception, with the line of the script that it came from."""
    from comar.worker import text_of

    journal.end("error", f"{type(error).__name__}: {text_of(error)}", line=_raised_at(journal, error))


def _raised_at(journal: Journal, error: BaseException) -> Any:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == journal.script:
            line = trace.tb_lineno
        trace = trace.tb_next
    return getattr(error, "lineno", 0) or 0 if isinstance(error, SyntaxError) else line
