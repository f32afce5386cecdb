# SPDX-License-Identifier: MIT
"""What every figure needs: programs, machine, folders, how often to repeat, where to tell."""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass

import machine
import processes


@dataclass
class Row:
    """One line of the table."""

    what: str
    measured: str
    floor: str = ""        # what it is compared with, measured in turns with it
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None    # None: there is no target


class Bench:
    def __init__(self, programs, repetitions, rounds, patience):
        self.programs = programs
        self.repetitions = repetitions
        self.rounds = rounds
        self.machine = machine.Machine(patience)

    def repeat(self, once):
        """What `once` returns, for each repetition."""
        results = []
        for _ in range(self.repetitions):
            self.machine.settle()
            results.append(once())
        return results

    @contextlib.contextmanager
    def folder(self):
        """A fresh folder in memory, so that no disk has a part; ends all that was started in it."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        folder = tempfile.mkdtemp(prefix="comar-bench-", dir=memory)
        try:
            yield pathlib.Path(folder)
        finally:
            processes.end_below()
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def say(text):
        print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def limit_row(what, measured, floor, ratio, most, unit="× the floor"):
    """A row whose ratio, Samples, must not be above `most`."""
    return Row(what, measured, floor, ratio.text(), f"≤ {most:g} {unit}", ratio.median <= most)
