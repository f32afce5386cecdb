# SPDX-License-Identifier: MIT
"""What comes instead of an answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

PREFIX = "tr.org.pardus.comar."
TIMED_OUT = PREFIX + "TimedOut"
DISCONNECTED = "org.freedesktop.DBus.Error.Disconnected"

_NOT_AUTHORIZED = PREFIX + "Comar.PolicyKit"
# How a message bus says that comard is not there, cannot be started, or ended before it had answered.
_GONE = tuple(f"org.freedesktop.DBus.Error.{name}" for name in (
    "Disconnected", "NameHasNoOwner", "NoReply", "NoServer", "ServiceUnknown", "Spawn."))

if TYPE_CHECKING:
    _Base = Exception
else:
    # Clients that were written for COMAR catch dbus.DBusException: to a program that uses python3-dbus,
    # ours are such.
    _Base = getattr(sys.modules.get("dbus"), "DBusException", Exception)


class Error(_Base):
    """An error reply. What it means is told by its name; the message is for people.

    As text it is "full name: message", which is how python3-dbus writes its exceptions.
    """

    def __init__(self, full_name: str, message: str = "") -> None:
        self._dbus_error_name = full_name
        super().__init__(full_name, message)
        self.message: str = message

    @property
    def full_name(self) -> str:
        """The name on D-Bus, "tr.org.pardus.comar.Missing"."""
        return self._dbus_error_name

    @property
    def name(self) -> str:
        """The name without what all names of comar begin with: "Missing", "Comar.PolicyKit"."""
        return self.full_name.removeprefix(PREFIX)

    def get_dbus_name(self) -> str:
        """The full name, as clients of python3-dbus ask for it."""
        return self.full_name

    def get_dbus_message(self) -> str:
        """The message, as clients of python3-dbus ask for it."""
        return self.message

    def __str__(self) -> str:
        return f"{self.full_name}: {self.message}"


class PolicyKitError(Error):
    """The caller may not do this. With link.useAgent() the user may be asked for a password."""

    @property
    def action(self) -> str:
        """What polkit was asked about: "tr.org.pardus.comar.system.service.set"."""
        return self.message


class Unreachable(Error):
    """There is no comard to be reached, or it went away before it had answered.

    The next call connects again.
    """


def error_of(full_name: str, message: str) -> Error:
    """The exception for an error reply."""
    kind = PolicyKitError if full_name == _NOT_AUTHORIZED else Error
    return kind(full_name, message)


def means_gone(full_name: str) -> bool:
    """Whether it is what a message bus says when there is no comard."""
    return full_name.startswith(_GONE)
