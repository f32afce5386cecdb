# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Service discovery",
                 "tr": "Hizmet keşfi"})
serviceDefault = "on"

@synchronized
def start():
    startDependencies("dbus")
    startService(command="/usr/sbin/avahi-daemon",
                 args="-D",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/avahi-daemon",
                args="-k",
                donotify=True)

def reload():
    run("/usr/sbin/avahi-daemon -r")

def status():
    return isServiceRunning("/run/avahi-daemon/pid")
