# SPDX-License-Identifier: MIT
"""comar.Link: one caller of comard. docs/client-library.md shows how to use it."""

from __future__ import annotations

import os
from typing import Any, Callable

from comar.client.bus import INTERFACE, Bus, Handler, address_of
from comar.client.caller import Caller
from comar.client.models import Model
from comar.client.names import language_of


class Link:
    """Talks to comard; `link.System.Service["apache"].start()` is a call.

    Connects when it has something to say, so making one never fails. Calls raise comar.Error.
    """

    def __init__(self, version: str = "2", socket: str | os.PathLike[str] | None = None,
                 alternate: bool = False) -> None:
        """
        Arguments:
            version: of no meaning any more; a path in its place is taken as the socket.
            socket: path or D-Bus address of comard's own socket, or of another message bus;
                None: the system bus (DBUS_SYSTEM_BUS_ADDRESS).
            alternate: talk to the second comard, which serves while the first is being upgraded.
        """
        if socket is None and "/" in str(version):
            socket = version
        name = f"{INTERFACE}2" if alternate else INTERFACE
        self._bus = Bus(name, None if socket is None else address_of(socket))
        self._caller = Caller(self._bus)

    def __getattr__(self, word: str) -> Model:
        if not word[:1].isupper():
            raise AttributeError(f"'Link' object has no attribute '{word}'")
        return Model(self._caller, word)

    def setLocale(self, language: str | None = None) -> None:
        """Chooses the language of what comard says to this Link; None: the user's (LANG)."""
        self._bus.speak(language_of(os.environ) if language is None else language)

    def useAgent(self, agent: bool = True) -> None:
        """Lets polkit ask the user for a password, in a dialog, when a call needs one."""
        self._caller.is_interactive = bool(agent)

    def listenSignals(self, model: str, handler: Handler) -> Callable[[], None]:
        """Calls handler(package, signal, arguments) for each signal of a model.

        That is the GLib main loop's doing. Returns a function that ends it.
        """
        return self._bus.listen(f"{INTERFACE}.{model}", handler)

    def register(self, app: str, model: str, path: str | os.PathLike[str],
                 timeout: float | None = None) -> None:
        """Registers the script at `path` as the app's for the model."""
        self._caller.core("register", "sss", app, model, os.path.abspath(path), timeout=timeout)

    def remove(self, package: str, timeout: float | None = None) -> None:
        """Forgets all scripts of a package; a service is stopped before."""
        self._caller.core("remove", "s", package, timeout=timeout)

    def cancel(self, method: str = "*") -> int:
        """Ends the calls of this Link that are under way; returns how many.

        Arguments:
            method: only calls of this one, "start", "System.Service.start" or the whole name.
        """
        ended: int = self._caller.core("cancel", "s", "" if method == "*" else method)
        return ended

    def listRunning(self, all: bool = True) -> list[str]:
        """The calls under way, as "tr.org.pardus.comar.System.Service.start"; not all: this Link's."""
        running: list[str] = self._caller.core("listRunning", "b", bool(all))
        return running

    def listModelApplications(self, model: str) -> list[str]:
        """The packages that have a script for the model."""
        return self._caller.packages(model)

    def listApplicationModels(self, app: str) -> list[str]:
        """The models for which the package has a script."""
        models: list[str] = self._caller.core("listApplicationModels", "s", app)
        return models

    def close(self) -> None:
        """Ends the connection, and with it what waits for signals. A later call makes a new one."""
        self._bus.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
