# SPDX-License-Identifier: MIT
"""What an administrator sets for one service, in /etc/comar/services/<app>.toml.

The keys are those of comar.settings, and so are the values: `restart = "always"`, `[environment]`.
"function:NAME" is a function of the script.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from comar._files import read_file
from comar.forms import Refused, is_name
from comar.probes import FunctionName
from comar.settings import BY_KEY, BY_VARIABLE, Problem, names_itself
from comar.wording import nearest, shown

_ENDING = ".toml"
_FUNCTION = "function:"
_TABLE = re.compile(r"\s*\[+\s*[\"']?([\w-]+)")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[=.]")
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


@dataclass
class Overrides:
    """settings: by key, those that are right, normalized. lines: where each key is, if it was seen.

    problems: what is wrong with the file and with the others.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the protocol."""
        errors = [each.as_dict() for each in self.problems]
        return {"settings": self.settings, "lines": self.lines, "errors": errors}


def read_overrides(path: str) -> Overrides:
    """Reads and checks the file `path`. A missing file sets nothing; nothing is raised."""
    try:
        values, lines = _parsed(read_file(path, _refuse_unless_trusted))
    except (FileNotFoundError, NotADirectoryError):
        return Overrides()
    except OSError as error:
        return Overrides(problems=[Problem(0, f"cannot read this file: {error.strerror}")])
    except _Unusable as error:
        return Overrides(problems=[error.problem])
    found = Overrides()
    app = os.path.basename(path).removesuffix(_ENDING)
    for key, value in values.items():
        _add(key, value, lines, found, app)
    found.problems.sort()
    return found


class _Unusable(Exception):
    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


def _refuse_unless_trusted(status: os.stat_result) -> None:
    """What is in this file happens as root."""
    if status.st_uid not in (0, os.geteuid()):
        raise _Unusable(f"this file belongs to user {status.st_uid}: root must own it (chown root)")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _Unusable("others than its owner may write this file: forbid it (chmod go-w)")


def _parsed(data: bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """The values by key, and the lines."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unusable("this is not UTF-8", data.count(b"\n", 0, error.start) + 1) from None
    try:
        return tomllib.loads(text), _lines(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.fullmatch(str(error))
        line = place[2] if place and place[2] else text.rstrip().count("\n") + 1
        raise _Unusable(f"this is no TOML: {place[1] if place else error}", int(line)) from None
    except (RecursionError, ValueError):  # nested too deeply; a number with thousands of digits
        raise _Unusable("this is no TOML that can be read") from None


def _lines(text: str) -> dict[str, int]:
    """Where each key begins, as far as a look at the lines tells; TOML itself does not."""
    lines: dict[str, int] = {}
    in_table = False
    for number, line in enumerate(text.split("\n"), 1):
        table = _TABLE.match(line) if line.lstrip().startswith("[") else None
        match = table or (None if in_table else _KEY.match(line))
        in_table = in_table or table is not None
        if match:
            lines.setdefault(match[1], number)
    return lines


def _add(key: str, value: Any, lines: Mapping[str, int], found: Overrides, app: str) -> None:
    line = lines.get(key, 0)
    setting = BY_KEY.get(key)
    try:
        if setting is None:
            raise Refused(f"is no setting{_hint(key)}")
        accepted = setting.form.accept(_with_functions(key, value))
        if wrong := names_itself(key, accepted, app):
            raise Refused(wrong)
        found.settings[key] = accepted
    except Refused as refused:
        name = key if is_name(key) else shown(key)
        found.problems.append(Problem(line, f"{name} {refused}"))
        return
    if line:
        found.lines[key] = line


def _hint(key: str) -> str:
    setting = BY_VARIABLE.get(key)
    return f"; did you mean {setting.key}?" if setting else nearest(key, BY_KEY)


def _with_functions(key: str, value: Any) -> Any:
    """With functions of the script where a probe names one."""
    if key == "readiness":
        return _function(value)
    if key == "health" and isinstance(value, dict) and "check" in value:
        return {**value, "check": _function(value["check"])}
    return value


def _function(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FUNCTION):
        return value
    name = value.removeprefix(_FUNCTION)
    if not is_name(name):
        raise Refused(f"is {shown(value)}, not {_FUNCTION} and the name of a function of the script")
    return FunctionName(name)
