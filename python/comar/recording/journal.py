# SPDX-License-Identifier: MIT
"""What a script would have done, entry by entry, as it goes to the process that listens.

The recording ends within the process that runs the script: once the end is written nothing of the
script runs any more, no `except` and no `finally`.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
import threading
from typing import Any, NoReturn

MOST_ENTRIES = 1_000
MOST_SECONDS = 60
"""Of simulated time: what a script sleeps."""

THE_END = "the dry run ends here"
DONE = b'\n{"done": true}\n'
"""What comes last. Without it the process has ended in some other way."""

_LONGEST_TEXT = 2_000
_MOST_WORDS = 200

_exit = os._exit
_write = os.write


class Journal:
    """Takes entries and sends them, a line of JSON each."""

    def __init__(self, fd: int, script: str) -> None:
        """fd: where entries go. script: the path of the script, whose lines are told."""
        self._fd = fd
        self.script = script
        self._count = 0
        self._lock = threading.RLock()
        self.user = user_name(os.geteuid())
        """As whom the script runs; it may become somebody else."""
        self.slept = 0.0
        """Seconds that have passed in the simulation on top of real time."""
        self.touched: set[str] = set()
        """Paths that would be others by now, so that what is really there says nothing."""

    def add(self, does: str, text: str, **parts: Any) -> None:
        """Records one action. parts: more of the entry; those that are None are left out."""
        with self._lock:
            if self._count >= MOST_ENTRIES:
                self.end("end", f"more than {MOST_ENTRIES} actions: {THE_END}")
            self._count += 1
            self._send(does, text, parts)

    def sleep(self, seconds: float) -> None:
        """Lets simulated time pass."""
        if not seconds >= 0:
            raise ValueError("sleep length must be non-negative")
        self.slept += seconds
        if self.slept > MOST_SECONDS:
            text = f"waits for more than {MOST_SECONDS} seconds, perhaps for what was not done"
            self.end("end", f"{text}: {THE_END}")

    def refuse(self, what: str) -> NoReturn:
        """Ends the recording at something that cannot be recorded and gone on from."""
        self.end("end", f"would {what}; {THE_END}")

    def end(self, does: str, text: str, **parts: Any) -> NoReturn:
        """Records the last action, and ends the process."""
        with self._lock:
            try:
                self._send(does, text, parts)
                self._write(DONE)
            finally:
                _exit(0)

    def close(self) -> NoReturn:
        """Ends the process after the method has returned."""
        with self._lock:
            try:
                self._write(DONE)
            finally:
                _exit(0)

    def _send(self, does: str, text: str, parts: dict[str, Any]) -> None:
        entry = {"does": does, "text": text, "line": self._line(), **parts}
        kept = {key: _plain(value) for key, value in entry.items() if value is not None}
        # Begins with a new line, too, so that nothing in between makes it unreadable.
        self._write(b"\n" + json.dumps(kept).encode("ascii") + b"\n")

    def _write(self, line: bytes) -> None:
        while line:
            line = line[_write(self._fd, line) :]

    def _line(self) -> int:
        """The line of the script that is being run; 0 where none is."""
        frame = sys._getframe()
        while frame is not None and frame.f_code.co_filename != self.script:
            frame = frame.f_back  # type: ignore[assignment]
        return 0 if frame is None else frame.f_lineno


def _plain(value: Any) -> Any:
    """As JSON has it, and of a bounded size."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value[:_MOST_WORDS]]
    text = os.fsdecode(value) if isinstance(value, (bytes, os.PathLike)) else str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def user_name(uid: int) -> str:
    """The name of a user; the number of one that has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
