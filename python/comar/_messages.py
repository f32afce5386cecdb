# SPDX-License-Identifier: MIT
"""What a script says to people, to comard and to other scripts.

Scripts find these as builtins, see comar.builtins.
"""

from __future__ import annotations

import math
import re
from typing import Any, Mapping, NoReturn, Union

from comar._call import current
from comar.values import decode, encode

Text = Union[str, Mapping[str, str]]

_MODEL = re.compile(r"[A-Z]\w*(\.[A-Z]\w*)+")
_MODEL_AND_METHOD = re.compile(_MODEL.pattern + r"\.[a-z]\w*")


class CallError(Exception):
    """comard refused a question, or a script that was called failed.

    The class of each such exception is derived from this one and named like the error, so that a
    script which lets it pass reports the same name: "Missing", "Deadlock", "OSError" and so on.
    """


class Failure(Exception):
    """What fail() raises. Callers see it as "Exception"."""


Failure.__name__ = "Exception"


def translate(text: Text) -> str:
    """Returns the text in the language of whoever called the script; builtin `_` in scripts.

    `text` is {language: text}. For a caller whose language is "tr_TR.UTF-8" that is the text under
    "tr_TR", "tr", "en" or any other, the first there is; "" for an empty dict. A plain string
    comes back as it is.
    """
    if not isinstance(text, Mapping):
        return text
    for language in _languages(current().request.language):
        if language in text:
            return text[language]
    return next(iter(text.values()), "")


def _languages(wanted: str) -> list[str]:
    territory = re.split(r"[.@]", wanted, maxsplit=1)[0]
    return [wanted, territory, territory.split("_")[0], "en"]


def fail(message: Text) -> NoReturn:
    """Ends the call; the caller gets `message` as an error named "Exception".

    A dict is translated as by `_`.
    """
    raise Failure(translate(message))


def ask(message: dict[str, Any]) -> Any:
    """Asks comard; returns the value of its reply.

    CallError: it answered with an error. RuntimeError: no comard runs this process.
    """
    reply = current().ask(message)
    error = reply.get("error")
    if error is not None:
        raise named_error(error.get("name", "Internal"), error.get("message", ""))
    return decode(reply.get("value"))


def named_error(name: str, message: str) -> CallError:
    """An exception whose class has the name of an error."""
    error: CallError = type(name, (CallError,), {"__doc__": CallError.__doc__})(message)
    return error


def call(app: str, model: str, *arguments: Any, **options: Any) -> Any:
    """Calls a method of another script, as the same caller; returns what the method returns.

        call("acpid", "System.Service", "setState", ["on"], timeout=30)
        call("System.Service.setState", "acpid", "on")

    Arguments:
        app: the script, such as "acpid".
        model: such as "System.Service".
        method: the method's name.
        args: its arguments, a tuple or list; a single other value is taken as the only one.
        timeout: seconds to wait; -1, None or infinity for as long as the method may take.

    The second form names model and method together, then the script, then the arguments.
    Raises CallError, with the class named like the error, when the call fails.
    """
    if _MODEL_AND_METHOD.fullmatch(app) and not _MODEL.fullmatch(model):
        model_name, _, method = app.rpartition(".")
        return _call(model, model_name, method, arguments, **options)
    return _call(app, model, *arguments, **options)


def _call(app: str, model: str, method: str, args: Any = (), timeout: float | None = -1) -> Any:
    return ask(
        {
            "op": "call",
            "app": app,
            "model": model,
            "method": method,
            "args": _encode_arguments(args),
            "timeout": _seconds(timeout),
        }
    )


_call.__qualname__ = "call"  # what a TypeError about its arguments names


def _seconds(timeout: float | None) -> float:
    """A timeout as comard takes it: JSON has no infinity, so for no end at all it is -1."""
    seconds = -1.0 if timeout is None else float(timeout)
    return seconds if math.isfinite(seconds) else -1.0


def notify(model: str, signal: str, args: Any = ()) -> None:
    """Emits a signal of this script's object.

        notify("System.Service", "Changed", (script(), "started"))

    `args` is a tuple or list; a single other value is taken as the only argument. comard checks
    them against the model. Nothing happens outside of comar.
    """
    message = {"op": "notify", "model": model, "signal": signal, "args": _encode_arguments(args)}
    current().tell(message)


def notify_changed(state: str) -> None:
    """Emits Changed of System.Service: "started" or "stopped"."""
    notify("System.Service", "Changed", (current().request.app, state))


def _encode_arguments(args: Any) -> list[Any]:
    if not isinstance(args, (list, tuple)):
        args = (args,)
    return [encode(value) for value in args]
