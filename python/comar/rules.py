# SPDX-License-Identifier: MIT
"""The rules that a script is checked by: one small function each, in the tables of rules_*.py.

A rule looks at a Script and yields what it finds. A new one is a function and a row.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from comar.facts import Facts
from comar.module import Module

#: The model whose scripts describe services.
SERVICE = "System.Service"


@dataclass(frozen=True, order=True)
class Finding:
    """Something to tell the administrator. line: from 1; 0 when it is about the whole file."""

    line: int
    severity: str
    message: str

    def as_dict(self) -> dict[str, object]:
        """The JSON of the protocol."""
        return {"severity": self.severity, "line": self.line, "message": self.message}


@dataclass(frozen=True)
class Script:
    """A script in Python 3, with what it is checked against.

    methods: those of the model, and how many arguments each gets.
    types: what serviceType may be.
    """

    app: str
    model: str
    methods: Mapping[str, int]
    types: Sequence[str]
    module: Module
    facts: Facts

    @property
    def tree(self) -> ast.Module:
        return self.module.tree

    @property
    def is_service(self) -> bool:
        return self.model == SERVICE


Rule = Callable[[Script], Iterator[Finding]]


def error(line: int, message: str) -> Finding:
    """With an error a script is not registered."""
    return Finding(line, "error", message)


def warning(line: int, message: str) -> Finding:
    """A warning is shown, and the script is registered."""
    return Finding(line, "warning", message)
