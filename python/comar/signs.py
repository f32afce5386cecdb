# SPDX-License-Identifier: MIT
"""Signs that a text which parses as Python 3 was written for Python 2."""

from __future__ import annotations

import ast

from comar import edits
from comar.names import bound_names, guarded

# Modules that only Python 2 has, and what only Python 2 has in others.
_GONE_MODULES = frozenset(
    "BaseHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer SocketServer StringIO "
    "__builtin__ anydbm cPickle cStringIO commands cookielib copy_reg httplib thread urllib2 "
    "urlparse xmlrpclib".split()
)
_GONE_FROM_URLLIB = frozenset(
    "URLopener FancyURLopener quote quote_plus unquote unquote_plus urlcleanup urlencode urlopen "
    "urlretrieve".split()
)
_GONE_NAMES = frozenset(("apply", "execfile"))
_GONE_FROM_ITERTOOLS = frozenset(("ifilter", "ifilterfalse", "imap", "izip", "izip_longest"))
_GONE_FROM_MODULES = {"itertools": _GONE_FROM_ITERTOOLS, "urllib": _GONE_FROM_URLLIB}
_LISTS_NO_MORE = frozenset(("keys", "values", "items", "map", "filter", "zip"))


def is_python2(tree: ast.Module, text: str) -> bool:
    """Whether something is used that Python 3 does not have, so that it would fail when it runs."""
    bound = bound_names(tree)
    return (
        bool(edits.leftovers(text, tree))
        or has_print_statements(tree)
        or any(_is_gone_module(node) for node in set(ast.walk(tree)) - guarded(tree))
        or any(_is_gone(node, bound) for node in ast.walk(tree))
    )


def has_print_statements(tree: ast.Module) -> bool:
    """Whether `print` is used in ways that parse but do nothing, or fail: `print >>file, x`."""
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return any(_is_print_statement(value) for value in values)


def _is_print_statement(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple) and value.elts:
        value = value.elts[0]
    elif not isinstance(value, (ast.BinOp, ast.Name)):
        return False  # print(x) alone is the function
    if isinstance(value, ast.BinOp):
        value = value.left
    if isinstance(value, ast.Call):
        value = value.func
    return isinstance(value, ast.Name) and value.id == "print"


def _is_gone(node: ast.AST, bound: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _GONE_NAMES - bound
    if isinstance(node, ast.Attribute):
        module = node.value.id if isinstance(node.value, ast.Name) else ""
        is_old_method = node.attr == "has_key" and "has_key" not in bound
        return is_old_method or node.attr in _GONE_FROM_MODULES.get(module, ())
    return isinstance(node, ast.Subscript) and _is_list_no_more(node.value, bound)


def _is_gone_module(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(each.name in _GONE_MODULES for each in node.names)
    if isinstance(node, ast.ImportFrom):
        is_urllib = node.module == "urllib" and not node.level
        old_names = {each.name for each in node.names} & _GONE_FROM_URLLIB
        return node.module in _GONE_MODULES or (is_urllib and bool(old_names))
    return False


def _is_list_no_more(value: ast.expr, bound: set[str]) -> bool:
    """d.keys()[0], filter(f, x)[0]: they were lists."""
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr in _LISTS_NO_MORE and not value.args
    is_name = isinstance(value.func, ast.Name) and value.func.id in _LISTS_NO_MORE
    return is_name and getattr(value.func, "id") not in bound
