# SPDX-License-Identifier: MIT
"""s6: s6-svscan, and an s6-supervise for each service. One command takes one service."""

from peers import Peer, launch, write_program


class S6(Peer):
    name = "s6"
    package = "s6"
    programs = ("s6-svscan", "s6-supervise", "s6-svc")

    def configure(self, folder, commands):
        self._folder = folder / "services"
        for name, command in commands.items():
            write_program(self._folder / name / "run", command)

    def bring_up(self):
        launch("s6-svscan", "-c", "1000", "-t", "0", str(self._folder))

    def start_all(self):
        return self._each("-u")

    def stop_all(self):
        return self._each("-d")

    def _each(self, option):
        return ["sh", "-c", f'for service in "$0"/*; do s6-svc {option} "$service"; done',
                str(self._folder)]
