# SPDX-License-Identifier: MIT
"""Service scripts of the Python 2 era into Python 3, when they are registered.

The order of what happens:

1. A text that parses as Python 3 and holds nothing of Python 2 is returned as it is.
2. Otherwise fissix rewrites it (python2.py): statements only where the text does not parse, what
   has changed its meaning always.
3. Names that are left are replaced in place (edits.py); lines are neither added nor removed.
4. What came out must compile, or TranslationError says where it does not.

Whoever wrote the script knows it by its own lines, so what is told about the translation is told of
the line that it comes from: Translation.given_line().
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from comar import edits, python2, signs
from comar.python2 import Note
from comar.source import declare_utf8, decode_source

__all__ = ["Note", "Translation", "TranslationError", "decode_source", "parse", "translate"]

# The first line of something that needs a body.
_HEADER = re.compile(r"\s*(?:async\s+)?(def|class)\s+(\w+).*:$")


class TranslationError(Exception):
    """The text is neither Python 3 nor Python 2, or what was translated does not compile.

    message: what is wrong, for people. line: from 1, in the text that was given. name: of the text.
    """

    def __init__(self, message: str, line: int, name: str) -> None:
        super().__init__(f"{name}:{line}: {message}")
        self.message = message
        self.line = line
        self.name = name


@dataclass(frozen=True)
class Translation:
    """A script in Python 3.

    diff: unified, from the given text to this one; "" when nothing changed.
    notes: what to look at by hand, by lines of the given text.
    origins: for each line the one of the given text that it comes from; empty: the same.
    """

    text: str
    diff: str
    notes: tuple[Note, ...] = ()
    origins: tuple[int, ...] = ()

    def given_line(self, line: int) -> int:
        """The line of the given text that a line of this one comes from, both from 1."""
        return _origin(self.origins, line)

    def tree(self, name: str) -> ast.Module:
        """The tree of the text, its nodes at lines of the given text."""
        return _renumbered(parse(self.text, name), self.origins)

    @property
    def first_changed_line(self) -> int:
        """In the given text, from 1; 0 when nothing changed."""
        found = re.search(r"^@@ -(\d+).*\n((?: .*\n)*)", self.diff, re.MULTILINE)
        return int(found[1]) + found[2].count("\n") if found else 0


@dataclass(frozen=True)
class _Problem:
    """Why a text is not Python 3."""

    line: int
    message: str
    mixed_tabs: bool = False


def translate(text: str, name: str) -> Translation:
    """The script in Python 3; `name` is what to call it in the diff and in errors.

    Python 3 that needs nothing comes back unchanged, to the byte. Raises TranslationError.
    """
    new, notes = _rewritten(declare_utf8(text), name)
    if not notes and new == text:
        return Translation(text, "")
    origins = _origins(text, new)
    notes = [*notes, *_divisions(_renumbered(parse(new, name), origins))]
    notes.sort(key=lambda note: note.line)
    return Translation(new, _diff(text, new, name), tuple(notes), origins)


def parse(text: str, name: str) -> ast.Module:
    """The tree of a text in Python 3, which also compiles. Raises TranslationError."""
    problem = _problem(text, name)
    if problem:
        raise _error(text, name, problem.line, problem.message)
    return ast.parse(text)


def _rewritten(text: str, name: str) -> tuple[str, list[Note]]:
    problem = _problem(text, name)
    if problem and problem.mixed_tabs:
        text = python2.expand_tabs(text)
        problem = _problem(text, name)
    if problem:
        new, notes = _from_python2(text, name, problem)
    elif signs.is_python2(ast.parse(text), text):
        new, notes = _from_lookalike(text)
    else:
        return text, []
    try:
        return _with_leftovers(new, name), notes
    except TranslationError as error:
        line = _origin(_origins(text, new), error.line)
        raise TranslationError(error.message, line, name) from None


def _from_python2(text: str, name: str, problem: _Problem) -> tuple[str, list[Note]]:
    """A text that does not parse as Python 3."""
    try:
        new, notes = python2.rewrite(text, statements=True)
    except python2.Python2Error as error:
        # The grammar that came further understood more of what the author meant.
        line, message = (problem.line, problem.message)
        if error.line > problem.line and not problem.message.endswith("never closed"):
            line, message = error.line, error.message
        raise _error(text, name, line, message) from None
    remaining = _problem(new, name)
    if remaining and remaining.mixed_tabs:
        new = python2.expand_tabs(new)
    return new, notes


def _from_lookalike(text: str) -> tuple[str, list[Note]]:
    """A text that parses as Python 3 but was written for Python 2."""
    try:
        return python2.rewrite(text, statements=signs.has_print_statements(ast.parse(text)))
    except python2.Python2Error as error:
        return text, [Note(error.line, "cannot translate Python 2 that is mixed with new syntax")]


def _with_leftovers(text: str, name: str) -> str:
    """The last step: names, in a text that parses."""
    tree = parse(text, name)
    return edits.apply(text, edits.leftovers(text, tree) | edits.output_as_text(text, tree))


def _problem(text: str, name: str) -> _Problem | None:
    """Why the text does not compile; None when it does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        return _Problem(error.lineno or 1, error.msg, isinstance(error, TabError))
    except UnicodeError:
        return _Problem(1, "the text is not valid Unicode")
    except ValueError as error:
        return _Problem(1, str(error))
    except (RecursionError, MemoryError):
        return _Problem(1, "the script is nested too deeply")
    return None


def _error(text: str, name: str, line: int, message: str) -> TranslationError:
    """The error, in the words of what the author probably did."""
    lines = text.split("\n")
    header = _header_without_body(lines, line)
    if header:
        return TranslationError(f"{header[1]} has no body: write at least `pass`", header[0], name)
    code = lines[line - 1].strip() if line <= len(lines) else ""
    code = code[:80].encode("utf-8", "replace").decode("utf-8")
    return TranslationError(f"{message}: {code}" if code else message, line, name)


def _header_without_body(lines: list[str], line: int) -> tuple[int, str] | None:
    """Line and name of the `def` or `class` that a parser missed the body of, at `line`."""
    code = [each.partition("#")[0].rstrip() for each in lines]
    filled = [number for number, each in enumerate(code, 1) if each]
    above = [number for number in filled if number <= line][-2:]
    for number in reversed(above):
        found = _HEADER.match(code[number - 1])
        following = next((code[each - 1] for each in filled if each > number), "")
        if found and _is_closed(found[0]) and _indent(following) <= _indent(code[number - 1]):
            return number, found[2] + ("()" if found[1] == "def" else "")
    return None


def _is_closed(header: str) -> bool:
    """Whether its colon is the end of it, and not within a parenthesis, where it is what is wrong."""
    return header.count("(") == header.count(")")


def _indent(line: str) -> int:
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def _divisions(tree: ast.Module) -> Iterator[Note]:
    """x / 2 was a whole number in Python 2 when x was one; only the author knows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
                yield Note(node.lineno, "`/` gives a fraction now; write `//` for a whole number")


def _origins(given: str, new: str) -> tuple[int, ...]:
    """The line of `given` that each line of `new` comes from; empty where all are in their place.

    Python 3 needs a line more for some things, such as arguments that are taken apart. Lines of the
    same words belong together, and what is between them follows in order.
    """
    if given.count("\n") == new.count("\n"):
        return ()
    old_words, new_words = _words_of_lines(given), _words_of_lines(new)
    origins: list[int] = []
    matcher = difflib.SequenceMatcher(None, old_words, new_words)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        last = max(end, 1)
        origins += (min(start + each, last) for each in range(1, new_end - new_start + 1))
    return tuple(origins)


def _words_of_lines(text: str) -> list[tuple[str, ...]]:
    return [tuple(re.findall(r"\w+", line)) for line in text.split("\n")]


def _origin(origins: tuple[int, ...], line: int) -> int:
    return origins[line - 1] if 0 < line <= len(origins) else line


def _renumbered(tree: ast.Module, origins: tuple[int, ...]) -> ast.Module:
    """The tree, its nodes moved to the lines that theirs come from."""
    for node in ast.walk(tree) if origins else ():
        line = getattr(node, "lineno", None)
        if line is not None:
            setattr(node, "lineno", _origin(origins, line))
    return tree


def _diff(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), name, f"{name} (Python 3)")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Lines with their ends. Not splitlines(), which breaks at form feeds too."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
