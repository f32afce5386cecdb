# SPDX-License-Identifier: MIT
"""The builtins of service scripts, for editors and type checkers.

Pyright and what builds on it take a file named __builtins__.pyi at the root of a project for more
builtins: copy or link this one there. For mypy and others, write this in the script:

    if False:
        from comar.builtins import *
"""

from functools import reduce as reduce
from typing import IO, Any, Mapping, NoReturn, TypeVar, overload

_Text = str | Mapping[str, str]

basestring = str
long = int
raw_input = input
unicode = str
xrange = range

def _(text: _Text) -> str:
    """Returns the text in the caller's language: `_({"en": "Server", "tr": "Sunucu"})`."""

@overload
def call(app: str, model: str, method: str, args: Any = (), timeout: float | None = -1) -> Any:
    """Calls a method of another script, as the same caller: `call("acpid", "System.Service", "start")`.

    `args` is a tuple or list; `timeout` is in seconds, -1 or None for as long as the method may take.
    Raises an exception whose class is named like the error.
    """

@overload
def call(app: str, model: str, *arguments: Any, timeout: float | None = -1) -> Any:
    """The older form: `call("System.Service.setState", "acpid", "on")`."""

def notify(model: str, signal: str, args: Any = ()) -> None:
    """Emits a signal of this script: `notify("System.Service", "Changed", (script(), "started"))`."""

def fail(message: _Text) -> NoReturn:
    """Ends the call; the caller gets `message` as an error. A dict is translated as by `_`."""

def script() -> str:
    """Returns the script's own name."""

def package() -> str:
    """Older name of script()."""

def model() -> str:
    """Returns the model that is called, such as "System.Service"."""

def bus_path() -> str: ...
def bus_interface() -> str: ...
def bus_member() -> str: ...
def bus_sender() -> str: ...
def config_datapath() -> str: ...
def config_interface() -> str: ...
def config_modelbase() -> str: ...
def file(name: str, mode: str = "r", buffering: int = -1) -> IO[Any]:
    """Opens a file, as open() does."""
