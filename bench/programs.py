# SPDX-License-Identifier: MIT
"""Where the programs are, and running those of bench/native."""

import json
import os
import pathlib
import signal
import subprocess

from samples import Samples, settled

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"


class Programs:
    def __init__(self, build):
        """`build` is the folder that script/build filled."""
        self.comard = str(build / "bin/comard")
        self.comar = str(build / "bin/comar")
        self.service = str(build / "bench/bench-service")
        self.floor = str(build / "bench/bench-floor")
        self.output = str(build / "bench/bench-output")
        self.turns = str(build / "bench/bench-turns")

    def lacking(self):
        return [path for path in vars(self).values() if not os.access(path, os.X_OK)]

    def version(self):
        said = subprocess.run([self.comard, "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[-1]

    def take_turns(self, rounds, things, address=None):
        """Times things in turns (native/turns.cpp); `things` are {name: words}. Samples in seconds."""
        said = subprocess.run(self.turns_command(rounds, things.values(), address),
                              stdout=subprocess.PIPE, text=True, check=True)
        times = json.loads(said.stdout)
        return {name: Samples(time / 1e9 for time in settled(of_one))
                for name, of_one in zip(things, times)}

    def turns_command(self, rounds, things, address=None):
        command = [self.turns, str(rounds)]
        if address:
            command += ["--bus", address]
        for words in things:
            command += ["--", *map(str, words)]
        return command


class FloorServer:
    """The other side of `bench-floor ask`."""

    def __init__(self, programs, folder):
        self.socket = str(folder / "floor")
        self._program = programs.floor

    def __enter__(self):
        self._child = subprocess.Popen([self._program, "serve", self.socket])
        while not os.path.exists(self.socket):
            if self._child.poll() is not None:
                raise OSError(f"cannot serve on {self.socket}")
        return self

    def __exit__(self, *_):
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()
