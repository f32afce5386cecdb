# -*- coding: utf-8 -*-
serviceType = "local"
serviceDesc = _({"en": "Power events",
                 "tr": "Güç olayları"})
serviceDefault = "on"

from comar.service import *

@synchronized
def start():
    if not os.environ.has_key("TERM"):
        os.environ["TERM"] = "linux"
    startService(command="/usr/sbin/acpid",
                 args="-c /etc/acpi/events",
                 pidfile="/var/run/acpid.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/var/run/acpid.pid",
                donotify=True)

def reload():
    stopService(pidfile="/var/run/acpid.pid", signal=1)

def status():
    return isServiceRunning("/var/run/acpid.pid")
