# SPDX-License-Identifier: MIT
"""Fixers of our own, beside those of fissix. Loaded by python2.py, after fissix."""

from __future__ import annotations

from typing import Any

from fissix import pytree  # type: ignore[import]
from fissix.fixer_base import BaseFix  # type: ignore[import]
from fissix.fixer_util import ArgList, Name, String  # type: ignore[import]
from fissix.fixes.fix_numliterals import FixNumliterals  # type: ignore[import]
from fissix.fixes.fix_print import FixPrint  # type: ignore[import]
from fissix.fixes.fix_raise import FixRaise  # type: ignore[import]
from fissix.pgen2 import token  # type: ignore[import]


class FixPrintStatement(FixPrint):  # type: ignore[misc]
    """print x -> print(x). Unlike its parent it adds no second pair to `print ("a" + b)`."""

    def transform(self, node: Any, results: Any) -> Any:
        if len(node.children) == 2 and self._is_parenthesized(node.children[1]):
            return None
        return super().transform(node, results)

    def _is_parenthesized(self, node: Any) -> bool:
        """Whether it is one expression in parentheses, and no tuple."""
        is_group = node.type == self.syms.atom and len(node.children) == 3
        return is_group and node.children[0].value == "(" and not _has_comma(node.children[1])


class FixRaiseStatement(FixRaise):  # type: ignore[misc]
    """raise E, "text" -> raise E("text"), and raise "text", x -> raise Exception("text", x)."""

    def transform(self, node: Any, results: Any) -> Any:
        exception = results["exc"]
        if exception.type != token.STRING:
            return super().transform(node, results)
        arguments = [exception.clone()]
        if "val" in results:
            arguments += [pytree.Leaf(token.COMMA, ","), results["val"].clone()]
        arguments[0].prefix = ""
        call = [Name("Exception", prefix=" "), ArgList(arguments)]
        return pytree.Node(self.syms.raise_stmt, [Name("raise"), *call], prefix=node.prefix)


class FixNumbers(FixNumliterals):  # type: ignore[misc]
    """10L -> 10 and 0600 -> 0o600. Unlike its parent it does both to 0600L."""

    def transform(self, node: Any, results: Any) -> Any:
        number = super().transform(node, results)
        return super().transform(number, results) if self.match(number) else number


class FixRawUnicode(BaseFix):  # type: ignore[misc]
    r"""ur"\d" -> r"\d". Other u"…" are Python 3 as well."""

    _accept_type = token.STRING

    def match(self, node: Any) -> bool:
        return bool(node.value[:2].lower() == "ur")

    def transform(self, node: Any, results: Any) -> Any:
        return String(node.value[1:], prefix=node.prefix)


FIXERS = (FixPrintStatement, FixRaiseStatement, FixNumbers, FixRawUnicode)


def _has_comma(node: Any) -> bool:
    return any(child.type == token.COMMA for child in node.children)
