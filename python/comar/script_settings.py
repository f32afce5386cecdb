# SPDX-License-Identifier: MIT
"""The settings that a script sets as variables, told from its text.

comard needs them before and between the script's runs, so what only running would tell is refused
here rather than guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from comar.forms import Refused
from comar.module import Module
from comar.names import module_statements, star_imports
from comar.probes import FunctionName
from comar.settings import BY_VARIABLE, SETTINGS, Problem, Setting
from comar.signatures import arity, is_decorated_by_others, not_callable
from comar.wording import shortened


@dataclass
class ScriptSettings:
    """values: by key, those that are right. lines: where each of them is. problems: the others."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_settings(module: Module) -> ScriptSettings:
    """All settings of a script, checked."""
    found = ScriptSettings(problems=list(_changes(module)))
    top_level = frozenset(_top_level_values(module.tree))
    for setting in SETTINGS:
        definition = module.last(setting.variable)
        if definition is None:
            continue
        try:
            value = _Reader(module, top_level, setting).read()
            found.values[setting.key] = setting.form.accept(value)
            found.lines[setting.key] = definition.line
        except Refused as refused:
            message = f"{setting.variable} {refused}"
            found.problems.append(Problem(definition.line, message))
    return found


@dataclass(frozen=True)
class _Reader:
    """Tells the value of one setting. top_level: all values that are assigned without a condition."""

    module: Module
    top_level: frozenset[ast.AST]
    setting: Setting

    def read(self) -> Any:
        """The value as it is written. Refused: only running the script would tell."""
        first, *others = self.module.all_of(self.setting.variable)
        if others:
            raise Refused(f"is set in line {first.line} already: set it once")
        if isinstance(first.node, ast.expr) and first.node not in self.top_level:
            raise Refused("is set within another statement: set it once, at the top level")
        return self._value(first.node)

    def _value(self, node: ast.AST) -> Any:
        """Names stand for functions of the script, and for values that are written above."""
        try:
            if isinstance(node, ast.Name):
                return self._named(node)
            if isinstance(node, ast.Dict):
                return dict(self._pairs(node))
            if isinstance(node, (ast.List, ast.Tuple)):
                values = [self._value(each) for each in node.elts]
                return values if isinstance(node, ast.List) else tuple(values)
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            form = self.setting.form
            how = "" if form.secret else f" ({shortened(ast.unparse(node))})"
            raise Refused(
                f"is computed{how}, but read without running the script: write out {form.expected}"
            ) from None

    def _pairs(self, node: ast.Dict) -> Iterator[tuple[Any, Any]]:
        for key, value in zip(node.keys, node.values):
            if key is None:
                raise ValueError("**, whose keys are elsewhere")
            yield self._value(key), self._value(value)

    def _named(self, name: ast.Name) -> Any:
        definitions = self.module.all_of(name.id)
        if definitions and definitions[0].line > name.lineno:
            line = definitions[0].line
            raise Refused(f"names {name.id} before line {line} defines it: move it below")
        function = self.module.function(name.id)
        if function is not None:
            _refuse_unless_callable(name.id, function)
            return FunctionName(name.id)
        if len(definitions) != 1 or definitions[0].node not in self.top_level:
            raise Refused(
                f"names {name.id}, which is neither a function of this script nor a value that it "
                f"writes once: expected is {self.setting.form.expected}"
            )
        return self._value(definitions[0].node)


def functions_to_name(module: Module) -> tuple[str, ...] | None:
    """What an administrator's "function:NAME" may name; None: only running the script tells.

    What is computed or imported may be a function.
    """
    if any(each.module != "comar.service" for each in star_imports(module.tree)):
        return None
    names = dict.fromkeys(each.name for each in module.definitions)
    return tuple(name for name in names if not _why_not_named(module, name))


def _why_not_named(module: Module, name: str) -> str:
    definition = module.last(name)
    node = module.function(name) or (definition.node if definition else None)
    if node is None or isinstance(node, ast.Import) or module.literal(node) is not None:
        return "is no function"
    return _why_not_called(node)


def _refuse_unless_callable(name: str, function: ast.AST) -> None:
    why = _why_not_called(function)
    if why:
        raise Refused(f"names {name}(), which {why}: write a plain `def {name}():`")


def _why_not_called(node: ast.AST) -> str:
    """Why comar cannot call it without arguments, as a predicate; "" when it can."""
    why = not_callable(node)
    arguments = getattr(node, "args", None)
    if why or not isinstance(arguments, ast.arguments):
        return why
    needs_keywords = any(default is None for default in arguments.kw_defaults)
    if (arity(arguments)[0] or needs_keywords) and not is_decorated_by_others(node):
        return "is called with no arguments, but needs some"
    return ""


def _top_level_values(tree: ast.Module) -> Iterator[ast.expr]:
    """All that is assigned without any condition."""
    for statement in tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            yield from (each for each in ast.walk(statement.value) if isinstance(each, ast.expr))


def _changes(module: Module) -> Iterator[Problem]:
    """serviceGroups += […], serviceEnvironment["A"] = "b": that would be lost."""
    for statement in module_statements(module.tree):
        for target in _changed(statement):
            while isinstance(target, (ast.Subscript, ast.Attribute)):
                target = target.value
            if isinstance(target, ast.Name) and target.id in BY_VARIABLE:
                message = f"{target.id} is changed here, but read without running the script"
                yield Problem(statement.lineno, f"{message}: write all of it where it is set")


def _changed(statement: ast.stmt) -> list[ast.expr]:
    """What a statement may change in place."""
    if isinstance(statement, ast.AugAssign):
        return [statement.target]
    if isinstance(statement, ast.Assign):
        return [each for each in statement.targets if isinstance(each, ast.Subscript)]
    if isinstance(statement, ast.Delete):
        return statement.targets
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return [function] if isinstance(function, ast.Attribute) else []
    return []
