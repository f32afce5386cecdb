# SPDX-License-Identifier: MIT
# mypy: ignore-errors
"""A script like many others, which the script host runs to get warm; it starts nothing."""

from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Rehearsal", "tr": "Prova"})


@synchronized
def start():
    startService(command="/bin/true", args="-D", pidfile="/run/true.pid", donotify=True)


@synchronized
def stop():
    stopService(pidfile="/run/true.pid", donotify=True)


def status():
    return isServiceRunning("/nonexistent/rehearsal.pid")
