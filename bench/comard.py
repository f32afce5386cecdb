# SPDX-License-Identifier: MIT
"""A private comard to measure."""

import os
import pathlib
import signal
import socket
import subprocess

from processes import below, name_of, wait_end, wait_gone

NAME = "tr.org.pardus.comar"
SERVICE = f"{NAME}.System.Service"
SUPERVISION = f"{NAME}.Supervision"
PROPERTIES = "org.freedesktop.DBus.Properties"

_HOST = "comar-script-ho"    # a short name has 15 bytes
_SPAWNER = "comard-spawner"
_READY_SECONDS = 60

# A script as packages ship them.
_SERVICE_SCRIPT = '''serviceType = "server"
serviceDesc = _({{"en": "Measured service", "tr": "Ölçülen hizmet"}})

from comar.service import *

PIDFILE = {pidfile!r}


@synchronized
def start():
    startService(command={command!r}, args={arguments!r}, pidfile=PIDFILE, makepid=True,
                 detach=True, donotify=True)


@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)


def status():
    return isServiceRunning(PIDFILE)
'''

# The least that one which is asked can be.
EMPTY_SCRIPT = '''serviceType = "script"
serviceDesc = _({"en": "Nothing at all", "tr": "Hiçbir şey"})

from comar.service import *


def status():
    return True
'''


class Comard:
    """comard --root below `folder`. A `with` block starts it, and ends it with all it started."""

    def __init__(self, programs, folder, settings="", arguments=()):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        self.pids = self.root / "run/pids"    # where services keep their pidfiles
        self.address = f"unix:path={self.root}/run/comar/bus"
        self._programs = programs
        self._arguments = arguments
        self._write(self.root / "etc/comar/comard.toml", settings)

    def __enter__(self):
        self.start()
        return self

    def start(self):
        """Starts comard and waits until it serves."""
        with self._notify_socket() as notify, open(self.folder / "comard.log", "ab") as log:
            self._child = subprocess.Popen(
                [self._programs.comard, "--root", self.root, *self._arguments], stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": notify.getsockname()})
            self._wait_ready(notify)

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Services first, so that comard sees them go and removes their cgroups."""
        services = self.service_pids()
        for pid in services:
            os.kill(pid, signal.SIGKILL)
        wait_gone(services)
        self._child.terminate()
        self._child.wait()

    @property
    def pid(self):
        return self._child.pid

    def host_pid(self):
        """The script host; None when it is not there."""
        children = [pid for pid in below(self.pid) if name_of(pid) == _HOST]
        return children[0] if children else None

    def host_pids(self):
        """The script host and its workers."""
        return [pid for pid in below(self.pid) if name_of(pid) == _HOST]

    def own_pids(self):
        """comard, what starts programs for it, and the script host and its workers."""
        return [self.pid, *(pid for pid in below(self.pid) if name_of(pid) in (_HOST, _SPAWNER))]

    def service_pids(self):
        return [pid for pid in below(self.pid) if name_of(pid) == "bench-service"]

    def command(self, *words):
        """A command line of `comar` for this comard."""
        return [self._programs.comar, "--root", str(self.root), *map(str, words)]

    def run(self, *words):
        subprocess.run(self.command(*words), check=True, stdout=subprocess.DEVNULL)

    def launch(self, *words):
        """As run(), without waiting."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL)

    def register(self, name, script):
        path = self.folder / "scripts" / f"{name}.py"
        self._write(path, script)
        self.run("register", name, path)

    def switch_on(self, name):
        """It is to start at boot."""
        self._write(self.root / "etc/mudur/services/enabled" / name, "")

    def boot_on_start(self):
        """From its next start on it boots by itself."""
        self._arguments = ("--boot",)

    def register_services(self, names, board):
        """Scripts of bench-service, each with its line of the board."""
        for line, name in enumerate(names):
            command = [self._programs.service, board.path, str(line)]
            self.register(name, service_script(self.pids, name, command))

    def host_gone(self, seconds):
        """Waits until the script host has been let go; returns how long that took."""
        host = self.host_pid()
        return 0.0 if host is None else wait_end(host, seconds)

    def _notify_socket(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        notify.bind(str(path))
        notify.settimeout(_READY_SECONDS)
        return notify

    @staticmethod
    def _wait_ready(notify):
        while b"READY=1" not in notify.recv(4096).split(b"\n"):
            pass

    @staticmethod
    def _write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def service_script(folder, name, command):
    """A script that runs `command`, with its pidfile in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    program, *arguments = command
    return _SERVICE_SCRIPT.format(pidfile=str(folder / name), command=program, arguments=arguments)


# Things to time, in the words of native/turns.cpp.

def info_call(service):
    return ["call", f"/package/{service}", SERVICE, "info"]


def supervision_call(service):
    return ["call", f"/package/{service}", PROPERTIES, "GetAll", SUPERVISION]


def list_call():
    return ["list", "/", f"{NAME}.Manager", "ListServices"]


def ping_call():
    return ["call", "/", "org.freedesktop.DBus.Peer", "Ping"]
