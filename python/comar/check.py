# SPDX-License-Identifier: MIT
"""Looks at a service script without running it: the registration checks, and `comar check`.

check() answers comard (docs/protocol.md); main() is the command for packagers, without a comard.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comar import rules_calls, rules_description, rules_methods, rules_names, rules_settings
from comar import source, translate
from comar.facts import Facts, read_facts
from comar.module import Module
from comar.rules import SERVICE, Finding, Rule, Script, error, warning
from comar.vocabulary import SERVICE_TYPES

# The rules for every script, and those for scripts that describe a service.
_RULES: tuple[Rule, ...] = rules_methods.RULES + rules_names.RULES + rules_calls.RULES
_SERVICE_RULES: tuple[Rule, ...] = rules_description.RULES + rules_settings.RULES + _RULES


@dataclass(frozen=True)
class Report:
    """What was found in one script.

    text: in Python 3, to be stored as UTF-8; as given when there was a syntax error.
    diff: what translation changed; "" when nothing did.
    """

    findings: tuple[Finding, ...] = ()
    text: str = ""
    diff: str = ""
    facts: Facts = Facts()

    @property
    def has_errors(self) -> bool:
        return any(each.severity == "error" for each in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the protocol."""
        return {
            "findings": [each.as_dict() for each in self.findings],
            "text": self.text,
            "diff": self.diff,
            "facts": self.facts.as_dict(),
        }


def check(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answers the `check` of docs/protocol.md. Without `text`, reads the file.

    Neither imports nor runs the script, and changes nothing.
    """
    return _report(request).as_dict()


def main(arguments: Sequence[str]) -> int:
    """The command `check`. Returns 0: fine, 1: errors, 2: used wrongly. Warnings are fine."""
    try:
        options = _options().parse_args(arguments)
    except SystemExit as exit:  # argparse has said why, or has printed the help
        return 2 if exit.code else 0
    from comar import model_methods  # only here: with it comes an XML parser

    methods = model_methods.of_model(options.model, options.models)
    if methods is None:
        print(f"cannot check against {options.model}: there is no such model", file=sys.stderr)
        return 2
    reports = {name: _report(_request(name, options, methods)) for name in options.files}
    sys.stdout.write(_as_json(reports) if options.json else _as_lines(reports))
    return 1 if any(each.has_errors for each in reports.values()) else 0


def _report(request: Mapping[str, Any]) -> Report:
    try:
        text, guess = _source(request)
    except source.SourceError as problem:
        return Report((error(0, f"cannot read this script: {problem}"),))
    try:
        translation = translate.translate(text, request["name"])
    except translate.TranslationError as problem:
        readable = text.encode("utf-8", "replace").decode("utf-8")
        return Report((error(problem.line, problem.message),), readable)
    script = _script(request, translation.tree(request["name"]))
    findings = [*guess, *_about(translation), *_suspicious(translation), *_found(script)]
    return Report(tuple(sorted(findings)), translation.text, translation.diff, script.facts)


def _script(request: Mapping[str, Any], tree: ast.Module) -> Script:
    methods = _with_status(request["methods"], request["model"])
    return Script(
        app=request["app"],
        model=request["model"],
        methods=methods,
        types=request.get("types") or SERVICE_TYPES,
        module=Module.of(tree),
        facts=read_facts(tree, methods),
    )


def _source(request: Mapping[str, Any]) -> tuple[str, list[Finding]]:
    if request.get("text") is not None:
        return request["text"], []
    data = source.read_source(request["file"])
    message = "this is not UTF-8 and declares no encoding: read as ISO-8859-9 (Turkish)"
    return source.decode_source(data), [warning(1, message)] if source.is_guessed(data) else []


def _with_status(methods: Mapping[str, int], model: str) -> dict[str, int]:
    """status() is no method of the model, but comar calls it all the same (SPEC 1)."""
    return {**methods, "status": 0} if model == SERVICE else dict(methods)


def _about(translation: translate.Translation) -> Iterator[Finding]:
    if translation.diff:
        message = "brought up to Python 3: the first change is in this line, the diff shows all"
        yield warning(translation.first_changed_line, message)
    yield from (warning(each.line, each.message) for each in translation.notes)


def _suspicious(translation: translate.Translation) -> Iterator[Finding]:
    """What Python itself warns of, such as `x is "yes"`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compile(translation.text, "script", "exec", dont_inherit=True)
    for each in caught:
        if issubclass(each.category, SyntaxWarning):
            yield warning(translation.given_line(each.lineno), str(each.message))


def _found(script: Script) -> Iterator[Finding]:
    for rule in _SERVICE_RULES if script.is_service else _RULES:
        yield from rule(script)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="comar check", description="Check service scripts as registering them would."
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--app", metavar="NAME", help="the service's name (default: the file's)")
    parser.add_argument("--model", default=SERVICE, help="what it is for (default: %(default)s)")
    parser.add_argument("--models", metavar="DIR", help="the folder of the models' XML files")
    parser.add_argument("--json", action="store_true", help="print findings, diff, facts as JSON")
    return parser


def _request(name: str, options: argparse.Namespace, methods: Mapping[str, int]) -> dict[str, Any]:
    return {
        "file": name,
        "name": name,
        "app": options.app or Path(name).stem,
        "model": options.model,
        "methods": methods,
    }


def _as_lines(reports: Mapping[str, Report]) -> str:
    """As compilers write it, so that editors find the place."""
    return "".join(
        f"{name}:{each.line}: {each.severity}: {each.message}\n"
        if each.line
        else f"{name}: {each.severity}: {each.message}\n"
        for name, report in reports.items()
        for each in report.findings
    )


def _as_json(reports: Mapping[str, Report]) -> str:
    rows = [{"file": name, **report.as_dict()} for name, report in reports.items()]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
