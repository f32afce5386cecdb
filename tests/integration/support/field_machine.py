# SPDX-License-Identifier: MIT
"""One comard in a World, and the scripts of the field that tests put into it."""

import collections
import contextlib
import os

from support.bus import BusError
from support.daemon import Daemon
from support.field import World
from support.field_table import COMMON, TABLE
from support.processes import Process

FIELDS = {field.name: field for field in TABLE}
STAND_INS = {path for field in TABLE for path in field.stand_ins}

STUB = '''\
serviceType = "local"
serviceDesc = _({"en": "Nothing"})

from comar.service import *

def start():
    notify("System.Service", "Changed", (script(), "started"))

def stop():
    pass
'''

PROFILE = '''\
export EDITOR="/usr/bin/nano"
export JAVA_HOME="/usr/lib/jvm/java"
export PATH="/opt/bin"
'''


class Machine:
    """One comard for all scripts, and the world that it sees."""

    def __init__(self, place):
        self.world = World(place, TABLE, COMMON)
        place.write("/etc/profile.env", PROFILE)
        self.stub = place.write_script("stub", STUB)
        self.comard = Daemon(place, mounts=self.world.mounts).start()
        self.turkish = self.comard.connect()
        self.turkish.set_locale("tr")
        self.changed = self.comard.signals()

    def changes(self, app):
        """The states that an app has announced since this was asked last for any."""
        states = [state for service, state in self.changed.all() if service == app]
        self.changed.seen.clear()
        return states

    @contextlib.contextmanager
    def script(self, field):
        """A script, to be registered, beside those that it starts. Nothing of them is left at the end."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._forget)
            for app in dependencies(field):
                self.world.prepare(FIELDS[app])
                self._register(app, FIELDS[app].source, stack)
            for app in stubs(field):
                self._register(app, self.stub, stack)
            self.world.prepare(field)
            stack.callback(self.remove, field.name)
            try:
                yield Script(self, field)
            except BaseException:
                self._show_logs(field)
                raise

    def _register(self, app, path, stack):
        self.comard.bus.register(app, path)
        stack.callback(self.remove, app)

    def _forget(self):
        """What a script has left for the next to read."""
        self.world.calls()
        self.world.told.lines()
        self.changed.all()
        self.changed.seen.clear()

    def _show_logs(self, field):
        print(f"the log of {field.name}:\n{self.comard.service_log(field.name)}")
        print(f"the log of comard:\n{self.comard.log[-5000:]}")

    def remove(self, app):
        """Stops and removes an app if it is registered, with whatever runs of it."""
        if app not in self.comard.bus.applications():
            return
        service = self.comard.service(app)
        with contextlib.suppress(BusError):
            service.stop()
        for pid in service.supervision["PIDs"]:
            Process(pid).kill()
        # test_removal.py is about those that are removed while a process is about to exit.
        cgroup = service.supervision["ControlGroup"]
        self.comard.until(lambda: is_empty(cgroup), f"the last process of {app}")
        self.comard.bus.remove(app)


class Script:
    """The script that a test is about."""

    def __init__(self, machine, field):
        self.machine = machine
        self.field = field
        self.comard = machine.comard
        self.world = machine.world
        self.service = machine.comard.service(field.name)

    def register(self):
        """(findings, diff)"""
        return self.comard.bus.manager("Register", "sss", self.field.name, "System.Service",
                                       str(self.field.source))

    def changes(self):
        return self.machine.changes(self.field.name)

    def processes(self):
        return [Process(pid) for pid in self.service.supervision["PIDs"]]

    def mains(self):
        """Those that are no child of another one."""
        processes = self.processes()
        pids = {process.pid for process in processes}
        return [process for process in processes if process.parent not in pids]

    def running(self):
        """How many processes of which program."""
        return collections.Counter(filter(None, map(program_of, self.processes())))

    def wait_for_all(self):
        """Until all of its processes are set up, and what a program forked on its way is gone."""
        expected = self.field.expected_processes
        self.comard.until(
            lambda: self.running() == expected and all(map(is_set_up, self.mains())),
            lambda: f"{dict(expected)} of {self.field.name}; there are {dict(self.running())}")

    def wait_for_state(self, state):
        self.comard.until(lambda: self.service.state == state,
                          lambda: f"the state {state!r}; it is {self.service.state!r}")


def program_of(process):
    """The file that a process executes; None when it is gone."""
    try:
        return os.readlink(f"/proc/{process.pid}/exe")
    except OSError:
        return None


def is_stand_in(process):
    return program_of(process) in STAND_INS


def is_set_up(process):
    """A stand-in has changed its user, has its children and takes signals when it has a signalfd."""
    folder = f"/proc/{process.pid}/fd"
    try:
        files = [os.readlink(f"{folder}/{number}") for number in os.listdir(folder)]
    except OSError:
        return False    # it changes just now
    return "anon_inode:[signalfd]" in files or not is_stand_in(process)


def is_empty(cgroup):
    """Whether no process is in there, not even one that is about to exit."""
    try:
        with open(f"{cgroup}/cgroup.events") as events:
            return "populated 0" in events.read()
    except OSError:
        return True    # there is none


def dependencies(field):
    """Scripts of the field that it starts, directly or not, those first that others need."""
    found = []
    for name in field.needs:
        found += [each for each in [*dependencies(FIELDS[name]), name] if each not in found]
    return found


def stubs(field):
    return sorted({stub for name in [field.name, *dependencies(field)] for stub in FIELDS[name].stubs})
