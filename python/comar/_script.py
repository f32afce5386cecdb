# SPDX-License-Identifier: MIT
"""The service script that is running: module `csl`."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any, Callable

from comar._call import current

NAME = "csl"

_CHECKED_HASH = (0b11).to_bytes(4, "little")
_HEADER_BYTES = 16


class _ScriptLoader(SourceFileLoader):
    """Compiles a script, and keeps the result with a hash of the text (PEP 552).

    A time stamp in whole seconds, which is Python's habit, would miss an edit that follows soon.
    """

    _text: Any = b""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        self._text = data
        return super().source_to_code(data, path, _optimize=_optimize)  # type: ignore[call-arg]

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        text_hash: Any = importlib.util.source_hash(self._text)
        header = importlib.util.MAGIC_NUMBER + _CHECKED_HASH + text_hash
        super().set_data(path, header + data[_HEADER_BYTES:], _mode=_mode)


def load(path: str) -> ModuleType:
    """Runs the script in a fresh module, `csl`. Raises whatever it raises; OSError: no such file."""
    loader = _ScriptLoader(NAME, path)
    code = loader.get_code(NAME)
    module = ModuleType(NAME)
    module.__file__ = path
    module.__loader__ = loader
    sys.modules[NAME] = module
    exec(code, module.__dict__)  # type: ignore[arg-type]
    return module


def namespace() -> dict[str, Any]:
    """The names in the script's module; none while no script is loaded."""
    module = sys.modules.get(NAME)
    return {} if module is None else vars(module)


def function(name: str) -> Callable[..., Any] | None:
    """The function of that name in the script; None when there is none."""
    found = namespace().get(name)
    return found if callable(found) else None


def is_running() -> bool | None:
    """What the script's status() says of the time before this call.

    None: it has no status(), or this call has started or stopped something already. A start() that
    starts several programs needs them all, though status() may look at the first only.
    """
    status = None if current().has_changed_service else function("status")
    return None if status is None else bool(status())
