# SPDX-License-Identifier: MIT
"""What the text of the running script tells without running it."""

from __future__ import annotations

import ast
from typing import Any, Iterator

from comar._call import current
from comar._script import namespace

# Positions of the arguments of startService().
_COMMAND = 0
_PIDFILE = 2


def commands_started_with(pidfile: str) -> list[str]:
    """The commands that the script gives to startService() together with `pidfile`.

    Both must be written there as strings, or as names of strings at module level.
    """
    try:
        with open(current().request.script, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return []
    return [command for command, its_pidfile in _started(tree) if its_pidfile == pidfile]


def _started(tree: ast.AST) -> Iterator[tuple[str, str]]:
    names = namespace()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", None) != "startService":
            continue
        command = _text(_argument(node, _COMMAND, "command"), names)
        pidfile = _text(_argument(node, _PIDFILE, "pidfile"), names)
        if command is not None and pidfile is not None:
            yield command, pidfile


def _argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    before = node.args[: position + 1]
    if len(before) <= position or any(isinstance(word, ast.Starred) for word in before):
        return None
    return before[position]


def _text(node: ast.expr | None, names: dict[str, Any]) -> str | None:
    if isinstance(node, ast.Constant):
        value: Any = node.value
    elif isinstance(node, ast.Name):
        value = names.get(node.id)
    else:
        value = None
    return value if isinstance(value, str) else None
