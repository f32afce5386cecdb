# SPDX-License-Identifier: MIT
"""A worker's socket to comard: frames of JSON, and file descriptors that go with them.

A frame is a 32-bit little-endian length and that many bytes of UTF-8 JSON, docs/protocol.md.
"""

from __future__ import annotations

import fcntl
import json
import resource
import socket
from typing import Any, Sequence

LARGEST_FRAME = 16 << 20
"""Bytes."""

_LENGTH_BYTES = 4
# Above what scripts close when they close "all" descriptors, and below what makes the kernel's
# table of descriptors, which every fork copies, a large one.
_FIRST_HIGH_FD = 900
_LAST_HIGH_FD = 1024

_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode_json = json.JSONDecoder().decode


class ConnectionLost(ConnectionError):
    """The other end is gone, or somebody closed our end: nothing more can be said."""


class Connection:
    """One end of the socket. Owns it; close() or collection closes it."""

    def __init__(self, fd: int) -> None:
        """Takes over `fd`, an AF_UNIX stream socket."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=fd)

    @classmethod
    def out_of_the_way(cls, fd: int) -> Connection:
        """Takes over `fd` under a number that a script's os.closerange() hardly reaches."""
        connection = cls(move_high(fd))
        socket.close(fd)
        return connection

    def fileno(self) -> int:
        """The descriptor; it stays ours. -1 once closed."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes our end. Twice is fine."""
        try:
            self._socket.close()
        except OSError:
            self._socket.detach()

    def send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Sends one message, with copies of `fds`. Waits while the other end is busy.

        ValueError: the message is larger than a frame may be; nothing was sent.
        ConnectionLost: see there.
        """
        # A lone surrogate, from a file name that is not UTF-8, has no UTF-8 form.
        text = _encode_json(message).encode("utf-8", "replace")
        if len(text) > LARGEST_FRAME:
            raise ValueError(f"cannot send {len(text)} bytes: the limit is {LARGEST_FRAME}")
        frame = len(text).to_bytes(_LENGTH_BYTES, "little") + text
        try:
            sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
            self._socket.sendall(memoryview(frame)[sent:])
        except OSError as error:
            raise ConnectionLost(*error.args) from error

    def receive(self) -> dict[str, Any]:
        """Waits for one message. ConnectionLost: see there, or the bytes are no message."""
        length = int.from_bytes(self._receive_bytes(_LENGTH_BYTES), "little")
        if length > LARGEST_FRAME:
            raise ConnectionLost(f"cannot receive {length} bytes: the limit is {LARGEST_FRAME}")
        try:
            message = _decode_json(self._receive_bytes(length).decode("utf-8"))
        except ValueError as error:
            raise ConnectionLost(f"cannot read a message: {error}") from error
        if not isinstance(message, dict):
            raise ConnectionLost("cannot read a message: it is no object")
        return message

    def _receive_bytes(self, size: int) -> bytes:
        buffer = bytearray(size)
        filled = 0
        while filled < size:
            try:
                received = self._socket.recv_into(memoryview(buffer)[filled:])
            except OSError as error:
                raise ConnectionLost(*error.args) from error
            if received == 0:
                raise ConnectionLost("the other end has closed")
            filled += received
        return bytes(buffer)


def move_high(fd: int) -> int:
    """Copies `fd`, close-on-exec, to a number of 900 or more (less where the limit is lower).

    Where the limit of open files is usual and can be raised for a moment, the copy even lies above
    the limit, so that closing all descriptors up to the limit spares it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    first = min(max(soft, _FIRST_HIGH_FD), _LAST_HIGH_FD)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, first + 64), hard))
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, first)
    except (OSError, ValueError):
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, max(min(_FIRST_HIGH_FD, soft - 64), 3))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
