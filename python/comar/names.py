# SPDX-License-Identifier: MIT
"""Which names a script binds, which it uses, and what of it runs when it is loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]

#: All nodes whose body waits until it is called.
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try)


def bound_names(tree: ast.AST, imports: bool = True) -> set[str]:
    """Every name that gets a meaning anywhere below: assigned, imported, defined, an argument.

    imports: those that are imported among them.
    """
    nodes = (node for node in ast.walk(tree) if imports or not isinstance(node, ast.alias))
    return {name for node in nodes for name in _bindings(node)}


def used_names(tree: ast.AST) -> Iterator[ast.Name]:
    """Every place below where a name's meaning is asked for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node


def module_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of module level, those in `if`, `try` and the like among them, in order."""
    yield from _statements(tree.body)


def used_at_load(tree: ast.Module) -> Iterator[ast.Name]:
    """Names that are looked up as soon as the script is loaded, before any method is called."""
    for statement in tree.body:
        yield from used_names_outside_functions(statement)


def used_names_outside_functions(node: ast.AST) -> Iterator[ast.Name]:
    """As used_names(), without what waits in the body of a function until it is called."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node
    for child in evaluated_children(node):
        yield from used_names_outside_functions(child)


def star_imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    """Each `from … import *`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names):
            yield node


def service_import(tree: ast.Module) -> ast.ImportFrom | None:
    """`from comar.service import *`, the first of them."""
    found = (each for each in star_imports(tree) if each.module == "comar.service")
    return next(found, None)


def own_body(function: ast.AST) -> Iterator[ast.AST]:
    """Everything in a function's body that is not in a function inside it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield from own_body(child)


def evaluated_children(node: ast.AST) -> Iterator[ast.AST]:
    """The children; of a function only what is evaluated where it is defined."""
    if not isinstance(node, FUNCTIONS):
        yield from ast.iter_child_nodes(node)
        return
    yield from node.args.defaults
    yield from (each for each in node.args.kw_defaults if each is not None)
    yield from getattr(node, "decorator_list", [])


def guarded(tree: ast.AST) -> set[ast.AST]:
    """Everything in a `try` that catches something: the script knows what to do when it fails."""
    return {
        each
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and node.handlers
        for each in ast.walk(node)
    }


def _bindings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias) and node.name != "*":
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    else:
        yield from _pattern_bindings(node)


def _pattern_bindings(node: ast.AST) -> Iterator[str]:
    """Names in the cases of a `match` statement, which Python has since 3.10."""
    if type(node).__name__ in ("MatchAs", "MatchStar"):
        name = getattr(node, "name")
    elif type(node).__name__ == "MatchMapping":
        name = getattr(node, "rest")
    else:
        return
    if name:
        yield name


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, _BLOCKS):
            for part in ("body", "handlers", "orelse", "finalbody"):
                yield from _part(getattr(statement, part, []))


def _part(body: list[ast.stmt] | list[ast.ExceptHandler]) -> Iterator[ast.stmt]:
    for each in body:
        if isinstance(each, ast.ExceptHandler):
            yield from _statements(each.body)
        else:
            yield from _statements([each])
