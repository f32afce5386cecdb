# SPDX-License-Identifier: MIT
"""What service scripts find as builtins: comar's own, and some that Python 2 had.

comar makes them builtins before it runs a script. A test that imports a script does the same:

    import comar.builtins
    comar.builtins.install()

Editors learn about them from script_builtins.pyi beside this file.
"""

from __future__ import annotations

import builtins
import functools
from typing import IO, Any

from comar._call import current
from comar._messages import call, fail, notify
from comar._messages import translate as _

__all__ = [
    "_",
    "basestring",
    "bus_interface",
    "bus_member",
    "bus_path",
    "bus_sender",
    "call",
    "config_datapath",
    "config_interface",
    "config_modelbase",
    "fail",
    "file",
    "long",
    "model",
    "notify",
    "package",
    "raw_input",
    "reduce",
    "script",
    "unicode",
    "xrange",
]

reduce = functools.reduce
basestring = str
long = int
raw_input = input
unicode = str
xrange = range


def file(name: str, mode: str = "r", buffering: int = -1) -> IO[Any]:
    """Opens a file, as open() does. Text is UTF-8; bytes that are not survive reading and writing."""
    mode = mode.replace("U", "")
    if "b" in mode:
        return open(name, mode, buffering)
    # Text without a buffer is not to be had; lines come next.
    return open(name, mode or "r", buffering or 1, encoding="utf-8", errors="surrogateescape")


def script() -> str:
    """Returns the script's own name, such as "nginx"."""
    return current().request.app


def package() -> str:
    """Older name of script()."""
    return script()


def model() -> str:
    """Returns the model that is called, such as "System.Service"."""
    return current().request.model


def bus_path() -> str:
    """Returns the D-Bus object path of the script, such as "/package/nginx"."""
    return f"/package/{script()}"


def bus_interface() -> str:
    """Returns the D-Bus interface that is called, such as "tr.org.pardus.comar.System.Service"."""
    return f"{config_interface()}.{model()}"


def bus_member() -> str:
    """Returns the method that is called, such as "start"."""
    return current().request.method


def bus_sender() -> str:
    """Returns the bus name of the caller, such as ":1.42"."""
    return current().request.sender


def config_datapath() -> str:
    """Returns the folder where comar keeps what it is told to remember: "/var/lib/comar"."""
    return current().request.paths.data


def config_interface() -> str:
    """Returns what all interfaces of comar begin with: "tr.org.pardus.comar"."""
    return current().request.interface


def config_modelbase() -> str:
    """Returns the folder of the models: "/usr/share/comar/models"."""
    return current().request.paths.models


def install() -> None:
    """Makes all of these builtins of this interpreter."""
    for name in __all__:
        setattr(builtins, name, globals()[name])
