# SPDX-License-Identifier: MIT
"""The one name that a service has in D-Bus paths, files and script()."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


def canonical(name: str) -> str:
    """ "my-app" and "my_app" are one service, "my_app" (SPEC 4). As bus_safe_name() of comard."""
    safe = _UNSAFE.sub("_", name)
    return f"_{safe}" if safe[:1].isdigit() else safe
