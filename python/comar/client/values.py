# SPDX-License-Identifier: MIT
"""From Python to D-Bus, as the method's signature wants it, and back to plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comar.client.gio import GLib


def pack(signatures: Sequence[str], arguments: Sequence[Any]) -> Any:
    """The arguments of a call as one GLib.Variant. TypeError: they are not what the method takes."""
    if len(arguments) != len(signatures):
        raise TypeError(f"takes {len(signatures)} arguments ({''.join(signatures)}), got {len(arguments)}")
    packed = (_argument(*each) for each in enumerate(zip(signatures, arguments), 1))
    return GLib.Variant.new_tuple(*packed)


def result_of(values: tuple[Any, ...]) -> Any:
    """What a call returns: nothing, one value, or a tuple of several."""
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def _argument(number: int, what: tuple[str, Any]) -> Any:
    signature, value = what
    try:
        return GLib.Variant(signature, _fit(signature, value))
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"argument {number} should be of type '{signature}': {error}") from error


def _fit(signature: str, value: Any) -> Any:
    """The value as GLib.Variant takes it, refusing what that would take without being right."""
    if signature == "v":
        return value if isinstance(value, GLib.Variant) else _guess(value)
    if signature.startswith("a{"):
        return _fit_dict(_inside(signature[1:]), value)
    if signature.startswith("a"):
        return _fit_list(signature[1:], value)
    if signature.startswith("("):
        return _fit_structure(_inside(signature), value)
    if signature == "b" and value not in (True, False):
        raise TypeError(f"{value!r} is neither True nor False")
    if isinstance(value, str) and "\0" in value:
        raise ValueError("D-Bus has no text with a NUL in it")
    if signature == "o" and not GLib.Variant.is_object_path(value):
        raise ValueError(f"{value!r} is no object path")
    return value


def _fit_dict(signatures: list[str], value: Any) -> dict[Any, Any]:
    key, item = signatures
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no dict")
    return {_fit(key, name): _fit(item, each) for name, each in value.items()}


def _fit_list(element: str, value: Any) -> list[Any]:
    if isinstance(value, (str, Mapping)):
        raise TypeError(f"{value!r} is no list")
    return [_fit(element, each) for each in value]


def _fit_structure(signatures: list[str], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (tuple, list)) or len(value) != len(signatures):
        raise TypeError(f"{value!r} is no tuple of {len(signatures)}")
    return tuple(_fit(*each) for each in zip(signatures, value))


def _inside(signature: str) -> list[str]:
    """The types between the brackets."""
    types: list[str] = GLib.Variant.split_signature(f"({signature[1:-1]})")
    return types


def _guess(value: Any) -> Any:
    """The variant for a value that says itself what it is."""
    if isinstance(value, (list, tuple)):
        return GLib.Variant("av", [_guess(each) for each in value])
    if isinstance(value, Mapping):
        return GLib.Variant("a{sv}", {name: _guess(each) for name, each in value.items()})
    for kind, signature in ((bool, "b"), (int, _integer(value)), (float, "d"), (str, "s"), (bytes, "ay")):
        if isinstance(value, kind):
            return GLib.Variant(signature, value)
    raise TypeError(f"D-Bus has no type for {type(value).__name__}")


def _integer(value: Any) -> str:
    """The smallest usual type that holds the number."""
    if isinstance(value, int) and not -2**31 <= value < 2**31:
        return "x" if value < 2**63 else "t"
    return "i"
