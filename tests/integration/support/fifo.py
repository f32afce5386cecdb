# SPDX-License-Identifier: MIT
"""Two ways to wait for an event between a test and the programs or scripts it drives."""

import ast
import os
import select


class _Fifo:
    def __init__(self, path):
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self.path = str(path)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def __str__(self):
        return self.path

    def close(self):
        os.close(self._fd)


class Gate(_Fifo):
    """Holds up whoever reads one byte from it: `open(gate).read(1)` in a script, --wait-for of stand-in."""

    def open(self, count=1):
        """Lets `count` readers through, now or when they come."""
        os.write(self._fd, b"+" * count)


class Mailbox(_Fifo):
    """Collects the lines that others write to it, in order. Writers never wait."""

    def __init__(self, path):
        super().__init__(path)
        self._pending = b""

    def line(self, within=60):
        """The next line, waiting for it."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while b"\n" not in self._pending:
            assert poll.poll(within * 1000), f"nobody wrote to {self.path} within {within} s"
            self._pending += os.read(self._fd, 65536)
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode()

    def value(self, within=60):
        """The next line as the Python value that it shows: what a script's tell() has told."""
        return ast.literal_eval(self.line(within))

    def lines(self):
        """All lines that are there by now."""
        try:
            self._pending += os.read(self._fd, 1 << 20)
        except BlockingIOError:
            pass
        *lines, self._pending = self._pending.split(b"\n")
        return [line.decode() for line in lines]
