# SPDX-License-Identifier: MIT
"""Which methods of a script want an authorization of their own: `start.policy_action_id = "…"`.

comard asks polkit about that action on top of the model's, before the script runs, so the text of
the script must tell. Both forms that scripts in the field use are read: the attribute set at module
level, and a decorator of the script's own that sets it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

ATTRIBUTE = "policy_action_id"


@dataclass
class Policies:
    """actions: polkit action by method. unclear: lines that set one which only running tells."""

    actions: dict[str, str] = field(default_factory=dict)
    unclear: list[int] = field(default_factory=list)


def read_policies(tree: ast.Module) -> Policies:
    """Reads the module level of a script."""
    found = Policies()
    decorators = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    read: set[ast.AST] = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            for decorator in statement.decorator_list:
                read |= _decorated(statement.name, decorator, decorators, found)
        elif isinstance(statement, ast.Assign):
            read |= _assigned(statement, found)
    read |= {each for name, each in decorators.items() if not _is_used(name, tree)}
    understood = {id(node) for each in read for node in ast.walk(each)}
    found.unclear += [node.lineno for node in _settings(tree) if id(node) not in understood]
    return found


def _assigned(statement: ast.Assign, found: Policies) -> set[ast.AST]:
    """start.policy_action_id = "…" """
    for target in statement.targets:
        if _is_setting(target) and isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and _is_text(statement.value):
                found.actions[target.value.id] = str(ast.literal_eval(statement.value))
                return {statement}
    return set()


def _decorated(
    method: str, decorator: ast.expr, functions: dict[str, ast.FunctionDef], found: Policies
) -> set[ast.AST]:
    """@policy("…") or @policy, where policy() is a function of the script that sets it."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = call.func if call else decorator
    maker = functions.get(name.id) if isinstance(name, ast.Name) else None
    setting = next(_settings(maker), None) if maker else None
    if maker is None or setting is None:
        return set()
    value = _value_given(setting.value, maker, call)
    if value is None:
        found.unclear.append(decorator.lineno)
    else:
        found.actions[method] = value
    return {maker}


def _value_given(value: ast.expr, maker: ast.FunctionDef, call: ast.Call | None) -> str | None:
    """A text that the decorator sets itself, or the one it was called with."""
    if _is_text(value):
        return str(ast.literal_eval(value))
    if not isinstance(value, ast.Name) or call is None:
        return None
    names = [each.arg for each in maker.args.args]
    given = dict(zip(names, call.args))
    given.update({each.arg: each.value for each in call.keywords if each.arg})
    argument = given.get(value.id)
    return str(ast.literal_eval(argument)) if argument is not None and _is_text(argument) else None


def _is_used(name: str, tree: ast.Module) -> bool:
    """Whether the script names the function anywhere: one that nobody calls sets nothing."""
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _settings(tree: ast.AST) -> Iterator[ast.Assign]:
    """All assignments to the attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(_is_setting(target) for target in node.targets):
            yield node


def _is_setting(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == ATTRIBUTE


def _is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
