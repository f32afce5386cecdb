# SPDX-License-Identifier: MIT
"""What a function of a script is, and how it can be called."""

from __future__ import annotations

import ast

from comar.names import own_body


def not_callable(node: ast.AST) -> str:
    """Why comar cannot call what a name stands for, as a predicate; "" when it can."""
    if isinstance(node, ast.AsyncFunctionDef):
        return "is an async function, which nobody awaits"
    if isinstance(node, ast.ClassDef):
        return "is a class"
    if isinstance(node, ast.FunctionDef):
        if any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in own_body(node)):
            return "is a generator (it has a `yield`), so nothing in it would run"
    return "is a value, no function" if is_value(node) else ""


def is_value(node: ast.AST) -> bool:
    """Whether it is written as a value, which nobody can call."""
    literals = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr)
    return isinstance(node, literals)


def is_decorated_by_others(function: ast.AST) -> bool:
    """By something else than @synchronized, which may change what it takes."""
    decorators = getattr(function, "decorator_list", [])
    return any("synchronized" not in ast.unparse(each) for each in decorators)


def arity(arguments: ast.arguments) -> tuple[int, int | None]:
    """The least and the most positional arguments; None: any number."""
    most = len(arguments.posonlyargs) + len(arguments.args)
    return most - len(arguments.defaults), None if arguments.vararg else most
