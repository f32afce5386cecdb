# SPDX-License-Identifier: MIT
"""The service script that is running: module `csl`."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from types import CodeType, ModuleType
from typing import Any, Callable

from comar._call import current

NAME = "csl"

# Compiled scripts are kept as Python keeps modules, with a hash of the text in the header (PEP 552):
# a time stamp in whole seconds, which is Python's habit, would miss an edit that follows soon.
_HEADER = importlib.util.MAGIC_NUMBER + (0b11).to_bytes(4, "little")
_ENDING = f".{sys.implementation.cache_tag}.pyc"

# By header. For the host's rehearsals, whose script may lie where nothing can be written.
_compiled_here: dict[bytes, CodeType] = {}


def load(path: str) -> ModuleType:
    """Runs the script in a fresh module, `csl`. Raises whatever it raises; OSError: no such file."""
    code = _code_of(path)
    module = ModuleType(NAME)
    module.__file__ = path
    sys.modules[NAME] = module
    exec(code, module.__dict__)
    return module


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


def _code_of(path: str) -> CodeType:
    text = _read(path)
    text_hash: Any = importlib.util.source_hash(text)
    header = _HEADER + text_hash
    compiled = _compiled_path(path)
    code = _kept_code(compiled, header) or _compiled_here.get(header)
    if code is None:
        code = compile(text, path, "exec", dont_inherit=True)
        _compiled_here[header] = code
        _keep(compiled, header + marshal.dumps(code))
    return code


def _compiled_path(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, "__pycache__", name.removesuffix(".py") + _ENDING)


def _kept_code(compiled: str, header: bytes) -> CodeType | None:
    """The code in the file `compiled`; None when it is of another text, broken or not there."""
    try:
        kept = _read(compiled)
        code = marshal.loads(memoryview(kept)[len(header) :]) if kept.startswith(header) else None
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _keep(compiled: str, content: bytes) -> None:
    """Writes the file `compiled`, as a whole or not at all. A folder that we may not write is fine."""
    aside = f"{compiled}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(compiled), exist_ok=True)
        with open(aside, "xb") as file:
            file.write(content)
        os.replace(aside, compiled)
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
