# SPDX-License-Identifier: MIT
"""Rules about the methods of a script: that comar can call them, and that they do what they say."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from comar.app_names import canonical
from comar.module import Definition
from comar.names import own_body, service_import, star_imports, used_names
from comar.policies import ATTRIBUTE, read_policies
from comar.rules import Finding, Rule, Script, error, warning
from comar.signatures import arity, is_decorated_by_others, is_value, not_callable
from comar.vocabulary import DEFAULT_METHODS, SERVICE_NAMES
from comar.wording import nearest


def is_a_plain_function(script: Script) -> Iterator[Finding]:
    """Neither async, nor a generator, nor a class, nor a value."""
    for each in _methods(script):
        what = not_callable(each.node)
        if what:
            yield error(each.line, f"{each.name} {what}: write a plain `def {each.name}(…):`")


def takes_the_arguments_of_its_model(script: Script) -> Iterator[Finding]:
    """start() with none, setState() with one."""
    for name, given in script.methods.items():
        function = script.module.function(name)
        if function is None or is_decorated_by_others(function):
            continue
        least, most = arity(function.args)
        if not least <= given or (most is not None and given > most):
            line = _line_of(script, name)
            yield error(line, f"{name}() is called with {_counted(given)}, {_takes(least, most)}")


def keyword_arguments_have_defaults(script: Script) -> Iterator[Finding]:
    """def start(*, boot): nobody gives it."""
    for name in script.methods:
        function = script.module.function(name)
        if function is None or is_decorated_by_others(function):
            continue
        for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults):
            if default is None:
                message = f"{name}() needs {argument.arg}=…, which nobody gives: give it a default"
                yield error(_line_of(script, name), message)


def policies_are_clear(script: Script) -> Iterator[Finding]:
    """An authorization that nobody can tell would not be asked for."""
    for line in read_policies(script.tree).unclear:
        message = f"cannot tell which action this is: write `start.{ATTRIBUTE} = \"…\"`"
        yield error(line, message)


def is_defined_once(script: Script) -> Iterator[Finding]:
    """Two functions of one name in a row: the first is lost."""
    seen: dict[str, int] = {}
    for statement in script.tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if statement.name in seen and not is_decorated_by_others(statement):
                first = seen[statement.name]
                message = f"{statement.name}() replaces the one in line {first}: remove one of them"
                yield warning(statement.lineno, message)
            seen[statement.name] = statement.lineno


def is_not_overwritten(script: Script) -> Iterator[Finding]:
    """A method that the star import below it replaces, or that becomes something else."""
    star = service_import(script.tree)
    for each in _methods(script):
        is_default = each.name in DEFAULT_METHODS
        if star and is_default and each.line < star.lineno and _is_top_level(script, star):
            message = f"the import in line {star.lineno} replaces {each.name}(): move the import up"
            yield warning(each.line, message)
        last = script.module.last(each.name)
        if isinstance(each.node, ast.FunctionDef) and last and is_value(last.node):
            yield warning(last.line, f"{each.name} was a method in line {each.line}: rename one")


def status_returns_something(script: Script) -> Iterator[Finding]:
    """Nothing returned reads as not running, for ever."""
    function = script.module.function("status")
    if script.is_service and isinstance(function, ast.FunctionDef):
        returns = (each for each in own_body(function) if isinstance(each, ast.Return))
        if not any(each.value is not None for each in returns):
            message = "status() returns nothing: return isServiceRunning(…), or whether it runs"
            yield warning(function.lineno, message)


def what_starts_can_be_stopped(script: Script) -> Iterator[Finding]:
    """Scripts of type `script` do their work and are done."""
    start = script.module.last("start")
    has_stop = script.module.last("stop") or _imports_unknown_names(script)
    if script.is_service and start and not has_stop and script.facts.type != "script":
        yield warning(start.line, "there is a start() but no stop(): define stop()")


def has_a_method(script: Script) -> Iterator[Finding]:
    """A script that defines nothing of its model does nothing."""
    if script.methods and not _methods(script) and not _imports_unknown_names(script):
        names = ", ".join(f"{each}()" for each in list(script.methods)[:4])
        yield warning(1, f"no method of {script.model} is defined: define {names} or the like")


def method_is_not_misspelled(script: Script) -> Iterator[Finding]:
    """def stauts(): a function that nobody calls, and nearly a method."""
    used = {each.id for each in used_names(script.tree)}
    missing = [each for each in script.methods if not script.module.last(each)]
    for statement in script.tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name not in script.methods:
            hint = nearest(statement.name, missing)
            if hint and statement.name not in used and len(statement.name) > 3:
                yield warning(statement.lineno, f"nothing calls {statement.name}(){hint}")


def service_api_is_not_shadowed(script: Script) -> Iterator[Finding]:
    """def run(): then the Service API's run() is out of reach."""
    for each in script.module.definitions:
        is_import = isinstance(each.node, (ast.Import, ast.ImportFrom))
        if each.name in SERVICE_NAMES and not is_import:
            message = f"{each.name} hides that of the Service API in this script: rename it"
            yield warning(each.line, message)


def does_not_start_itself(script: Script) -> Iterator[Finding]:
    """The shortest circle."""
    for each in script.facts.starts:
        if each.app == canonical(script.app):
            message = f"start() asks for {each.app}, which is this service: remove it"
            yield warning(each.line, message)


def _methods(script: Script) -> list[Definition]:
    """The definitions that comar calls."""
    return [each for each in script.module.definitions if each.name in script.methods]


def _counted(number: int) -> str:
    words = {0: "no arguments", 1: "1 argument"}
    return words.get(number, f"{number} arguments")


def _takes(least: int, most: int | None) -> str:
    if least == most:
        return f"but takes {_counted(least)}"
    return f"but takes at most {most}" if least == 0 else f"but needs at least {least}"


def _line_of(script: Script, name: str) -> int:
    definition = script.module.last(name)
    return definition.line if definition else 1


def _is_top_level(script: Script, statement: ast.stmt) -> bool:
    return statement in script.tree.body


def _imports_unknown_names(script: Script) -> bool:
    return any(each.module != "comar.service" for each in star_imports(script.tree))


RULES: tuple[Rule, ...] = (
    is_a_plain_function,
    takes_the_arguments_of_its_model,
    keyword_arguments_have_defaults,
    policies_are_clear,
    is_defined_once,
    is_not_overwritten,
    status_returns_something,
    what_starts_can_be_stopped,
    has_a_method,
    method_is_not_misspelled,
    service_api_is_not_shadowed,
    does_not_start_itself,
)
