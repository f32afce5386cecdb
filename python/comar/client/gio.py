# SPDX-License-Identifier: MIT
"""GLib's D-Bus. Nothing else in comar loads it, and this only a program that makes a Link."""

# mypy: disable-error-code="import"

try:
    from gi.repository import Gio, GLib
except ImportError as error:
    raise ImportError(f"comar.Link needs PyGObject, Debian's python3-gi: {error}") from error

__all__ = ["GLib", "Gio"]
