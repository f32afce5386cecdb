# SPDX-License-Identifier: MIT
"""A D-Bus client by hand: what it says need not make sense, and it reads only when told to."""

import contextlib
import functools
import os
import pwd
import select
import socket
import struct

from gi.repository import Gio, GLib

from support.bus import NAME, PREFIX

NO_REPLY = Gio.DBusMessageFlags.NO_REPLY_EXPECTED
SECONDS = 60

_SERIAL_AT = 8      # bytes into the header of a message


@contextlib.contextmanager
def user(name):
    """Connections made meanwhile are that user's: the kernel notes who connects."""
    os.seteuid(pwd.getpwnam(name).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


class Wire:
    """One connection. Its calls have the serial numbers 1 (Hello), 2, 3, …"""

    def __init__(self, address, is_client=True):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(SECONDS)
        self._socket.connect(address.removeprefix("unix:path="))
        self._input = bytearray()
        self._last_serial = 0
        if is_client:
            self.introduce()
            self.welcome()

    def close(self):
        self._socket.close()

    # Before it is a client.

    def authenticate(self, name, mechanism="EXTERNAL"):
        """Claims to be that user; returns what the other end says to it."""
        self.send(f"\0AUTH {mechanism} {str(name).encode().hex()}\r\n".encode())
        return self.line()

    def introduce(self, more=b""):
        """Says all that a client has to say first, then more; waits for nothing."""
        self.send(_introduction(os.geteuid()) + more)
        self._last_serial = 1

    def welcome(self):
        """What the other end says to that."""
        assert self.line().startswith("OK ")
        return self.answers([1])[1]

    def line(self):
        """A line of the other end; empty when it has hung up."""
        while b"\r\n" not in self._input:
            if not self._read():
                return ""
        line, _, rest = self._input.partition(b"\r\n")
        self._input = bytearray(rest)
        return line.decode()

    # Saying.

    def send(self, data):
        self._socket.sendall(data)

    def call(self, path, interface, method, signature="", *args, **options):
        """Sends a call and returns its serial number; options as of message()."""
        self._last_serial += 1
        self.send(message(self._last_serial, path, interface, method, signature, *args, **options))
        return self._last_serial

    def many(self, count, *call):
        """The bytes of so many calls that are all the same, and their serial numbers."""
        blob = message(1, *call)
        serials = range(self._last_serial + 1, self._last_serial + count + 1)
        self._last_serial += count
        return b"".join(_numbered(blob, serial) for serial in serials), serials

    def push(self, data):
        """Sends what the socket takes at once; returns the rest."""
        rest = memoryview(data)
        while rest and select.select([], [self._socket], [], 0)[1]:
            rest = rest[self._socket.send(rest[:4096], socket.MSG_DONTWAIT):]
        return rest

    def finish(self):
        """Says that no more will come."""
        with contextlib.suppress(OSError):    # the other end has hung up
            self._socket.shutdown(socket.SHUT_WR)

    # Hearing.

    def receive(self):
        """The next message; None when the other end has hung up."""
        while not self._is_whole():
            if not self._read():
                return None
        size = _size_of(self._input)
        blob = bytes(self._input[:size])
        del self._input[:size]
        return Gio.DBusMessage.new_from_blob(blob, Gio.DBusCapabilityFlags.NONE)

    def answers(self, serials, unsent=b""):
        """Reads until all these calls are answered, sending what is unsent meanwhile.

        Returns {serial: message} of all answers that came; a second answer to a call is an error.
        """
        answers = {}
        waiting = set(serials)
        while waiting:
            unsent = self.push(unsent)
            if not self._is_whole():
                events = select.select([self._socket], [self._socket] if unsent else [], [], SECONDS)
                assert any(events), f"waited {SECONDS} s for {len(waiting)} answers"
                if not events[0]:
                    continue
            answer = self.receive()
            assert answer is not None, f"the other end hung up, owing {len(waiting)} answers"
            serial = answer.get_reply_serial()
            if serial:
                assert serial not in answers, f"call {serial} has two answers"
                answers[serial] = answer
                waiting.discard(serial)
        return answers

    def until_closed(self):
        """All messages up to the end of the connection."""
        return list(iter(self.receive, None))

    def ask(self, *call, **options):
        """Calls and waits. Returns the results, or the name of the error and its text."""
        serial = self.call(*call, **options)
        answer = self.answers([serial])[serial]
        name = answer.get_error_name()
        results = answer.get_body().unpack() if answer.get_body() else ()
        return (name.removeprefix(PREFIX), results[0]) if name else results

    def wait_closed(self):
        """Reads until the other end hangs up, whatever it says."""
        while self._read():
            pass

    def _is_whole(self):
        return len(self._input) >= 16 and len(self._input) >= _size_of(self._input)

    def _read(self):
        """False: the other end has hung up."""
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        self._input += data
        return bool(data)


@functools.cache
def _introduction(uid):
    hello = message(1, "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello",
                    destination="org.freedesktop.DBus")
    return f"\0AUTH EXTERNAL {str(uid).encode().hex()}\r\nBEGIN\r\n".encode() + hello


def message(serial, path, interface, method, signature="", *args, destination=NAME,
            flags=Gio.DBusMessageFlags.NONE):
    """A call as bytes."""
    call = Gio.DBusMessage.new_method_call(destination, path, interface, method)
    call.set_body(GLib.Variant(f"({signature})", args))
    call.set_flags(flags)
    call.set_serial(serial)
    return bytes(call.to_blob(Gio.DBusCapabilityFlags.NONE))


def _numbered(blob, serial):
    return blob[:_SERIAL_AT] + struct.pack("=I", serial) + blob[_SERIAL_AT + 4:]


def _size_of(data):
    return Gio.DBusMessage.bytes_needed(bytes(data[:16]))
