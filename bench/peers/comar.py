# SPDX-License-Identifier: MIT
"""comar itself: comard, and one `comar start` of all services."""

import json
import subprocess

from comard import Comard, service_script
from peers import Peer


class Comar(Peer):
    name = "comar"

    def __init__(self, programs, settings=""):
        """`settings`: lines at the top of each script."""
        self._programs = programs
        self._settings = settings

    def version(self):
        return self._programs.version()

    def configure(self, folder, commands):
        self._names = list(commands)
        self._comard = Comard(self._programs, folder)
        with self._comard as comard:
            for name, command in commands.items():
                comard.register(name, self._settings + service_script(comard.pids, name, command))

    def bring_up(self):
        self._comard.start()
        self._comard.launch("start", *self._names)

    def tear_down(self):
        """Its cgroups. None of the services is to come back meanwhile."""
        self._comard.launch("shutdown").wait()
        self._comard.end()

    def start_all(self):
        return self._comard.command("start", *self._names)

    def stop_all(self):
        return self._comard.command("stop", *self._names)


class BootingComar(Comar):
    """The same by the means of a machine: all are on, and what they need is declared."""

    def configure(self, folder, commands, needs=None):
        """`needs`: {name: names that it requires}."""
        self._comard = Comard(self._programs, folder, "[boot]\ndeadline_seconds = 600\n")
        with self._comard as comard:
            for name, command in commands.items():
                required = f"serviceRequires = {(needs or {}).get(name, [])!r}\n"
                comard.register(name, required + service_script(comard.pids, name, command))
                comard.switch_on(name)
        self._comard.boot_on_start()

    def bring_up(self):
        self._comard.start()

    def planning_share(self):
        """Of the time that the last boot took, what went into finding out in which order."""
        said = subprocess.run(self._comard.command("analyze", "time", "--json"), capture_output=True, check=True)
        boot = json.loads(said.stdout)
        return boot["planning_microseconds"] / boot["duration_microseconds"]

    def start_all(self):
        return self._comard.command("boot")

    def stop_all(self):
        return self._comard.command("shutdown")
