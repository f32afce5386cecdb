# SPDX-License-Identifier: MIT
"""What the package offers to scripts, editors and people."""

import ast
import builtins
import inspect
import re
import types

import comar
import comar.builtins
import comar.service
from conftest import PACKAGE_PARENT, REPOSITORY

MODULES = {"os", "signal", "time", "subprocess", "shlex", "socket", "fcntl", "termios", "pwd", "grp"}
FUNCTIONS = {
    "startService", "stopService", "isServiceRunning", "synchronized", "run", "config", "loadConfig",
    "loadEnvironment", "startDependencies", "stopDependencies", "is_on", "waitBus", "checkDaemon",
    "execReply", "FileLock", "info", "ready", "setState", "registerState",
}
BUILTINS = {
    "_", "call", "notify", "fail", "script", "package", "model", "bus_path", "bus_interface",
    "bus_member", "bus_sender", "config_datapath", "config_interface", "config_modelbase", "file",
    "unicode", "basestring", "long", "xrange", "raw_input", "reduce",
}


def test_the_version_is_that_of_the_project():
    project = (REPOSITORY / "CMakeLists.txt").read_text()
    assert comar.__version__ == re.search(r"project\(comar VERSION (\S+)", project)[1]


def test_the_star_import_brings_the_api_and_its_modules():
    names = {}
    exec("from comar.service import *", names)
    del names["__builtins__"]
    assert set(names) == MODULES | FUNCTIONS
    assert all(isinstance(names[name], types.ModuleType) for name in MODULES)


def test_all_that_is_public_is_documented():
    for owner, names in ((comar.service, FUNCTIONS - {"config"}),
                         (comar.builtins, BUILTINS - {"unicode", "basestring", "long", "xrange"})):
        for name in names:
            assert inspect.getdoc(getattr(owner, name)), name


def test_signatures_are_as_scripts_and_editors_know_them():
    start = list(inspect.signature(comar.service.startService).parameters)
    assert start == ["command", "args", "pidfile", "makepid", "nice", "detach", "chuid", "donotify"]
    stop = list(inspect.signature(comar.service.stopService).parameters)
    assert stop == ["pidfile", "command", "args", "chuid", "user", "name", "signalno", "donotify"]


def test_builtins_are_installed_when_asked_only(monkeypatch):
    assert BUILTINS - set(vars(builtins)) == BUILTINS
    for name in BUILTINS:
        monkeypatch.setattr(builtins, name, None, raising=False)
    comar.builtins.install()
    for name in BUILTINS:
        assert getattr(builtins, name) is getattr(comar.builtins, name)


def test_the_stub_for_editors_has_all_builtins():
    stub = (PACKAGE_PARENT / "comar/script_builtins.pyi").read_text()
    names = set()
    for node in ast.parse(stub).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.add(node.targets[0].id)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names}
    assert BUILTINS <= names
    assert (PACKAGE_PARENT / "comar/py.typed").exists()
