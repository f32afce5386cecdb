# SPDX-License-Identifier: MIT
"""The module level of a script: what it defines where, and the texts that can be told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

from comar.names import FUNCTIONS, Function, module_statements

Literal = Union[str, dict[str, str]]


@dataclass(frozen=True)
class Definition:
    """Where a name gets its meaning at module level. node: what is assigned, or the def itself."""

    name: str
    line: int
    node: ast.AST


@dataclass(frozen=True)
class Module:
    """The module level of a script: what it defines, in order."""

    tree: ast.Module
    definitions: list[Definition] = field(default_factory=list)

    @staticmethod
    def of(tree: ast.Module) -> Module:
        return Module(tree, list(_definitions(tree)))

    def all_of(self, name: str) -> list[Definition]:
        return [each for each in self.definitions if each.name == name]

    def last(self, name: str) -> Definition | None:
        """The one that counts."""
        return next(reversed(self.all_of(name)), None)

    def literal(self, node: ast.AST) -> Literal | None:
        """The text or the texts by language that an expression is, if that can be told."""
        if isinstance(node, ast.Call) and _is_translation(node):
            return self.literal(node.args[0])
        if isinstance(node, ast.Name):
            return self._constant(node.id)
        return evaluated(node)

    def function(self, name: str) -> Function | ast.Lambda | None:
        """The function of that name, also when it is another name of one: `stop = halt`."""
        definition, seen = self.last(name), {name}
        while definition and isinstance(definition.node, ast.Name):
            if definition.node.id in seen:
                return None
            seen.add(definition.node.id)
            definition = self.last(definition.node.id)
        node = definition.node if definition else None
        return node if isinstance(node, FUNCTIONS) else None

    def _constant(self, name: str) -> Literal | None:
        """The value of a name that is assigned once."""
        found = self.all_of(name)
        if len(found) != 1 or isinstance(found[0].node, ast.Name):
            return None
        return self.literal(found[0].node)


def _is_translation(call: ast.Call) -> bool:
    """_(…) with one argument."""
    return isinstance(call.func, ast.Name) and call.func.id == "_" and len(call.args) == 1


def evaluated(node: ast.AST) -> Literal | None:
    """The text or the dict of texts that is written there."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, str) or _is_texts(value) else None


def _is_texts(value: object) -> bool:
    """Whether it is a dict of texts."""
    return isinstance(value, dict) and all(
        isinstance(each, str) for pair in value.items() for each in pair
    )


def _definitions(tree: ast.Module) -> Iterator[Definition]:
    for statement in module_statements(tree):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield Definition(statement.name, statement.lineno, statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _targets(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _targets(statement.target, statement.value)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from _imported(statement)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[Definition]:
    if isinstance(target, ast.Name):
        yield Definition(target.id, target.lineno, value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for each, its_value in zip(target.elts, value.elts):
            yield from _targets(each, its_value)


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[Definition]:
    for each in statement.names:
        if each.name != "*":
            name = each.asname or each.name.partition(".")[0]
            yield Definition(name, statement.lineno, statement)
