# SPDX-License-Identifier: MIT
"""Rules about calls of the Service API: that the arguments are those it takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from comar.names import bound_names
from comar.rules import Finding, Rule, Script, warning
from comar.vocabulary import FUNCTIONS, Parameters
from comar.wording import nearest


def keyword_is_known(script: Script) -> Iterator[Finding]:
    """pidfle="/run/…": misspelled, so that the call would fail."""
    for name, call, parameters in _calls(script):
        for keyword in call.keywords:
            known = parameters.names + parameters.others
            if keyword.arg is not None and keyword.arg not in known:
                hint = nearest(keyword.arg, known)
                yield warning(keyword.value.lineno, f"{name}() has no {keyword.arg}{hint}")


def arguments_are_not_too_many(script: Script) -> Iterator[Finding]:
    """More than the function takes."""
    for name, call, parameters in _calls(script):
        if not _has_stars(call) and len(call.args) > len(parameters.names):
            most = len(parameters.names)
            yield warning(call.lineno, f"{name}() takes at most {most} arguments")


def required_arguments_are_given(script: Script) -> Iterator[Finding]:
    """startService() without a command starts nothing."""
    for name, call, parameters in _calls(script):
        keywords = {each.arg for each in call.keywords}
        for missing in parameters.names[len(call.args) : parameters.required]:
            if missing not in keywords and not _has_stars(call):
                yield warning(call.lineno, f"{name}() needs {missing}=…")


def something_to_look_for_is_given(script: Script) -> Iterator[Finding]:
    """stopService() must be told what to stop, isServiceRunning() what to look for."""
    criteria = {
        "stopService": {"pidfile", "command", "user", "name"},
        "isServiceRunning": {"pidfile", "command"},
    }
    for name, call, _ in _calls(script):
        given = {each.arg for each in call.keywords}
        if name in criteria and not call.args and not given & (criteria[name] | {None}):
            choices = " or ".join(f"{each}=…" for each in ("pidfile", "command"))
            yield warning(call.lineno, f"{name}() does not say which process: give it {choices}")


def makepid_has_a_pidfile(script: Script) -> Iterator[Finding]:
    """makepid writes the file that pidfile names."""
    for name, call, parameters in _calls(script):
        keywords = {each.arg for each in call.keywords}
        has_pidfile = "pidfile" in keywords or len(call.args) > 2 or _has_stars(call)
        if name == "startService" and "makepid" in keywords and not has_pidfile:
            yield warning(call.lineno, "makepid=… needs pidfile=…, the file that it writes")


def _calls(script: Script) -> Iterator[tuple[str, ast.Call, Parameters]]:
    """Calls of functions that the script does not define itself."""
    own = bound_names(script.tree)
    for node in ast.walk(script.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            parameters = FUNCTIONS.get(node.func.id)
            if parameters and node.func.id not in own:
                yield node.func.id, node, parameters


def _has_stars(call: ast.Call) -> bool:
    """Whether arguments come from a list or a dict that only running tells."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        each.arg is None for each in call.keywords
    )


RULES: tuple[Rule, ...] = (
    keyword_is_known,
    arguments_are_not_too_many,
    required_arguments_are_given,
    something_to_look_for_is_given,
    makepid_has_a_pidfile,
)
