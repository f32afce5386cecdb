# SPDX-License-Identifier: MIT
"""How a call is put together: path, interface, and arguments of the types that its model wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comar.client.bus import INTERFACE, Bus, Call
from comar.client.errors import Error
from comar.client.gio import Gio
from comar.client.options import Callback, Options
from comar.client.values import pack, result_of

_NO_SUCH_PACKAGE = "org.freedesktop.DBus.Error.UnknownObject"
_INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


class Caller:
    """Asks comard on behalf of one Link."""

    def __init__(self, bus: Bus) -> None:
        self.is_interactive = False
        self._bus = bus
        # Of each interface, the methods with the types of their arguments.
        self._signatures: dict[str, dict[str, list[str]]] = {}

    def core(self, method: str, signatures: str = "", *arguments: Any, timeout: float | None = None) -> Any:
        """Calls a method of comard itself, each argument of a basic type."""
        body = pack(list(signatures), arguments)
        call = Call("/", INTERFACE, method, body, timeout, self.is_interactive)
        return result_of(self._bus.ask(call))

    def ask(self, package: str, model: str, method: str, arguments: Sequence[Any], options: Options) -> Any:
        """Calls a method of a package; returns the result, or None at once if there is a callback."""
        call = self._call(package, model, method, arguments, options)
        if options.callback is None:
            return result_of(self._answer(call))
        self._begin(call, package, options.callback)
        return None

    def packages(self, model: str) -> list[str]:
        """The packages that have a script for the model."""
        found: list[str] = self.core("listModelApplications", "s", model)
        return found

    def _call(self, package: str, model: str, method: str, arguments: Sequence[Any], options: Options) -> Call:
        path, interface = f"/package/{package}", f"{INTERFACE}.{model}"
        body = None
        if arguments:
            body = self._body(path, interface, method, arguments, options.timeout)
        is_interactive = self.is_interactive and not options.quiet
        return Call(path, interface, method, body, options.timeout, is_interactive)

    def _body(self, path: str, interface: str, method: str, arguments: Sequence[Any],
              timeout: float | None) -> Any:
        if interface not in self._signatures:
            self._learn(path, timeout)
        signatures = self._signatures.get(interface, {}).get(method)
        if signatures is None:
            return None    # comard knows best what is wrong with it
        try:
            return pack(signatures, arguments)
        except TypeError as error:
            raise TypeError(f"cannot call {interface}.{method}: {error}") from error

    def _learn(self, path: str, timeout: float | None) -> None:
        """Waits for it even before a call with a callback: calls shall leave in order."""
        try:
            (document,) = self._bus.ask(Call(path, _INTROSPECTABLE, "Introspect", None, timeout))
        except Error as error:
            if error.name == _NO_SUCH_PACKAGE:
                return    # comard has a better answer to the call itself
            raise
        for interface in Gio.DBusNodeInfo.new_for_xml(document).interfaces:
            self._signatures[interface.name] = {
                method.name: [argument.signature for argument in method.in_args]
                for method in interface.methods}

    def _answer(self, call: Call) -> tuple[Any, ...]:
        try:
            return self._bus.ask(call)
        except Error as error:
            self._doubt(error)
            raise

    def _begin(self, call: Call, package: str, callback: Callback) -> None:
        def done(error: Error | None, results: tuple[Any, ...]) -> None:
            self._doubt(error)
            callback(package, error, results)

        self._bus.begin(call, done)

    def _doubt(self, error: Error | None) -> None:
        """The model may be another one by now."""
        if error is not None and error.name == "Invalid":
            self._signatures.clear()
