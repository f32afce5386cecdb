# SPDX-License-Identifier: MIT
"""Environment files: KEY=value lines.

`#` and `;` begin a comment line. A value may be in single quotes, which take all literally, or in
double ones, where a backslash goes before `"`, `\\`, `$` and a backquote; without quotes it is the
rest of the line. `export` before the key is skipped, and a backslash at the end of a line joins the
next one. Nothing is expanded.
"""

from __future__ import annotations

import re
from typing import Iterator

from comar._files import read_file

_SETTING = re.compile(r"(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_DOUBLE_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"')
_SINGLE_QUOTED = re.compile(r"'(?P<text>[^']*)'")
_ESCAPED = re.compile(r'\\(["\\$`])')


class LineError(ValueError):
    """A line that sets nothing. The text names file and line, and shows nothing of a secret."""


def read_environment(path: str) -> dict[str, str]:
    """The variables of the file `path`. OSError: it cannot be read; LineError: a line is wrong."""
    text = read_file(path).decode("utf-8", "surrogateescape")
    variables = {}
    for number, line in _lines(text):
        try:
            key, value = _parse(line)
        except ValueError as error:
            raise LineError(f"{path}:{number}: {error}") from None
        variables[key] = value
    return variables


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that should set something, joined, each with the number of its first."""
    first = 0
    parts: list[str] = []
    # Not splitlines(), which also splits at form feeds and the like.
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if not parts:
            first = number
            if line.lstrip().startswith(("#", ";")):
                continue
        is_continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        parts.append(line[:-1] if is_continued else line)
        if not is_continued or number == len(lines):
            whole = "".join(parts).strip()
            parts = []
            if whole:
                yield first, whole


def _parse(line: str) -> tuple[str, str]:
    match = _SETTING.fullmatch(line)
    if match is None or "\0" in line:
        raise ValueError("this is no KEY=value")
    return match["key"], _unquoted(match["value"])


def _unquoted(value: str) -> str:
    if not value.startswith(('"', "'")):
        return value
    is_double = value.startswith('"')
    match = (_DOUBLE_QUOTED if is_double else _SINGLE_QUOTED).match(value)
    if match is None:
        raise ValueError("the closing quote is missing")
    if match.end() != len(value):
        raise ValueError("there is something after the closing quote")
    return _ESCAPED.sub(r"\1", match["text"]) if is_double else match["text"]
