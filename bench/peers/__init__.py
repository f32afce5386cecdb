# SPDX-License-Identifier: MIT
"""Service managers to compare with, each as its users would set it up.

A peer writes its own settings for a number of services and knows the commands. Output of services
is not captured, and delays are the least that the peer allows.
"""

import os
import shlex
import shutil
import subprocess

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Peer:
    name = ""
    package = ""      # of Debian
    programs = ()

    def lacking(self):
        """Programs that are not installed."""
        return [program for program in self.programs if not find(program)]

    def version(self):
        said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package],
                              capture_output=True, text=True)
        return said.stdout.strip()

    def configure(self, folder, commands):
        """Writes settings below `folder`, so that all services start with the manager.

        `commands` are {name: command line as a list}.
        """
        raise NotImplementedError

    def bring_up(self):
        """Starts the manager and with it all services; does not wait for them."""
        raise NotImplementedError

    def start_all(self):
        """The command that starts all services, under a manager that runs."""
        raise NotImplementedError

    def planning_share(self):
        """Of the time that bring_up() took, what went into finding out the order; None where it is not told."""
        return None

    def stop_all(self):
        """The command that stops them; None where nobody does that but who started them."""
        raise NotImplementedError

    def tear_down(self):
        """Lets the manager put away what outlives processes; these are killed afterwards."""


def launch(*words):
    return subprocess.Popen([find(words[0]), *words[1:]], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def find(program):
    return shutil.which(program, path=_PATH)


def write_program(path, command):
    """A shell script that becomes `command`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    path.chmod(0o755)
