# SPDX-License-Identifier: MIT
"""The rule about the settings of a service, serviceRestart and its like (comar.settings)."""

from __future__ import annotations

from collections.abc import Iterator

from comar.rules import Finding, Rule, Script, error
from comar.script_settings import read_settings


def settings_are_right(script: Script) -> Iterator[Finding]:
    """Each can be told from the text, and has a value that it may have."""
    for each in read_settings(script.module).problems:
        yield error(each.line, each.message)


RULES: tuple[Rule, ...] = (settings_are_right,)
