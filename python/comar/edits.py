# SPDX-License-Identifier: MIT
"""What is left of Python 2 in a text that parses as Python 3: names, and how to replace them.

A name is replaced only where the script gives it no meaning of its own, and only by something
that cannot fail where the old one would have worked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from comar.names import bound_names

#: Builtins that are gone. `reduce` is not here: it is a builtin of scripts (SPEC 3).
NAMES = {
    "StandardError": "Exception",
    "basestring": "str",
    "long": "int",
    "raw_input": "input",
    "unichr": "chr",
    "unicode": "str",
    "xrange": "range",
}

#: Methods without arguments that are gone, whatever the object.
METHODS = {
    "iteritems": "items",
    "iterkeys": "keys",
    "itervalues": "values",
    "viewitems": "items",
    "viewkeys": "keys",
    "viewvalues": "values",
}

#: What is gone from modules, and the expression that says the same.
MEMBERS = {
    ("os", "getcwdu"): "os.getcwd",
    ("string", "letters"): "string.ascii_letters",
    ("string", "lowercase"): "string.ascii_lowercase",
    ("string", "uppercase"): "string.ascii_uppercase",
    ("sys", "maxint"): "sys.maxsize",
    ("types", "BooleanType"): "bool",
    ("types", "DictType"): "dict",
    ("types", "FloatType"): "float",
    ("types", "IntType"): "int",
    ("types", "ListType"): "list",
    ("types", "LongType"): "int",
    ("types", "NoneType"): "type(None)",
    ("types", "StringType"): "str",
    ("types", "StringTypes"): "str",
    ("types", "TupleType"): "tuple",
    ("types", "UnicodeType"): "str",
}

_OUTPUT_AS_TEXT = frozenset(("text", "universal_newlines", "encoding", "errors"))


@dataclass(frozen=True, order=True)
class Edit:
    """Replaces `old` by `new` at a place: a line from 1, a column in bytes of UTF-8."""

    line: int
    column: int
    old: str
    new: str


@dataclass(frozen=True)
class Scope:
    """What a rule must know of the script around a node."""

    lines: list[bytes]
    bound: set[str] = field(default_factory=set)


Rule = Callable[[ast.AST, Scope], Iterator[Edit]]


def leftovers(text: str, tree: ast.Module) -> set[Edit]:
    """The edits that make names of Python 2 those of Python 3. None for a script of Python 3."""
    return _found(RULES, text, tree)


def output_as_text(text: str, tree: ast.Module) -> set[Edit]:
    """The edits that make the output of subprocess text, which it was in Python 2.

    Only for scripts that are known to be Python 2: in Python 3 bytes may be what is wanted.
    """
    return _found((_subprocess_output,), text, tree)


def apply(text: str, edits: set[Edit]) -> str:
    """The text with all edits made; line numbers stay."""
    lines = _lines(text)
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1]
        end = edit.column + len(edit.old.encode())
        if line[edit.column : end] == edit.old.encode():
            lines[edit.line - 1] = line[: edit.column] + edit.new.encode() + line[end:]
    return b"\n".join(lines).decode()


def _found(rules: tuple[Rule, ...], text: str, tree: ast.Module) -> set[Edit]:
    scope = Scope(_lines(text), bound_names(tree))
    return {edit for node in ast.walk(tree) for rule in rules for edit in rule(node, scope)}


def _lines(text: str) -> list[bytes]:
    return text.encode().split(b"\n")


def _old_name(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and node.id in NAMES and node.id not in scope.bound:
        yield Edit(node.lineno, node.col_offset, node.id, NAMES[node.id])


def _file(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    """file(…) -> open(…); as a type, in isinstance(), `file` stays the builtin of scripts."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "file" and not scope.bound & {"file", "open"}:
            yield Edit(node.func.lineno, node.func.col_offset, "file", "open")


def _universal_mode(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    """open(f, "rU") -> open(f, "r"), which reads all kinds of line ends anyhow."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
        mode = node.args[1]
        if node.func.id in ("file", "open") and isinstance(mode, ast.Constant):
            if mode.value in ("U", "rU", "Ur"):
                for quote in ("'", '"'):
                    old, new = f"{quote}{mode.value}{quote}", f"{quote}r{quote}"
                    yield Edit(mode.lineno, mode.col_offset, old, new)


def _unbuffered_text(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    """open(f, "w", 0) -> open(f, "w", 1): text is buffered at least by line now."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 2:
        mode, buffering = node.args[1:3]
        is_open = node.func.id in ("file", "open") and node.func.id not in scope.bound
        if is_open and isinstance(mode, ast.Constant) and isinstance(buffering, ast.Constant):
            is_text = isinstance(mode.value, str) and "b" not in mode.value
            if is_text and ast.unparse(buffering) == "0" and _width(buffering) == 1:
                yield Edit(buffering.lineno, buffering.col_offset, "0", "1")


def _old_method(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = node.func.attr
        if name in METHODS and name not in scope.bound and not node.args and not node.keywords:
            yield _at_end(node.func, name, METHODS[name])


def _old_member(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        new = MEMBERS.get((node.value.id, node.attr))
        if new:
            old = f"{node.value.id}.{node.attr}"
            yield Edit(node.lineno, node.col_offset, old, new)


def _string_exception(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    """raise "text" -> raise Exception("text")."""
    if isinstance(node, ast.Raise) and node.exc is not None and _is_text(node.exc):
        yield Edit(node.exc.lineno, node.exc.col_offset, "", "Exception(")
        yield Edit(node.exc.end_lineno or 0, node.exc.end_col_offset or 0, "", ")")


def _subprocess_output(node: ast.AST, scope: Scope) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and _reads_output(node):
        line, column = (node.end_lineno or 1), (node.end_col_offset or 1) - 1
        before = scope.lines[line - 1][:column].rstrip()
        if before and not before.endswith(b","):
            yield Edit(line, column, ")", ", text=True)")


def _reads_output(call: ast.Call) -> bool:
    """Whether it is subprocess.Popen() with a pipe, or check_output(), and says nothing of text."""
    name = ast.unparse(call.func).rpartition(".")[2]
    keywords = {each.arg for each in call.keywords}
    if name not in ("Popen", "check_output") or keywords & (_OUTPUT_AS_TEXT | {None}):
        return False
    return name == "check_output" or any(
        ast.unparse(each.value).endswith("PIPE") for each in call.keywords
    )


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _is_text(node.left)
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)


def _width(node: ast.expr) -> int:
    """In bytes, of an expression in one line."""
    return (node.end_col_offset or 0) - node.col_offset


def _at_end(node: ast.Attribute, old: str, new: str) -> Edit:
    """Replaces the last word of an expression."""
    column = (node.end_col_offset or 0) - len(old.encode())
    return Edit(node.end_lineno or 0, column, old, new)


RULES: tuple[Rule, ...] = (
    _old_name,
    _file,
    _universal_mode,
    _unbuffered_text,
    _old_method,
    _old_member,
    _string_exception,
)
