# SPDX-License-Identifier: MIT
"""The scoreboard of native/board.h, from the side that reads it."""

import mmap
import os
import struct
import time

_LINE = 64
_LOOK_SECONDS = 0.001    # services note their times themselves: this does not enter any figure


class Board:
    def __init__(self, path, lines):
        self.path = str(path)
        self.lines = lines
        with open(self.path, "w+b") as file:
            os.fchmod(file.fileno(), 0o666)
            file.truncate(_LINE * (lines + 1))
            self._map = mmap.mmap(file.fileno(), 0)

    def clear(self):
        self._map[:] = bytes(len(self._map))

    def starts(self):
        """Starts of all services together."""
        return struct.unpack_from("I", self._map, 0)[0]

    def pids(self):
        return [self._line(line)[1] for line in range(self.lines)]

    def last_start(self):
        """When the last of all services started: CLOCK_MONOTONIC, nanoseconds."""
        return max(self._line(line)[2] for line in range(self.lines))

    def wait_for(self, starts, seconds, still_possible=lambda: True):
        """Waits until that many starts are seen. TimeoutError: they are not, or cannot be any more."""
        deadline = time.monotonic() + seconds
        while self.starts() < starts:
            if time.monotonic() > deadline or not still_possible():
                raise TimeoutError(f"{self.starts()} of {starts} services started")
            time.sleep(_LOOK_SECONDS)

    def _line(self, line):
        """starts, pid, time of the latest start"""
        return struct.unpack_from("IIQ", self._map, _LINE * (line + 1))
