# SPDX-License-Identifier: MIT
"""A program at a terminal."""

import fcntl
import os
import select
import subprocess
import termios
import time


class Terminal:
    """Runs `command` as `user` with a terminal of its own, its controlling one."""

    def __init__(self, *command, user=None, env=None):
        self._screen = b""
        self._ours, theirs = os.openpty()
        self.child = subprocess.Popen(
            [str(word) for word in command], stdin=theirs, stdout=theirs, stderr=theirs, cwd="/",
            env=env, user=user, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)

    @property
    def screen(self):
        return self._screen.decode(errors="replace")

    def until(self, text, seconds=60):
        """Waits until the program has written `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.screen:
            assert self._read(deadline - time.monotonic()), f"no {text!r}, but: {self.screen}"

    def type(self, text):
        os.write(self._ours, text.encode())

    def close(self):
        """Reads to the end; returns the exit code."""
        while self._read(60):
            pass
        os.close(self._ours)
        return self.child.wait()

    def _read(self, seconds):
        if not select.select([self._ours], [], [], max(seconds, 0))[0]:
            return False
        try:
            piece = os.read(self._ours, 65536)
        except OSError:
            piece = b""     # EIO: nobody has the terminal open any more
        self._screen += piece
        return bool(piece)
