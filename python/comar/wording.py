# SPDX-License-Identifier: MIT
"""Words and values as messages show them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST_SHOWN = 80


def nearest(word: str, known: Iterable[str], similarity: float = 0.7) -> str:
    """ "; did you mean X?", or "" when nothing is near. similarity: 0 to 1, 1 is the same word."""
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=similarity)
    return f"; did you mean {lower[found[0]]}?" if found else ""


def listed(words: Iterable[str]) -> str:
    """'"a", "b" or "c"'."""
    quoted = [f'"{each}"' for each in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def shown(value: object) -> str:
    """A value as a script writes it, shortened."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number with thousands of digits
        return f"a huge {type(value).__name__}"
    return shortened(text)


def shortened(text: str) -> str:
    """The text, or its beginning."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
