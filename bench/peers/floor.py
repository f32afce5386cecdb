# SPDX-License-Identifier: MIT
"""No manager at all: posix_spawn of all services, one after the other."""

from peers import Peer, launch


class Floor(Peer):
    name = "floor"

    def __init__(self, programs):
        self._programs = programs

    def version(self):
        return ""

    def configure(self, folder, commands):
        first = next(iter(commands.values()))
        self._command = [self._programs.floor, "start", str(len(commands)), first[0], first[1]]

    def bring_up(self):
        launch(*self._command)

    def start_all(self):
        return self._command

    def stop_all(self):
        return None


class KeepingFloor(Floor):
    """The least that starts again what ended: it waits for its children, one after the other."""

    def configure(self, folder, commands):
        super().configure(folder, commands)
        self._command[1] = "keep"
