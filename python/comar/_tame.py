# SPDX-License-Identifier: MIT
"""Whether a script can change the process that it runs in.

A worker that has run a *tame* script may run another one afterwards. What Python lets a script do
to its process has no end: replace a method of a class, add to a list of some module, install a
hook; so it cannot all be looked for after the call. Hence the other way round: a script is tame
when all that it names is known to be harmless. Most scripts that only start programs, stop them and
ask for their pidfiles are. That says nothing about being wrong: not being tame costs a fork.
"""

from __future__ import annotations

import ast
import builtins
import re

from comar.names import bound_names
from comar.vocabulary import SCRIPT_BUILTINS, STAR_NAMES, SERVICE_MODULES

_HARMLESS_BUILTINS = frozenset(
    "None True False Ellipsis NotImplemented abs all any ascii bin bool bytes callable chr dict "
    "divmod enumerate filter float format frozenset hasattr hash hex id int isinstance issubclass "
    "iter len list map max min next oct ord pow print range repr reversed round set slice sorted "
    "str sum tuple zip basestring long reduce unicode xrange __name__ __file__ __doc__".split()
) | frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

# What may be read of a module, as regular expressions of all after its name.
_OF_MODULES = {
    "os": "path|environ|(path[.](exists|lexists|is(file|dir|link|mount|abs)|join|split|splitext|"
    "(base|dir)name|get[amc]time|getsize|(real|abs|norm)path))|sep|[FRWX]_OK|access|chmod|chown|"
    "get(pid|ppid|uid|euid|gid|egid)|kill|link|listdir|lstat|makedirs|mkdir|readlink|remove|"
    "rename|rmdir|stat|symlink|uname|unlink|utime",
    "signal": "SIG[A-Z0-9]+",
    "time": "time|sleep|monotonic|strftime|localtime|gmtime|ctime",
    "shlex": "split|quote",
    "pwd": "getpwnam|getpwuid",
    "grp": "getgrnam|getgrgid",
    "re": "match|search|fullmatch|findall|sub|split|escape",
}
_HARMLESS = {module: re.compile(names) for module, names in _OF_MODULES.items()}

# Methods of texts, lists, dicts, files, replies and the like; harmless whatever they are called on.
_METHODS = frozenset(
    "append clear close copy count decode encode endswith extend find format get group groups "
    "gr_gid gr_name has_key index insert isalnum isalpha isdigit isspace items join keys lock lower "
    "lstrip partition pop pw_dir pw_gid pw_name pw_uid read readline readlines remove replace "
    "reverse rfind rpartition rsplit rstrip setdefault sort split splitlines st_gid st_mode "
    "st_mtime st_size st_uid startswith stderr stdout strip title unlock update upper values "
    "zfill".split()
)

_OPENING = frozenset(("open", "file"))
_IMPORTS_OF_COMAR = frozenset(("comar.service", "__future__"))
_TOO_MUCH = (ast.ClassDef, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await, ast.Match)


def is_tame(tree: ast.Module) -> bool:
    """Whether all that the script names is known to be harmless."""
    reader = _Reader(tree)
    reader.visit(tree)
    return not reader.is_wild


class _Reader(ast.NodeVisitor):
    def __init__(self, tree: ast.Module) -> None:
        self.is_wild = False
        own = bound_names(tree, imports=False)
        api = (STAR_NAMES | SCRIPT_BUILTINS) - SERVICE_MODULES
        self._known = _HARMLESS_BUILTINS | api | own
        # Under the name of something powerful hides perhaps just that.
        self._check((own & vars(builtins).keys()) <= _HARMLESS_BUILTINS | SCRIPT_BUILTINS)
        self._check(not own & SERVICE_MODULES)

    def _check(self, is_harmless: bool) -> None:
        if not is_harmless:
            self.is_wild = True

    def visit(self, node: ast.AST) -> None:
        self._check(not isinstance(node, _TOO_MUCH))
        if not self.is_wild:
            super().visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._check(all(each.asname is None and "." not in each.name for each in node.names))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = {each.name for each in node.names}
        self._check(node.module in _IMPORTS_OF_COMAR and not names & SERVICE_MODULES)

    def visit_Name(self, node: ast.Name) -> None:
        self._check(not isinstance(node.ctx, ast.Load) or node.id in self._known)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._check(isinstance(node.ctx, ast.Load))
        module, _, rest = _dotted(node).partition(".")
        if module in _HARMLESS:
            self._check(_HARMLESS[module].fullmatch(rest) is not None or self._is_used(module, rest))
            return
        self._check(node.attr in _METHODS)
        self.visit(node.value)

    @staticmethod
    def _is_used(module: str, rest: str) -> bool:
        """os.environ.get: a method of something that may be read."""
        before, _, method = rest.rpartition(".")
        return method in _METHODS and _HARMLESS[module].fullmatch(before) is not None

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            root = node.value
            while isinstance(root, ast.Subscript):
                root = root.value
            self._check(isinstance(root, ast.Name))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _OPENING:
            # To read; what is written to some file of /proc changes this process.
            self._check(len(node.args) == 1 and not node.keywords)
            self.visit(node.args[0])
        else:
            self.generic_visit(node)


def _dotted(node: ast.expr) -> str:
    """ "os.path.exists"; "" for what does not begin with a plain name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.insert(0, node.attr)
        node = node.value
    return ".".join([node.id, *words]) if isinstance(node, ast.Name) else ""
