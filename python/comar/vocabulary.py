# SPDX-License-Identifier: MIT
"""The words that a service script may use without defining them (SPEC 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """What a function of the Service API takes.

    names: in order, as positional or keyword arguments.
    required: how many of the first ones have no default.
    others: further keyword arguments, kept for old scripts.
    """

    names: tuple[str, ...]
    required: int = 0
    others: tuple[str, ...] = ()


#: Functions of comar.service whose calls are looked at.
FUNCTIONS = {
    "startService": Parameters(
        ("command", "args", "pidfile", "makepid", "nice", "detach", "chuid", "donotify"),
        required=1,
    ),
    "stopService": Parameters(
        ("pidfile", "command", "args", "chuid", "user", "name", "signalno", "donotify"),
        others=("signal",),
    ),
    "isServiceRunning": Parameters(("pidfile", "command")),
    "checkDaemon": Parameters(("pidfile",), required=1),
    "waitBus": Parameters(("unix_name", "timeout", "wait", "stream"), required=1),
    "loadConfig": Parameters(("filename",)),
    "loadEnvironment": Parameters(()),
    "is_on": Parameters(()),
}

#: Methods that the star import brings in for scripts that do not define their own.
DEFAULT_METHODS = frozenset({"info", "ready", "setState", "registerState"})

#: Everything of the Service API that `from comar.service import *` brings in, methods aside.
SERVICE_NAMES = frozenset(FUNCTIONS) | {
    "config",
    "execReply",
    "FileLock",
    "run",
    "startDependencies",
    "stopDependencies",
    "synchronized",
}

#: Modules that the star import has always carried along.
SERVICE_MODULES = frozenset(
    ("fcntl", "grp", "os", "pwd", "shlex", "signal", "socket", "subprocess", "termios", "time")
)

#: All that the star import binds.
STAR_NAMES = SERVICE_NAMES | SERVICE_MODULES | DEFAULT_METHODS

#: What is a builtin while a script runs.
SCRIPT_BUILTINS = frozenset(
    (
        "_",
        "bus_interface",
        "bus_member",
        "bus_path",
        "bus_sender",
        "call",
        "config_datapath",
        "config_interface",
        "config_modelbase",
        "fail",
        "model",
        "notify",
        "package",
        "script",
    )
)

#: Names of Python 2 that are builtins while a script runs.
PYTHON2_BUILTINS = frozenset(
    ("basestring", "file", "long", "raw_input", "reduce", "unicode", "xrange")
)

#: serviceType, when whoever asks for the check names no other types.
SERVICE_TYPES = ("local", "server", "script")

#: serviceDefault, and what setState() takes.
START_UP_STATES = ("on", "off", "conditional")
