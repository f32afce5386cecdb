# SPDX-License-Identifier: MIT
"""What the text of a script tells, without running it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Union

from comar.names import FUNCTIONS, Function, module_statements, used_names
from comar.policies import read_policies

#: serviceType, serviceDesc and the like are looked for under these names.
TYPE, DESCRIPTION, DEFAULT, CONF = "serviceType", "serviceDesc", "serviceDefault", "serviceConf"

Literal = Union[str, dict[str, str]]

# The arguments of call() that name what is called.
_CALL = ("app", "model", "method")


@dataclass(frozen=True)
class Facts:
    """As docs/protocol.md has it. None: the script does not say, or only running it tells.

    description: language to text; a plain text counts as English.
    methods: defined at module level, helper functions among them.
    starts: services that start() or ready() start, with the line that says so.
    actions: methods that want an authorization of their own, and which, see comar.policies.
    """

    type: str | None = None
    description: dict[str, str] | None = None
    default: str | None = None
    conf: str | None = None
    methods: tuple[str, ...] = ()
    synchronized: tuple[str, ...] = ()
    starts: tuple[tuple[str, int], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the protocol."""
        return {
            "type": self.type,
            "description": self.description,
            "default": self.default,
            "conf": self.conf,
            "methods": list(self.methods),
            "synchronized": list(self.synchronized),
            "starts": [list(each) for each in self.starts],
            "actions": dict(self.actions),
        }


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
        return _evaluated(node)

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


def read_facts(tree: ast.Module, methods: Collection[str]) -> Facts:
    """Reads a script. `methods` are those of its model: they may also be assigned or imported."""
    module = Module.of(tree)
    return Facts(
        type=_text(module, TYPE),
        description=_description(module),
        default=_text(module, DEFAULT),
        conf=_text(module, CONF),
        methods=_methods(module, methods),
        synchronized=_in_order(each.name for each in module.definitions if _is_locked(each.node)),
        starts=tuple(_starts(module)),
        actions=tuple(read_policies(tree).actions.items()),
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


def _is_translation(call: ast.Call) -> bool:
    """_(…) with one argument."""
    return isinstance(call.func, ast.Name) and call.func.id == "_" and len(call.args) == 1


def _evaluated(node: ast.AST) -> Literal | None:
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


def _text(module: Module, name: str) -> str | None:
    definition = module.last(name)
    value = module.literal(definition.node) if definition else None
    return value if isinstance(value, str) else None


def _description(module: Module) -> dict[str, str] | None:
    definition = module.last(DESCRIPTION)
    value = module.literal(definition.node) if definition else None
    return {"en": value} if isinstance(value, str) else value


def _methods(module: Module, methods: Collection[str]) -> tuple[str, ...]:
    return _in_order(
        each.name
        for each in module.definitions
        if each.name in methods or isinstance(each.node, (ast.FunctionDef, ast.Lambda))
    )


def _in_order(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _is_locked(node: ast.AST) -> bool:
    """@synchronized, or `start = synchronized(…)`."""
    candidates = [node.func] if isinstance(node, ast.Call) else getattr(node, "decorator_list", [])
    return any(
        "synchronized" in (getattr(each, "id", None), getattr(each, "attr", None))
        for each in candidates
    )


def _starts(module: Module) -> Iterator[tuple[str, int]]:
    """In the order of lines, each once."""
    found = [start for node in _run_by_start(module) for start in _started_in(node)]
    yield from sorted(set(found), key=lambda each: (each[1], each[0]))


def _run_by_start(module: Module) -> list[ast.AST]:
    """What runs when the service is started: start(), ready(), what they use, and module level."""
    nodes: list[ast.AST] = [
        each for each in module.tree.body if not isinstance(each, (ast.FunctionDef, ast.ClassDef))
    ]
    waiting, seen = ["start", "ready"], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            reached: list[ast.AST] = [each.node for each in module.all_of(name)]
            nodes += reached
            waiting += [used.id for node in reached for used in used_names(node)]
    return nodes


def _started_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "startDependencies":
                yield from ((name, node.lineno) for name in _texts(node.args))
            elif node.func.id == "call":
                yield from ((name, node.lineno) for name in _called(node))


def _texts(arguments: list[ast.expr]) -> Iterator[str]:
    """The literal ones; a literal list may be given with a star."""
    for each in arguments:
        if isinstance(each, ast.Starred) and isinstance(each.value, (ast.List, ast.Tuple)):
            yield from _texts(each.value.elts)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _called(call: ast.Call) -> Iterator[str]:
    """call("a", "System.Service", "start"), or the older call("System.Service.start", "a")."""
    given = dict(zip(_CALL, call.args))
    given.update({each.arg: each.value for each in call.keywords if each.arg})
    words = [_evaluated(given[each]) if each in given else None for each in _CALL]
    if words[0] == "System.Service.start" and isinstance(words[1], str):
        yield words[1]
    elif words[1:] == ["System.Service", "start"] and isinstance(words[0], str):
        yield words[0]
