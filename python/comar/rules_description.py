# SPDX-License-Identifier: MIT
"""Rules about how a service describes itself: serviceType, serviceDesc and their like."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from comar.facts import CONF, DEFAULT, DESCRIPTION, TYPE
from comar.rules import Finding, Rule, Script, error, warning
from comar.settings import BY_VARIABLE
from comar.vocabulary import START_UP_STATES
from comar.wording import listed, nearest

_SETTINGS = (TYPE, DESCRIPTION, DEFAULT, CONF, *BY_VARIABLE)


def type_is_known(script: Script) -> Iterator[Finding]:
    """serviceType is there, and one of the types."""
    definitions = script.module.all_of(TYPE)
    if not definitions:
        yield error(1, f"{TYPE} is missing: set it to {listed(script.types)}")
    for each in definitions:
        value = script.module.literal(each.node)
        if value is None:
            yield warning(each.line, f"{TYPE} is computed, so lists cannot show it: write it out")
        elif value not in script.types:
            hint = nearest(str(value), script.types)
            yield error(each.line, f"{TYPE} is {value!r}, not {listed(script.types)}{hint}")


def description_has_english(script: Script) -> Iterator[Finding]:
    """serviceDesc is there, and tells something to everyone: `en` is shown for want of others."""
    definition = script.module.last(DESCRIPTION)
    if definition is None:
        example = f'{DESCRIPTION} = _({{"en": "Web server"}})'
        yield error(1, f"{DESCRIPTION} is missing: say what this is, as in {example}")
        return
    value = script.module.literal(definition.node)
    if value is None:
        yield warning(definition.line, f"{DESCRIPTION} is computed: check that it has an `en` text")
    elif isinstance(value, dict) and "en" not in value:
        yield error(definition.line, f'{DESCRIPTION} has no "en": everyone else is shown that text')
    elif not (value["en"] if isinstance(value, dict) else value).strip():
        yield error(definition.line, f"{DESCRIPTION} is empty: say in a few words what this is")


def default_is_a_state(script: Script) -> Iterator[Finding]:
    """serviceDefault is a start-up state."""
    for each in script.module.all_of(DEFAULT):
        value = script.module.literal(each.node)
        if value is not None and value not in START_UP_STATES:
            hint = nearest(str(value), START_UP_STATES)
            yield error(each.line, f"{DEFAULT} is {value!r}, not {listed(START_UP_STATES)}{hint}")


def conf_is_a_file_name(script: Script) -> Iterator[Finding]:
    """serviceConf is the name of a file in the folder of settings."""
    for each in script.module.all_of(CONF):
        value = script.module.literal(each.node)
        if isinstance(value, dict) or (value is not None and not _is_file_name(value)):
            yield warning(each.line, f"{CONF} is {value!r}: write the name of a file, no path")


def setting_is_not_misspelled(script: Script) -> Iterator[Finding]:
    """servicetype, serviceDefualt, …: what would be read as missing."""
    missing = [each for each in _SETTINGS if not script.module.last(each)]
    for each in script.module.definitions:
        hint = "" if each.name in _SETTINGS else nearest(each.name, missing, similarity=0.85)
        if hint and isinstance(each.node, ast.expr):
            yield warning(each.line, f"{each.name} has no meaning to comar{hint}")


def _is_file_name(value: str) -> bool:
    return bool(value) and "/" not in value and value not in (".", "..")


RULES: tuple[Rule, ...] = (
    type_is_known,
    description_has_english,
    default_is_a_state,
    conf_is_a_file_name,
    setting_is_not_misspelled,
)
