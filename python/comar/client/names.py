# SPDX-License-Identifier: MIT
"""Names as comard knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNSAFE = re.compile("[^A-Za-z0-9_]")
_CODE_SET_OR_MODIFIER = re.compile("[.@].*", re.DOTALL)


def bus_safe_name(package: str) -> str:
    """The one name that a package has on D-Bus: "my-app" is "my_app", "7zip" is "_7zip"."""
    if not isinstance(package, str):
        raise TypeError(f"the name of a package is text, not {type(package).__name__}")
    safe = _UNSAFE.sub("_", package)
    return f"_{safe}" if safe[:1].isdigit() else safe


def language_of(environment: Mapping[str, str]) -> str:
    """The language of a user: of LC_ALL, LC_MESSAGES and LANG the first that is set, locale(7)."""
    chosen = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, chosen), "")
    language = _CODE_SET_OR_MODIFIER.sub("", locale)
    return "en" if language in ("", "C", "POSIX") else language
