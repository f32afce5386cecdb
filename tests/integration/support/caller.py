# SPDX-License-Identifier: MIT
"""Calls comard as another user: a program of its own, since a connection has its user for good.

Reads one JSON array from stdin: [[path, interface, method, signature, arguments, interactive, bus name?], …], and prints for each
its error name, or null, and the message or the reply.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

NAME = "tr.org.pardus.comar"
FOLDER = pathlib.Path(__file__).resolve().parent.parent


class Caller:
    """A process of `user` on the bus at `address`."""

    def __init__(self, address, user):
        self._results = tempfile.TemporaryFile("w+")
        self._child = subprocess.Popen([sys.executable, "-B", "-m", "support.caller", address], user=user,
                                       cwd=FOLDER, stdin=subprocess.PIPE, stdout=self._results, text=True)
        self.pid = self._child.pid

    def send(self, calls):
        """Sends the calls one after the other, each when the one before was answered."""
        json.dump(calls, self._child.stdin)
        self._child.stdin.close()
        return self

    def results(self):
        """[(error name without prefix or None, text of the error or of the reply)], in the order of the calls."""
        from gi.repository import GLib
        from support.bus import wait_until
        pidfd = os.pidfd_open(self.pid)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, pidfd, GLib.IOCondition.IN, lambda *_: False)
        wait_until(lambda: self._child.poll() is not None, 300, "the answers to all calls")
        os.close(pidfd)
        assert self._child.returncode == 0
        self._results.seek(0)
        outcomes = [tuple(one) for one in json.load(self._results)]
        self._results.close()
        return outcomes

    def kill(self):
        self._child.kill()
        self._child.wait()
        self._results.close()


def call_as(address, user, calls):
    return Caller(address, user).send(calls).results()


def main():
    from gi.repository import Gio, GLib

    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags, None, None)
    results = []
    for path, interface, method, signature, arguments, interactive, *name in json.load(sys.stdin):
        how = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        body = GLib.Variant(f"({signature})", [_tuples(each) for each in arguments])
        try:
            reply = bus.call_sync(*(name or [NAME]), path, interface, method, body, None, how, 120_000, None)
            results.append((None, str(reply.unpack())))
        except GLib.Error as error:
            error_name = Gio.DBusError.get_remote_error(error) or error.message
            text = error.message.removeprefix(f"GDBus.Error:{error_name}: ")
            results.append((error_name.removeprefix(f"{NAME}."), text))
    print(json.dumps(results))


def _tuples(value):
    """JSON has no tuples, which structs are."""
    return tuple(map(_tuples, value["struct"])) if isinstance(value, dict) and "struct" in value else value


if __name__ == "__main__":
    main()
