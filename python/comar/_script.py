# SPDX-License-Identifier: MIT
"""The service script that is running: module `csl`."""

from __future__ import annotations

import ast
import importlib.util
import marshal
import os
import sys
from types import CodeType, ModuleType
from typing import Any, Callable, NamedTuple

from comar._call import current
from comar._tame import is_tame

NAME = "csl"


class Compiled(NamedTuple):
    """A script as Python runs it, and whether it leaves its process as it is, see comar._tame."""

    code: CodeType
    is_tame: bool


# Compiled scripts are kept as Python keeps modules, with a hash of the text in the header (PEP 552):
# a time stamp in whole seconds, which is Python's habit, would miss an edit that follows soon.
_HEADER = importlib.util.MAGIC_NUMBER + (0b11).to_bytes(4, "little")
_ENDING = f".{sys.implementation.cache_tag}.pyc"

# The last one, its path and header: many calls in a row are of one script.
_last: tuple[str, bytes, Compiled | None] = ("", b"", None)

_is_process_unchanged = True


def load(path: str, script: Compiled | None = None) -> ModuleType:
    """Runs the script in a fresh module, `csl`; `script`: what compiled() has just given for it.

    Raises whatever it raises; OSError: no such file.
    """
    global _is_process_unchanged
    code, tame = script or compiled(path)
    _is_process_unchanged = _is_process_unchanged and tame
    module = ModuleType(NAME)
    module.__file__ = path
    sys.modules[NAME] = module
    exec(code, module.__dict__)
    return module


def is_process_unchanged() -> bool:
    """Whether all scripts that have run in this process were tame."""
    return _is_process_unchanged


def forget() -> None:
    """Unloads the script."""
    sys.modules.pop(NAME, None)


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


def compiled(path: str) -> Compiled:
    """The script in that file, compiled. Raises SyntaxError; OSError: no such file."""
    global _last
    text = _read(path)
    text_hash: Any = importlib.util.source_hash(text)
    header = _HEADER + text_hash
    found = _last[2] if _last[:2] == (path, header) else _kept(_compiled_path(path), header)
    if found is None:
        tree = ast.parse(text, path)
        found = Compiled(compile(tree, path, "exec", dont_inherit=True), is_tame(tree))
        _keep(_compiled_path(path), header + marshal.dumps(tuple(found)))
    _last = (path, header, found)
    return found


def _compiled_path(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, "__pycache__", name.removesuffix(".py") + _ENDING)


def _kept(path: str, header: bytes) -> Compiled | None:
    """What the file `path` keeps; None when it is of another text, broken or not there."""
    try:
        kept = _read(path)
        if not kept.startswith(header):
            return None
        code, tame = marshal.loads(memoryview(kept)[len(header) :])
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return Compiled(code, tame is True) if isinstance(code, CodeType) else None


def _keep(path: str, content: bytes) -> None:
    """Writes the file `path`, as a whole or not at all. A folder that we may not write is fine."""
    aside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(aside, "xb") as file:
            file.write(content)
        os.replace(aside, path)
    except OSError:
        _remove(aside)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, os.fstat(fd).st_size)
    finally:
        os.close(fd)
