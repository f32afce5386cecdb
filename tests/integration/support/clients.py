# SPDX-License-Identifier: MIT
"""What tests of foreign clients have in common: a service that tells what it does, and the tools of D-Bus."""

import subprocess

from support.bus import NAME
from support.scripts import service_script

MANAGER = f"{NAME}.Manager"
SUPERVISION = f"{NAME}.Supervision"
DBUS = "org.freedesktop.DBus"
OBJECT = "/package/app"
DENIED = "Comar.PolicyKit"

# All that comard needs for it is a start-up state; what a start does, it tells.
SCRIPT = """
    def start():
        tell("start")
        notify("System.Service", "Changed", (script(), "started"))

    def stop():
        tell("stop")
        notify("System.Service", "Changed", (script(), "stopped"))

    def status():
        return False
    """


def register_teller(comard, told):
    """The service "app"; it tells the mailbox each start and stop."""
    return comard.register("app", service_script(SCRIPT, told=told))


def run(*command, **options):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, **options)


def busctl(address, *words, **options):
    return run("busctl", f"--address={address}", *words, **options)


def gdbus(address, verb, *words, path=OBJECT, **options):
    return run("gdbus", verb, "--address", address, "--dest", NAME, "--object-path", path, *words,
               **options)
