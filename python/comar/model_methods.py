# SPDX-License-Identifier: MIT
"""The methods of a model, from the introspection XML that comard reads too."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

#: The model of nearly every script: checked also where no XML is installed (SPEC 4).
_SERVICE = {
    "start": 0,
    "stop": 0,
    "reload": 0,
    "ready": 0,
    "setState": 1,
    "registerState": 0,
    "info": 0,
}

# Seen from this package in the source tree, and in an installed prefix.
_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = (
    _PACKAGE / "../../models",
    _PACKAGE / "../../../../share/comar/models",
    Path("/usr/share/comar/models"),
)


def of_model(model: str, folder: str | None = None) -> dict[str, int] | None:
    """Each method of a model with the number of its arguments; None when nobody knows the model.

    folder: where the XML is; by default the source tree's or the system's.
    """
    for each in (Path(folder),) if folder else _FOLDERS:
        for file in sorted(each.glob("*.xml")):
            methods = _interfaces(file).get(model)
            if methods is not None:
                return methods
    return dict(_SERVICE) if model == "System.Service" else None


def _interfaces(file: Path) -> dict[str, dict[str, int]]:
    """Models to methods, of one file. An unreadable file has none."""
    try:
        root = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError):
        return {}
    return {
        each.get("name", "").removeprefix("tr.org.pardus.comar."): dict(_methods(each))
        for each in root.iter("interface")
    }


def _methods(interface: ElementTree.Element) -> Iterator[tuple[str, int]]:
    for method in interface.iter("method"):
        arguments = method.iter("arg")
        given = sum(1 for each in arguments if each.get("direction", "in") == "in")
        yield method.get("name", ""), given
