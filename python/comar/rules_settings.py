# SPDX-License-Identifier: MIT
"""The rule about the settings of a service, serviceRestart and its like (comar.settings)."""

from __future__ import annotations

from collections.abc import Iterator

from comar.rules import Finding, Rule, Script, error
from comar.script_settings import read_settings
from comar.settings import BY_KEY, names_itself


def settings_are_right(script: Script) -> Iterator[Finding]:
    """Each can be told from the text, and has a value that it may have."""
    for each in read_settings(script.module).problems:
        yield error(each.line, each.message)


def relations_are_with_others(script: Script) -> Iterator[Finding]:
    """No service requires, precedes or provides itself."""
    settings = read_settings(script.module)
    for key, value in settings.values.items():
        wrong = names_itself(key, value, script.app)
        if wrong:
            yield error(settings.lines[key], f"{BY_KEY[key].variable} {wrong}")


def a_pidfile_has_somebody_to_look_at_it(script: Script) -> Iterator[Finding]:
    """Whose pidfile that is, the script's status() knows."""
    settings = read_settings(script.module)
    if settings.values.get("readiness") == {"kind": "pidfile"} and "status" not in script.facts.methods:
        yield error(
            settings.lines["readiness"],
            'serviceReadiness is "pidfile", which asks status(), and there is none: '
            "def status(): return isServiceRunning(PIDFILE)",
        )


RULES: tuple[Rule, ...] = (
    settings_are_right,
    relations_are_with_others,
    a_pidfile_has_somebody_to_look_at_it,
)
