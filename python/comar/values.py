# SPDX-License-Identifier: MIT
"""Values between comard and its workers: self-describing JSON, docs/protocol.md.

What JSON lacks is an object with one key: {"float": "nan"}, {"dict": [[key, value], …]},
{"bytes": "<base64>"}.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

# D-Bus allows 64 levels of containers.
_DEEPEST = 64
_SMALLEST_INTEGER = -(2**63)
_LARGEST_INTEGER = 2**64 - 1


def encode(value: Any) -> Any:
    """Turns a Python value into what json can write.

    TypeError: a type that D-Bus has no equal for. OverflowError: an integer beyond 64 bits.
    ValueError: nested too deep, or within itself.
    """
    return _encode(value, 0)


def decode(value: Any) -> Any:
    """Turns what json has read into the Python value that was encoded; tuples come as lists.

    ValueError: not an encoded value.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        return _decode_object(value)
    return value


def _encode(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _encode_integer(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if depth >= _DEEPEST:
        raise ValueError(f"cannot send a value that is nested deeper than {_DEEPEST} levels")
    if isinstance(value, (list, tuple)):
        return [_encode(item, depth + 1) for item in value]
    if isinstance(value, dict):
        pairs = value.items()
        return {"dict": [[_encode(key, depth + 1), _encode(item, depth + 1)] for key, item in pairs]}
    raise TypeError(f"cannot send a value of type {type(value).__name__}")


def _encode_integer(value: int) -> int:
    if not _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
        raise OverflowError("cannot send an integer of more than 64 bits")
    return value


def _decode_object(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        ((kind, content),) = value.items()
        try:
            if kind == "dict":
                return {decode(key): decode(item) for key, item in content}
            if kind == "bytes":
                return base64.b64decode(content, validate=True)
            if kind == "float" and content in ("nan", "inf", "-inf"):
                return float(content)
        except (TypeError, ValueError, binascii.Error) as error:
            raise ValueError(f"cannot decode a value: {error}") from error
    raise ValueError("cannot decode a value: unknown kind of object")
