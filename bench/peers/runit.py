# SPDX-License-Identifier: MIT
"""runit: runsvdir, and a runsv for each service."""

import os

from peers import Peer, launch, write_program


class Runit(Peer):
    name = "runit"
    package = "runit"
    programs = ("runsvdir", "runsv", "sv")

    def configure(self, folder, commands):
        self._folder = folder / "services"
        for name, command in commands.items():
            write_program(self._folder / name / "run", command)
        self._services = [str(self._folder / name) for name in commands]
        # runsvdir waits a second before it looks into a folder that has just been changed.
        os.utime(self._folder, (0, 0))

    def bring_up(self):
        launch("runsvdir", "-P", str(self._folder))

    def start_all(self):
        return ["sv", "start", *self._services]

    def stop_all(self):
        return ["sv", "-w", "60", "stop", *self._services]
