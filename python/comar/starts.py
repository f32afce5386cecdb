# SPDX-License-Identifier: MIT
"""Which other services a script starts when it is started, told from its text.

Names count where they are written out, are written once at module level, or are gone through in a
loop over such names. What is computed is not guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from comar.app_names import canonical
from comar.module import Module, evaluated
from comar.names import FUNCTIONS, bound_names, evaluated_children, own_body, used_names

#: How a service is started: `startDependencies` goes on when that fails, `call` raises.
DEPENDENCIES, CALL = "startDependencies", "call"

_ROOTS = ("start", "ready")
# The arguments of call() that name what is called.
_CALL = ("app", "model", "method")
_MODEL, _METHOD = "System.Service", "start"


class Start(NamedTuple):
    """A service that is started, the line that says so, and how: DEPENDENCIES or CALL."""

    app: str
    line: int
    how: str


def read_starts(module: Module) -> tuple[Start, ...]:
    """What module level, start(), ready() and all that they use start, in the order of lines."""
    reader = _Reader(module)
    found = set(reader.at_module_level())
    for node in _run_by_start(module):
        found.update(reader.starts(node))
    return tuple(sorted(found, key=lambda each: (each.line, each.app, each.how)))


def _run_by_start(module: Module) -> list[ast.AST]:
    """The definitions that may run when the service is started."""
    nodes: list[ast.AST] = []
    names = [each.id for node in module.tree.body for each in _used_at_load(node)]
    waiting, seen = [*_ROOTS, *names], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            reached = [each.node for each in module.all_of(name)]
            nodes += reached
            waiting += [used.id for node in reached for used in used_names(node)]
    return nodes


def _used_at_load(statement: ast.AST) -> Iterator[ast.Name]:
    """Names that are called while the script is loaded: `helper()`, but not `stop = helper`."""
    for node in _evaluated(statement):
        if isinstance(node, ast.Call):
            yield from (each for each in _evaluated(node) if isinstance(each, ast.Name))


@dataclass(frozen=True)
class _Scope:
    """local: names that hide those of the module. loops: variables of loops over known names."""

    local: frozenset[str] = frozenset()
    loops: Mapping[str, list[str]] = field(default_factory=dict)


class _Reader:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._meanings = {
            name: how for how in (DEPENDENCIES, CALL) for name in self._synonyms(how)
        }

    def _synonyms(self, function: str) -> set[str]:
        """The names under which a script knows a function of the Service API."""
        names = {function}
        for each in self._module.definitions:
            if isinstance(each.node, ast.Name) and each.node.id in names:
                names.add(each.name)
            elif isinstance(each.node, ast.ImportFrom) and each.node.module == "comar.service":
                imported = {(alias.asname or alias.name): alias.name for alias in each.node.names}
                names |= {each.name} if imported.get(each.name) == function else set()
        own = {each.name for each in self._module.definitions if isinstance(each.node, FUNCTIONS)}
        return names - own

    def at_module_level(self) -> Iterator[Start]:
        """What is started while the script is loaded."""
        for statement in self._module.tree.body:
            nodes = list(_evaluated(statement))
            scope = self._scope(frozenset(), nodes)
            for node in nodes:
                yield from self._started_by(node, scope)

    def starts(self, node: ast.AST, local: frozenset[str] = frozenset()) -> Iterator[Start]:
        """What is started anywhere below a definition. local: names that functions around it bind."""
        body = list(own_body(node))
        if isinstance(node, FUNCTIONS):
            local = (local | bound_names(node, imports=False)) - _globals(body)
        scope = self._scope(local, body)
        for each in (node, *body):
            yield from self._started_by(each, scope)
            if each is not node and isinstance(each, (*FUNCTIONS, ast.ClassDef)):
                yield from self.starts(each, local)

    def _scope(self, local: frozenset[str], nodes: list[ast.AST]) -> _Scope:
        """Variables of loops count unless they mean more than that."""
        stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        loops = {
            each.target.id: list(self._members(each.iter, _Scope(local)))
            for each in nodes
            if isinstance(each, (ast.For, ast.comprehension))
            and isinstance(each.target, ast.Name)
            and stored.count(each.target.id) == 1
        }
        return _Scope(local, loops)

    def _started_by(self, node: ast.AST, scope: _Scope) -> Iterator[Start]:
        if not isinstance(node, ast.Call):
            return
        how = self._meaning(node.func, scope)
        if how == DEPENDENCIES:
            names = [name for each in node.args for name in self._texts(each, scope)]
        elif how == CALL:
            names = list(self._called(node, scope))
        else:
            return
        yield from (Start(canonical(name), node.lineno, how) for name in names if name)

    def _meaning(self, function: ast.expr, scope: _Scope) -> str | None:
        """The function of the Service API that is called, if it is one of ours."""
        if isinstance(function, ast.Attribute):
            return DEPENDENCIES if function.attr == DEPENDENCIES else None
        if isinstance(function, ast.Name) and function.id not in scope.local:
            return self._meanings.get(function.id)
        return None

    def _called(self, call: ast.Call, scope: _Scope) -> Iterator[str]:
        """call("a", "System.Service", "start"), or the older call("System.Service.start", "a")."""
        given = dict(zip(_CALL, call.args))
        given.update({each.arg: each.value for each in call.keywords if each.arg})
        app, model, method = (
            list(self._texts(given[each], scope)) if each in given else [] for each in _CALL
        )
        if app == [f"{_MODEL}.{_METHOD}"]:
            yield from model
        elif model == [_MODEL] and method == [_METHOD]:
            yield from app

    def _texts(self, node: ast.expr, scope: _Scope) -> Iterator[str]:
        """The texts that an argument may be; several for a literal list with a star, and in a loop."""
        if isinstance(node, ast.Starred):
            yield from self._members(node.value, scope)
        elif isinstance(node, ast.Name) and node.id in scope.loops:
            yield from scope.loops[node.id]
        else:
            value = self._written(node, scope)
            text = evaluated(value) if value is not None else None
            if isinstance(text, str):
                yield text

    def _members(self, node: ast.expr, scope: _Scope) -> Iterator[str]:
        """The texts of a list that is written out."""
        found = self._written(node, scope)
        if isinstance(found, (ast.List, ast.Tuple, ast.Set)):
            for each in found.elts:
                yield from self._texts(each, _Scope(scope.local))

    def _written(self, node: ast.AST, scope: _Scope) -> ast.AST | None:
        """What a name of module level stands for, if it is given once; other nodes as they are."""
        if not isinstance(node, ast.Name):
            return node
        found = [] if node.id in scope.local else self._module.all_of(node.id)
        if len(found) != 1 or isinstance(found[0].node, ast.Name):
            return None
        return found[0].node


def _globals(body: list[ast.AST]) -> set[str]:
    return {name for each in body if isinstance(each, ast.Global) for name in each.names}


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a statement that runs where it stands, not in a function's body."""
    yield node
    for child in evaluated_children(node):
        yield from _evaluated(child)
