# SPDX-License-Identifier: MIT
"""Python 2 into Python 3 by fissix, a kept-up lib2to3: everything that needs a grammar of Python 2.

fissix is loaded on first use only: most scripts are Python 3, and its grammar costs 70 ms and
some memory that the warm script host does not have to carry.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: What does not parse as Python 3. Those for `print`, `raise` and numbers are in fixers.py.
SYNTAX = ("except", "exec", "ne", "paren", "repr", "throw", "tuple_params")

#: What parses as Python 3 and then means something else, or does not exist any more.
MEANING = (
    "apply",
    "dict",
    "execfile",
    "filter",
    "funcattrs",
    "has_key",
    "imports",
    "imports2",
    "itertools",
    "itertools_imports",
    "map",
    "metaclass",
    "methodattrs",
    "next",
    "nonzero",
    "operator",
    "sys_exc",
    "urllib",
    "xrange",
    "xreadlines",
    "zip",
)

# Left out on purpose: fixers that add an import and so move every line (reduce, reload, intern;
# `reduce` is a builtin of scripts, `reload` one of their methods), that look at the file system
# (import), that rename without asking whether the script has that name itself (unicode, long, …:
# edits.py does it), or that are a matter of taste (idioms, ws_comma, set_literal).

# print() with these arguments is the function even where print is a statement.
_PRINT_FUNCTION_ONLY = frozenset(("sep", "end", "file", "flush"))
_PLACEHOLDER = "print_function_of_python3"

# What fissix calls an argument that it had to invent.
_NEW_NAME = "xxx_todo_changeme"


class Python2Error(Exception):
    """The text does not parse as Python 2 either."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Note:
    """Something to look at by hand, in one line of the script."""

    line: int
    message: str


def rewrite(text: str, statements: bool) -> tuple[str, list[Note]]:
    """The text in Python 3, and what could not be translated.

    statements: whether `print x` may occur, that is whether `print` is a keyword.
    Raises Python2Error when the text does not parse.
    """
    if not statements:
        return _refactor(text, print_function=True)
    try:
        new, notes = _refactor(_hide_print_functions(text), print_function=False)
        return new.replace(_PLACEHOLDER, "print"), notes
    except Python2Error as error:
        # `print` as a name, but other syntax of Python 2.
        try:
            return _refactor(text, print_function=True)
        except Python2Error as other:
            raise max(error, other, key=lambda each: each.line) from None


def expand_tabs(text: str) -> str:
    """Indentation in spaces only, a tab being worth what Python 2 gave it: up to 8 columns."""
    lines = text.split("\n")
    for row in _rows_of_code(text):
        line = lines[row - 1]
        code = line.lstrip(" \t")
        lines[row - 1] = line[: len(line) - len(code)].expandtabs(8) + code
    return "\n".join(lines)


@functools.lru_cache(maxsize=1)
def _fissix() -> Any:
    """fissix.refactor, without writing its parser tables beside its own source, as root would."""
    from fissix.pgen2 import driver  # type: ignore[import]

    driver.load_grammar = functools.partial(driver.load_grammar, save=False)
    from fissix import refactor  # type: ignore[import]

    return refactor


@functools.lru_cache(maxsize=2)
def _tool(print_function: bool) -> Any:
    """fissix with its fixers and ours, ready for any number of scripts."""
    refactor = _fissix()
    from comar import fixers

    class Tool(refactor.RefactoringTool):  # type: ignore[misc, name-defined]
        def get_fixers(self) -> tuple[list[Any], list[Any]]:
            before, after = super().get_fixers()
            return before, after + [each(self.options, self.fixer_log) for each in fixers.FIXERS]

    names = [f"fissix.fixes.fix_{name}" for name in SYNTAX + MEANING]
    return Tool(names, {"print_function": print_function})


def _refactor(text: str, print_function: bool) -> tuple[str, list[Note]]:
    tool = _tool(print_function)
    tool.fixer_log.clear()
    missing_newline = "" if text.endswith("\n") else "\n"
    new = _rewritten(tool, text + missing_newline).replace(_NEW_NAME, "unpacked")
    return new[: len(new) - len(missing_newline)], list(_notes(tool.fixer_log))


def _rewritten(tool: Any, text: str) -> str:
    from fissix.pgen2.parse import ParseError  # type: ignore[import]
    from fissix.pgen2.tokenize import TokenError  # type: ignore[import]

    try:
        return str(tool.refactor_string(text, "script"))
    except ParseError as error:
        raise Python2Error("invalid syntax", error.context[1][0]) from None
    except TokenError as error:
        raise Python2Error(*_never_closed(text, error)) from None
    except IndentationError as error:
        raise Python2Error(error.msg, error.lineno or 1) from None
    except RecursionError:
        raise Python2Error("the script is nested too deeply", 1) from None
    except Exception as error:  # a fixer that met what it was not made for
        raise Python2Error(f"cannot be translated from Python 2: {error!r}", 1) from error


def _notes(log: Iterable[str]) -> Iterator[Note]:
    """What fixers said: "Line 3: …", other lines being remarks to the one before."""
    for entry in log:
        found = re.match(r"Line (\d+): (.*)", entry)
        if found:
            yield Note(int(found[1]), found[2])


def _tokens(text: str) -> Iterator[Any]:
    """Tokens of Python 2, as far as the text can be read."""
    _fissix()
    from fissix.pgen2 import tokenize

    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, IndentationError):
        return


def _never_closed(text: str, error: Any) -> tuple[str, int]:
    """Which bracket or quote it was that the end of the text came too early for."""
    message, (line, _) = error.args
    if "string" in message:
        return "a string that begins here is never closed", line
    opened: list[tuple[str, int]] = [("(", line)]
    for _, value, start, _, _ in _tokens(text):
        if value in ("(", "[", "{"):
            opened.append((value, start[0]))
        elif value in (")", "]", "}"):
            opened.pop()
    return f"'{opened[-1][0]}' is never closed", opened[-1][1]


def _rows_of_code(text: str) -> set[int]:
    """Lines that begin with a token, so that what is before it is indentation, not a string."""
    from_token: dict[int, int] = {}
    inside: set[int] = set()
    for _, value, start, end, _ in _tokens(text):
        if value.strip():
            from_token.setdefault(start[0], start[1])
            inside.update(range(start[0] + 1, end[0] + 1))
    return set(from_token) - inside


def _hide_print_functions(text: str) -> str:
    """Gives print(…, file=f) another name while `print` is a keyword to the parser."""
    lines = text.split("\n")
    for row, column in reversed(list(_print_functions(text))):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + _PLACEHOLDER + line[column + len("print") :]
    return "\n".join(lines)


def _print_functions(text: str) -> Iterator[tuple[int, int]]:
    tokens = [each for each in _tokens(text) if each[1].strip()]
    for index, (_, value, start, _, _) in enumerate(tokens):
        if value == "print" and _has_keyword([each[1] for each in tokens[index + 1 :]]):
            yield start


def _has_keyword(values: list[str]) -> bool:
    """Whether `(…, file=f)` follows."""
    depth = 0
    for value, following in zip(values, values[1:] + [""]):
        depth += (value in "([{") - (value in ")]}")
        if depth == 0:
            return False
        if depth == 1 and value in _PRINT_FUNCTION_ONLY and following == "=":
            return True
    return False
