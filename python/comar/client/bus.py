# SPDX-License-Identifier: MIT
"""One connection to comard, made when it is needed, and made again when it was lost."""

from __future__ import annotations

import dataclasses
import math
import os
import threading
import weakref
from typing import Any, Callable

from comar.client import errors
from comar.client.errors import Error, Unreachable
from comar.client.gio import Gio, GLib

INTERFACE = "tr.org.pardus.comar"

_DRIVER = "org.freedesktop.DBus"
_PACKAGES = "/package/"

Done = Callable[["Error | None", "tuple[Any, ...]"], object]
Handler = Callable[[str, str, "tuple[Any, ...]"], object]
"""handler(package, signal, arguments)"""


@dataclasses.dataclass(frozen=True)
class Call:
    """What goes over the bus. `body` is a GLib.Variant; None: no arguments."""

    path: str
    interface: str
    method: str
    body: Any = None
    timeout: float | None = None
    is_interactive: bool = False

    @property
    def words(self) -> tuple[Any, ...]:
        """What Gio wants to know, in its order."""
        return (self.path, self.interface, self.method, self.body, None, self._flags, self._milliseconds)

    @property
    def _milliseconds(self) -> int:
        longest: int = GLib.MAXINT
        if self.timeout is None or self.timeout < 0:
            return longest
        return max(1, math.ceil(min(self.timeout * 1000, longest)))

    @property
    def _flags(self) -> Any:
        kinds = Gio.DBusCallFlags
        return kinds.ALLOW_INTERACTIVE_AUTHORIZATION if self.is_interactive else kinds.NONE


class Bus:
    """Speaks to whoever has the name `name` at an address; None: the system bus."""

    def __init__(self, name: str, address: str | None) -> None:
        self._name = name
        self._address = address
        self._connection: Any = None
        self._lock = threading.RLock()
        self._language: str | None = None
        self._listeners: list[_Listener] = []

    def ask(self, call: Call) -> tuple[Any, ...]:
        """Waits for the answer; raises Error."""
        connection = self._connected()
        try:
            return self._ask(connection, call)
        except GLib.Error as error:
            raise self._error_of(error, call) from None

    def begin(self, call: Call, done: Done) -> None:
        """Returns at once; done(error, results) is called by the GLib main loop."""

        def finish(connection: Any, result: Any) -> None:
            try:
                results = connection.call_finish(result).unpack()
            except GLib.Error as error:
                done(self._error_of(error, call), ())
            else:
                done(None, results)

        self._connected().call(self._name, *call.words, None, finish)

    def listen(self, interface: str, handler: Handler) -> Callable[[], None]:
        """Calls handler(package, signal, arguments) in the GLib main loop. Returns what ends it."""
        listener = _Listener(self, interface, handler)
        with self._lock:
            listener.subscribe(self._connected(), self._name)
            self._listeners.append(listener)
        return listener.stop

    def speak(self, language: str) -> None:
        """Chooses the language of what comard says to us, now and on later connections."""
        self.ask(_locale(language))
        self._language = language

    def close(self) -> None:
        """Ends the connection and all listening."""
        with self._lock:
            self._listeners.clear()
            if self._connection is not None and not self._connection.is_closed():
                self._connection.close_sync(None)
            self._connection = None

    def _connected(self) -> Any:
        with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = None
                self._connection = self._restored(self._connect())
            return self._connection

    def _connect(self) -> Any:
        flags = Gio.DBusConnectionFlags
        try:
            address = self._address or Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM, None)
            connection = Gio.DBusConnection.new_for_address_sync(
                address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
        except GLib.Error as error:
            raise self._unreachable(errors.DISCONNECTED, error.message) from None
        connection.set_exit_on_close(False)
        _follow_name(connection, self._name, self)
        return connection

    def _restored(self, connection: Any) -> Any:
        """Says again on a new connection what was said on the one before."""
        if self._language is not None:
            call = _locale(self._language)
            try:
                self._ask(connection, call)
            except GLib.Error as error:
                raise self._error_of(error, call) from None
        for listener in self._listeners:
            listener.subscribe(connection, self._name)
        return connection

    def _ask(self, connection: Any, call: Call) -> tuple[Any, ...]:
        reply = connection.call_sync(self._name, *call.words, None)
        results: tuple[Any, ...] = reply.unpack()
        return results

    def _greet(self, connection: Any) -> None:
        """A new comard on a message bus does not know our language."""
        if self._language is not None:
            connection.call(self._name, *_locale(self._language).words, None, None)

    def _forget(self, listener: _Listener) -> bool:
        """False: it was forgotten already."""
        with self._lock:
            is_known = listener in self._listeners
            if is_known:
                self._listeners.remove(listener)
            return is_known

    def _error_of(self, error: Any, call: Call) -> Error:
        full_name = Gio.DBusError.get_remote_error(error)
        if full_name:
            text = error.message.removeprefix(f"GDBus.Error:{full_name}: ")
            is_gone = errors.means_gone(full_name)
            return self._unreachable(full_name, text) if is_gone else errors.error_of(full_name, text)
        if error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT):
            what = f"{call.interface}.{call.method} of {call.path}"
            return Error(errors.TIMED_OUT, f"{what} has not answered in {call.timeout} s")
        return self._unreachable(errors.DISCONNECTED, error.message)

    def _unreachable(self, full_name: str, reason: str) -> Error:
        where = self._address or "the system bus"
        return Unreachable(full_name, f"cannot reach comard at {where}: {reason}")


class _Listener:
    """A wish for signals. It keeps the bus alive, as long as there is somebody who listens."""

    def __init__(self, bus: Bus, interface: str, handler: Handler) -> None:
        self._bus = bus
        self._interface = interface
        self._handler = handler
        self._connection: Any = None
        self._id = 0

    def subscribe(self, connection: Any, sender: str) -> None:
        self._connection = connection
        self._id = connection.signal_subscribe(
            sender, self._interface, None, None, None, Gio.DBusSignalFlags.NONE, self._take)

    def stop(self) -> None:
        """Twice is fine."""
        if self._bus._forget(self):
            self._connection.signal_unsubscribe(self._id)

    def _take(self, _connection: Any, _sender: str, path: str, _interface: str, signal: str,
              arguments: Any) -> None:
        if path.startswith(_PACKAGES):
            self._handler(path[len(_PACKAGES):], signal, arguments.unpack())


def address_of(socket: str | os.PathLike[str]) -> str:
    """The D-Bus address of a socket that is named by its path, or by its address."""
    text = os.fspath(socket)
    if Gio.dbus_is_address(text):
        return text
    path = Gio.dbus_address_escape_value(os.path.abspath(text))
    return f"unix:path={path}"


def _locale(language: str) -> Call:
    return Call("/", INTERFACE, "setLocale", GLib.Variant("(s)", (language,)))


def _follow_name(connection: Any, name: str, bus: Bus) -> None:
    """The connection knows its bus only weakly: a Link that nobody uses takes it along."""
    reference = weakref.ref(bus)

    def changed(connection: Any, *signal: Any) -> None:
        _name, _before, owner = signal[-1].unpack()
        known = reference()
        if known is not None and owner:
            known._greet(connection)

    connection.signal_subscribe(_DRIVER, _DRIVER, "NameOwnerChanged", "/org/freedesktop/DBus", name,
                                Gio.DBusSignalFlags.NONE, changed)
