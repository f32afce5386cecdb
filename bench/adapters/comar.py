# SPDX-License-Identifier: MIT
"""comar: comard under a private root, one service script a service.

For the harness that compares service managers side by side: put this file into its folder
`adapters`. COMAR_PREFIX is where comar is installed, or its build folder; the default is wherever
`comar` is found. All services are on, and what they need is declared, so "boot" is `comard --boot`; all are
started and stopped with `comar boot` and `comar shutdown`.
Output is always captured, with a time on each line; its log is rotated at 10 MiB, 4 old files kept.
"""
import os
import shutil
import subprocess

from . import Adapter, need, write

SCRIPT = '''serviceType = "server"
serviceDesc = _({{"en": "Measured service", "tr": "Olculen hizmet"}})

from comar.service import *

serviceRequires = {deps!r}
{settings}PIDFILE = {pidfile!r}

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

class Comar(Adapter):
    name = "comar"
    deps = ready = restart = True
    restart_modes = ("fast", "default")
    logs = ("stamp",)

    def __init__(self):
        prefix = os.environ.get("COMAR_PREFIX", "")
        found = shutil.which("comar", path=f"{prefix}/bin") if prefix else shutil.which("comar")
        self.bin = os.path.dirname(found) if found else f"{prefix}/bin"

    def program(self, name):
        """comard of a package may lie in a folder for daemons."""
        for folder in (self.bin, self.bin.replace("/bin", "/sbin")):
            if os.access(os.path.join(folder, name), os.X_OK):
                return os.path.join(folder, name)
        return ""

    def missing(self):
        return "" if self.program("comar") and self.program("comard") else need("comar", "comard")

    def version(self):
        said = subprocess.run([self.program("comard"), "--version"], capture_output=True, text=True)
        return said.stdout.split()[-1] if said.returncode == 0 else ""

    def configure(self, plan):
        self.root = self.path("root")
        self.names = [service.name for service in plan.services]
        for service in plan.services:
            command, *arguments = self.argv(service, *(["--notify"] if plan.ready else []))
            settings = 'serviceReadiness = "notify"\n' if plan.ready else ""
            settings += 'serviceRestart = "always"\n' if plan.restart else ""
            if plan.restart == "fast":
                settings += 'serviceRestartMaxDelay = 0.001\nserviceRestartLimit = "for ever"\n'
            write(self.path("scripts", service.name + ".py"),
                  SCRIPT.format(pidfile=self.path("root", "run", "pids", service.name), command=command,
                                arguments=arguments, deps=service.deps, settings=settings))
        os.makedirs(self.path("root", "run", "pids"), exist_ok=True)
        self.register()

    def register(self):
        """comard reads a script once, when it is registered. Not part of what is measured."""
        os.makedirs(self.root, exist_ok=True)
        comard = subprocess.Popen([self.program("comard"), "--root", self.root],
                                  stderr=subprocess.PIPE, text=True)
        try:
            for line in comard.stderr:
                if " serves " in line:
                    break
            for name in self.names:
                subprocess.run(self.comar("register", name, self.path("scripts", name + ".py")),
                               check=True)
                write(self.path("root", "etc", "mudur", "services", "enabled", name), "")
        finally:
            comard.terminate()
            comard.communicate()

    def comar(self, *words):
        return [self.program("comar"), "--root", self.root, *words]

    def boot(self):
        return [[self.program("comard"), "--root", self.root, "--boot"]]

    def start_all(self):
        return self.comar("boot")

    def stop_all(self):
        return self.comar("shutdown")

    def start(self, name):
        return self.comar("start", name)

    def stop(self, name):
        return self.comar("stop", name)

    def status(self, name):
        return self.comar("status", name)

    def list(self):
        return self.comar("list")


ADAPTERS = [Comar]
