# SPDX-License-Identifier: MIT
"""Scripts whose start() does one thing that is written out: start one program in the background.
And those whose stop() only ends the process that a pidfile names.

comard can do that itself: a service that crashed is back without a script, and in a fraction of the
time. So what is told of such a script is complete, or it is not told at all: everything in it must
be known to be without effect but for that program.
"""

from __future__ import annotations

import ast
import signal
from typing import Any, Callable

from comar._arguments import split_words
from comar.module import Module
from comar.names import bound_names
from comar.vocabulary import SCRIPT_BUILTINS, STAR_NAMES

_PARAMETERS = ("command", "args", "pidfile", "makepid", "nice", "detach", "chuid", "donotify")
_STOP_PARAMETERS = ("pidfile", "command", "args", "chuid", "user", "name", "signalno", "donotify")
_TRANSLATION = "_"
_WITHOUT_EFFECT = (ast.Constant, ast.Name, ast.Dict, ast.List, ast.Tuple, ast.Load)


class _NotPlain(Exception):
    """Only running the script would tell."""


def plain_start(module: Module) -> dict[str, Any] | None:
    """What start() starts; None: only running it tells.

    `arguments`; `pidfile`, which comar writes, or None; `notifies`, as donotify; `status`, how
    status() tells: "none" there is, the "pidfile" of `status_pidfile`, or a search for "processes".
    """
    return _told(_read_start, module)


def plain_stop(module: Module) -> dict[str, Any] | None:
    """What stop() ends; None: only running it tells.

    `pidfile`; `signal`, its number; `notifies`, as donotify.
    """
    return _told(_read_stop, module)


def _told(read: Callable[[Module], dict[str, Any]], module: Module) -> dict[str, Any] | None:
    try:
        return read(module)
    except (_NotPlain, ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _read_start(module: Module) -> dict[str, Any]:
    constants = _top_level(module.tree)
    given = _only_call(module, "start", "startService", _PARAMETERS, constants)
    status = _status(module, constants)
    pidfile = given.get("pidfile")
    makes_pidfile = given.get("makepid") is True and pidfile is not None
    is_simple = (
        given.get("detach") is True
        and given.get("chuid") is None
        and given.get("nice") is None
        and (pidfile is None or makes_pidfile)
        and _is_path(given.get("command"))
        and (pidfile is None or _is_path(pidfile))
    )
    if not is_simple:
        raise _NotPlain
    arguments = [given["command"], *split_words(given.get("args"))]
    if not all(isinstance(each, str) and "\0" not in each for each in arguments):
        raise _NotPlain
    return {
        "arguments": arguments,
        "pidfile": pidfile,
        "notifies": given.get("donotify") is True,
        **status,
    }


def _read_stop(module: Module) -> dict[str, Any]:
    given = _only_call(module, "stop", "stopService", _STOP_PARAMETERS, _top_level(module.tree))
    number = given.get("signalno", signal.SIGTERM)
    names_more = any(given.get(each) is not None for each in ("command", "args", "chuid", "user", "name"))
    if names_more or not _is_path(given.get("pidfile")) or number not in signal.valid_signals():
        raise _NotPlain
    return {
        "pidfile": given["pidfile"],
        "signal": int(number),
        "notifies": given.get("donotify") is True,
    }


def _only_call(
    module: Module, method: str, name: str, parameters: tuple[str, ...], constants: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of the one call that the method consists of."""
    statement = _only_statement(_function(module, method))
    if not isinstance(statement, ast.Expr):
        raise _NotPlain
    return _call_of(statement.value, name, parameters, constants)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/") and "\0" not in value


def _top_level(tree: ast.Module) -> dict[str, Any]:
    """Names of the script that are literals. Anything there that might have an effect is too much."""
    constants: dict[str, Any] = {}
    own = bound_names(tree, imports=False)
    if own & (STAR_NAMES | SCRIPT_BUILTINS):
        raise _NotPlain
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if not isinstance(target, ast.Name) or target.id in constants:
                    raise _NotPlain
                constants[target.id] = _constant(statement.value)
        elif not _is_harmless(statement):
            raise _NotPlain
    return constants


def _constant(node: ast.expr) -> Any:
    """A literal; texts in several languages, which nothing that matters here is made of, are None."""
    if isinstance(node, ast.Call):
        is_text = isinstance(node.func, ast.Name) and node.func.id == _TRANSLATION
        if not is_text or len(node.args) != 1 or node.keywords:
            raise _NotPlain
        ast.literal_eval(node.args[0])
        return None
    if all(isinstance(each, _WITHOUT_EFFECT) for each in ast.walk(node)) and _has_names(node):
        return None  # a setting that names functions of the script
    return ast.literal_eval(node)


def _has_names(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) for each in ast.walk(node))


def _is_harmless(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "comar.service" and [each.name for each in statement.names] == ["*"]
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if not isinstance(statement, ast.FunctionDef):
        return False
    defaults = [*statement.args.defaults, *statement.args.kw_defaults]
    is_plain = all(each is None or isinstance(each, ast.Constant) for each in defaults)
    return is_plain and all(_is_synchronized(each) for each in statement.decorator_list)


def _is_synchronized(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "synchronized"


def _function(module: Module, name: str) -> ast.FunctionDef:
    found = module.all_of(name)
    if len(found) != 1 or not isinstance(found[0].node, ast.FunctionDef):
        raise _NotPlain
    return found[0].node


def _only_statement(function: ast.FunctionDef) -> ast.stmt:
    arguments = function.args
    if arguments.args or arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        raise _NotPlain
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if len(body) != 1:
        raise _NotPlain
    return body[0]


def _call_of(
    node: ast.expr | None, name: str, parameters: tuple[str, ...], constants: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call of that function, by name."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != name:
        raise _NotPlain
    given = dict(zip(parameters, (_value(each, constants) for each in node.args)))
    for keyword in node.keywords:
        if keyword.arg not in parameters or keyword.arg in given:
            raise _NotPlain
        given[keyword.arg] = _value(keyword.value, constants)
    if len(node.args) > len(parameters):
        raise _NotPlain
    return given


def _value(node: ast.expr, constants: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        if constants.get(node.id) is None:
            raise _NotPlain
        return constants[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "signal":
        return getattr(signal.Signals, node.attr, None)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(each, constants) for each in node.elts]
    return ast.literal_eval(node)


def _status(module: Module, constants: dict[str, Any]) -> dict[str, Any]:
    """startService() asks it first; what it says must be what comard knows or can see itself."""
    if not module.all_of("status"):
        return {"status": "none", "status_pidfile": None}
    status = _only_statement(_function(module, "status"))
    if not isinstance(status, ast.Return):
        raise _NotPlain
    given = _call_of(status.value, "isServiceRunning", ("pidfile", "command"), constants)
    pidfile = given.get("pidfile")
    if _is_path(pidfile):
        return {"status": "pidfile", "status_pidfile": pidfile}
    return {"status": "processes", "status_pidfile": None}
