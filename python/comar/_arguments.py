# SPDX-License-Identifier: MIT
"""What the arguments of startService() and stopService() have in common."""

from __future__ import annotations

import difflib
import functools
import inspect
import shlex
from typing import Any, Callable, Iterable, Sequence, TypeVar, Union, cast

from comar.wording import shown

Words = Union[str, Sequence[Any]]
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def named_arguments(**synonyms: str) -> Callable[[AnyFunction], AnyFunction]:
    """Lets a function take `synonyms` of its arguments, and name the nearest when one is misspelt."""

    def decorate(function: AnyFunction) -> AnyFunction:
        names = frozenset(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args: Any, **keywords: Any) -> Any:
            if not names.issuperset(keywords):
                keywords = {
                    _known_name(function.__name__, name, names, synonyms): value
                    for name, value in keywords.items()
                }
            return function(*args, **keywords)

        return cast(AnyFunction, checked)

    return decorate


def _known_name(function: str, name: str, names: frozenset[str], synonyms: dict[str, str]) -> str:
    known = synonyms.get(name, name)
    if known in names:
        return known
    near = difflib.get_close_matches(name, sorted(names), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "it takes " + ", ".join(sorted(names))
    raise TypeError(f"{function}() has no argument {name!r}; {hint}")


def whole_number(argument: str, value: Any, allowed: range, example: str) -> int:
    """`value` as a number; a string of digits will do, as `config` has it.

    ValueError: it is none, or not one that is `allowed`. The text names `argument`, such as "nice of
    startService()", and gives the `example`.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or number not in allowed:
        raise ValueError(
            f"cannot use {shown(value)} as {argument}: give a whole number from {allowed[0]} to "
            f"{allowed[-1]}, such as {example}"
        )
    return number


def split_words(words: Words | None) -> list[str]:
    """Command line words: a string is split as a shell does, a list is taken as it is.

    ValueError: a quote is never closed. TypeError: neither a string nor a list.
    """
    if words is None:
        return []
    if not isinstance(words, str):
        if not isinstance(words, Iterable):
            raise TypeError(f"cannot use {shown(words)} as words of a command: give a string or a list")
        return [str(word) for word in words]
    try:
        return shlex.split(words)
    except ValueError as error:
        reason = str(error)
        raise ValueError(f"cannot split into words: {words}: {reason[:1].lower()}{reason[1:]}") from None
