# SPDX-License-Identifier: MIT
"""What a value may look like: numbers, words, texts, paths, and lists of them.

A form says in words what it expects, so that whoever wrote something else is told both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comar.app_names import canonical
from comar.wording import listed, nearest, shown

#: More than anybody waits; numbers beyond are slips of the hand.
LONGEST_SECONDS = 365 * 24 * 3600

_LONGEST_PATH = 4095
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What the kernel takes for one string of an environment, MAX_ARG_STRLEN, with its final zero.
_LONGEST_VARIABLE = 128 * 1024 - 1
_GROUP = re.compile(r"[^\s:,\0]+")
_SERVICE = re.compile(r"[^\s,/\0]+")


class Refused(Exception):
    """A value that is not of its form. The text goes on after the value's name: "is 3, not …"."""


@dataclass(frozen=True)
class Form:
    """What a value may be.

    expected: in words, as in "not a number of seconds". normalize: returns the value in the one
    form that comard knows, or raises Refused with what else there is to say, or with nothing.
    secret: who is told of a refusal may not be meant to know the value.
    """

    expected: str
    normalize: Callable[[Any], Any]
    secret: bool = False

    def accept(self, value: Any) -> Any:
        """The normalized value. Refused: it is another one."""
        try:
            return self.normalize(value)
        except Refused as refused:
            more = f": {refused}" if str(refused) else ""
            what = "is" if self.secret else f"is {shown(value)},"
            raise Refused(f"{what} not {self.expected}{more}") from None


def part(name: object, form: Form, value: Any) -> Any:
    """A value within another one, whose refusal names it."""
    try:
        return form.accept(value)
    except Refused as refused:
        raise Refused(f"{shown(name)} {refused}") from None


def seconds(*, above_zero: bool = False) -> Form:
    """A number of seconds, 0 among them unless `above_zero`."""

    def normalize(value: Any) -> int | float:
        if not _is_number(value) or value < 0 or value > LONGEST_SECONDS:
            raise Refused
        if above_zero and value == 0:
            raise Refused
        return value  # type: ignore[no-any-return]  # _is_number() tells

    return Form(f"seconds, a number {'above' if above_zero else 'from'} 0, a year at most", normalize)


def whole_number(least: int, most: int, expected: str = "") -> Form:
    """An int from `least` to `most`; bool is none."""

    def normalize(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Refused
        return value

    return Form(expected or f"a whole number from {least} to {most}", normalize)


def one_of(*words: str) -> Form:
    """One of these words."""

    def normalize(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            hint = nearest(value, words) if isinstance(value, str) else ""
            raise Refused(hint.removeprefix("; "))
        return value

    return Form(listed(words), normalize)


def is_text(value: Any) -> bool:
    """A str that a program can be given: without NUL, and UTF-8 has it."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_name(text: str) -> bool:
    """Whether it can be the name of an environment variable, or of a function."""
    return _NAME.fullmatch(text) is not None


def is_path(value: Any) -> bool:
    """An absolute path."""
    return is_text(value) and value.startswith("/") and len(value.encode()) <= _LONGEST_PATH


def _path(value: Any) -> str:
    if not is_path(value):
        raise Refused
    return str(value)


def _files(value: Any) -> list[str]:
    paths = list(value) if isinstance(value, (list, tuple)) else [value]
    for each in paths:
        if not isinstance(each, str) or not is_path(each.removeprefix("-")):
            raise Refused("" if paths == [value] else f"{shown(each)} is no absolute path")
    return paths


def _environment(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Refused
    for name, text in value.items():
        if not isinstance(name, str) or not is_name(name):
            raise Refused(f"{shown(name)} is no name: letters, digits and _ are")
        if not is_text(text):
            raise Refused(f"{name} is no text: write it in quotes, without NUL")
        if len(f"{name}={text}".encode()) > _LONGEST_VARIABLE:
            raise Refused(f"{name} is longer than a program can be given")
    return dict(value)


def _groups(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise Refused
    for each in value:
        if not is_text(each) or not _GROUP.fullmatch(each):
            raise Refused(f"{shown(each)} is no name of a group")
    return list(value)


def _services(value: Any) -> list[str]:
    names = list(value) if isinstance(value, (list, tuple)) else [value]
    for each in names:
        if not is_text(each) or not _SERVICE.fullmatch(each):
            raise Refused("" if names == [value] else f"{shown(each)} is no name of a service")
    return list(dict.fromkeys(map(canonical, names)))


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


PATH = Form("an absolute path", _path)
FILES = Form('an absolute path or a list of them; "-" before one makes it optional', _files)
ENVIRONMENT = Form("a dict of names to texts", _environment, secret=True)
SERVICES = Form("the name of a service or a list of names", _services)
GROUPS = Form("a list of names of groups", _groups)
