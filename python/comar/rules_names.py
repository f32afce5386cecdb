# SPDX-License-Identifier: MIT
"""Rules about names: that each has a meaning where it is used."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
from collections.abc import Iterator

from comar.names import (
    bound_names,
    guarded,
    module_statements,
    service_import,
    star_imports,
    used_at_load,
    used_names,
)
from comar.rules import Finding, Rule, Script, error, warning
from comar.vocabulary import PYTHON2_BUILTINS, SCRIPT_BUILTINS, SERVICE_NAMES, STAR_NAMES
from comar.wording import nearest

_BUILTINS = frozenset(dir(builtins)) | SCRIPT_BUILTINS | PYTHON2_BUILTINS | {"__file__"}

# With one of these a script may bind names that its text does not show.
_BINDS_UNSEEN = frozenset(("exec", "execfile", "globals", "vars"))

# What Python 2 had in its modules, and what to use now. Translation leaves these to people.
_GONE = {
    ("os", "popen2"): "run() or subprocess.Popen()",
    ("os", "popen3"): "run() or subprocess.Popen()",
    ("os", "popen4"): "run() or subprocess.Popen()",
    ("os", "tmpnam"): "tempfile.mkstemp()",
    ("string", "atoi"): "int()",
    ("string", "join"): "separator.join(words)",
    ("string", "lower"): "text.lower()",
    ("string", "replace"): "text.replace(old, new)",
    ("string", "split"): "text.split()",
    ("string", "strip"): "text.strip()",
    ("string", "upper"): "text.upper()",
}

_IMPORT = "from comar.service import *"


def service_api_is_imported(script: Script) -> Iterator[Finding]:
    """startService() without the import would fail only when it is called."""
    if service_import(script.tree):
        return
    known = bound_names(script.tree)
    for name, line in _first_uses(script):
        if name in SERVICE_NAMES and name not in known:
            yield error(line, f"{name} is used but not imported: add `{_IMPORT}` at the top")


def service_api_is_imported_first(script: Script) -> Iterator[Finding]:
    """What runs while the script is loaded comes after the import."""
    star = service_import(script.tree)
    known = bound_names(script.tree)
    for each in used_at_load(script.tree) if star in script.tree.body else ():
        if star and each.id in STAR_NAMES - known and each.lineno < star.lineno:
            message = f"{each.id} is used before `{_IMPORT}` in line {star.lineno}: move that up"
            yield error(each.lineno, message)


def name_is_defined(script: Script) -> Iterator[Finding]:
    """Each name is a builtin, imported, or bound somewhere in the script."""
    known = _known_names(script)
    sees_all = not _binds_unseen_names(script)
    for name, line in _first_uses(script):
        if name in known or (name in SERVICE_NAMES and not service_import(script.tree)):
            continue  # the latter is an error of its own
        hint = _module_hint(name) or nearest(name, known | STAR_NAMES)
        if sees_all or hint:
            yield warning(line, f"{name} is defined nowhere in this script{hint}")


def module_exists(script: Script) -> Iterator[Finding]:
    """An import at module level that would end every call. One within `try` knows what it does."""
    safe = guarded(script.tree)
    for statement in module_statements(script.tree):
        for name in _modules(statement) if statement not in safe else ():
            if not _is_found(name):
                yield warning(statement.lineno, f"there is no module {name} on this system")


def is_still_in_its_module(script: Script) -> Iterator[Finding]:
    """string.join() and others that are gone from Python 3."""
    for node in ast.walk(script.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            instead = _GONE.get((node.value.id, node.attr))
            if instead:
                name = f"{node.value.id}.{node.attr}"
                yield warning(node.lineno, f"{name} is gone from Python 3: use {instead}")


def _known_names(script: Script) -> set[str]:
    known = bound_names(script.tree) | _BUILTINS
    return known | STAR_NAMES if service_import(script.tree) else known


def _module_hint(name: str) -> str:
    modules: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())  # since 3.10
    return f": add `import {name}`" if name in modules else ""


def _binds_unseen_names(script: Script) -> bool:
    if any(each.module != "comar.service" for each in star_imports(script.tree)):
        return True
    return any(each.id in _BINDS_UNSEEN for each in used_names(script.tree))


def _first_uses(script: Script) -> Iterator[tuple[str, int]]:
    """Each used name, with the first line that uses it."""
    lines: dict[str, int] = {}
    for each in used_names(script.tree):
        lines[each.id] = min(each.lineno, lines.get(each.id, each.lineno))
    yield from lines.items()


def _modules(statement: ast.stmt) -> Iterator[str]:
    """The packages that an import needs."""
    if isinstance(statement, ast.Import):
        yield from (each.name.partition(".")[0] for each in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        yield statement.module.partition(".")[0]


def _is_found(module: str) -> bool:
    """Looks for it and does not import it. `csl` is the script itself while it runs."""
    if module in ("comar", "csl"):
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # ValueError: loaded, but by no ordinary means
        return True


RULES: tuple[Rule, ...] = (
    service_api_is_imported,
    service_api_is_imported_first,
    name_is_defined,
    module_exists,
    is_still_in_its_module,
)
