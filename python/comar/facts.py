# SPDX-License-Identifier: MIT
"""What the text of a script tells, without running it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from comar.module import Module
from comar.plain import plain_start, plain_stop
from comar.policies import read_policies
from comar.script_settings import functions_to_name, read_settings
from comar.starts import Start, read_starts

#: serviceType, serviceDesc and the like are looked for under these names.
TYPE, DESCRIPTION, DEFAULT, CONF = "serviceType", "serviceDesc", "serviceDefault", "serviceConf"


@dataclass(frozen=True)
class Facts:
    """As docs/protocol.md has it. None: the script does not say, or only running it tells.

    description: language to text; a plain text counts as English.
    methods: defined at module level, helper functions among them.
    functions: those that an administrator's settings may name.
    starts: services that start() or ready() start, with the line that says so, and how.
    actions: methods that want an authorization of their own, and which, see comar.policies.
    plain_start, plain_stop: what start() starts and stop() ends, where that is all they do, see
        comar.plain.
    settings: those that the script sets, by the keys of comar.settings; and the line of each.
    """

    type: str | None = None
    description: dict[str, str] | None = None
    default: str | None = None
    conf: str | None = None
    methods: tuple[str, ...] = ()
    functions: tuple[str, ...] | None = None
    synchronized: tuple[str, ...] = ()
    starts: tuple[Start, ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    setting_lines: Mapping[str, int] = field(default_factory=dict)
    plain_start: Mapping[str, Any] | None = None
    plain_stop: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the protocol."""
        return {
            "type": self.type,
            "description": self.description,
            "default": self.default,
            "conf": self.conf,
            "methods": list(self.methods),
            "functions": None if self.functions is None else list(self.functions),
            "synchronized": list(self.synchronized),
            "starts": [list(each) for each in self.starts],
            "actions": dict(self.actions),
            "settings": dict(self.settings),
            "setting_lines": dict(self.setting_lines),
            "plain_start": None if self.plain_start is None else dict(self.plain_start),
            "plain_stop": None if self.plain_stop is None else dict(self.plain_stop),
        }


def read_facts(tree: ast.Module, methods: Collection[str]) -> Facts:
    """Reads a script. `methods` are those of its model: they may also be assigned or imported."""
    module = Module.of(tree)
    settings = read_settings(module)
    return Facts(
        type=_text(module, TYPE),
        description=_description(module),
        default=_text(module, DEFAULT),
        conf=_text(module, CONF),
        methods=_methods(module, methods),
        functions=functions_to_name(module),
        synchronized=_in_order(each.name for each in module.definitions if _is_locked(each.node)),
        starts=read_starts(module),
        actions=tuple(read_policies(tree).actions.items()),
        settings=settings.values,
        setting_lines=settings.lines,
        plain_start=plain_start(module),
        plain_stop=plain_stop(module),
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
