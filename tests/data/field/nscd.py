# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Name service cache",
                 "tr": "Ad hizmeti önbelleği"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/nscd",
                 pidfile="/run/nscd/nscd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/nscd",
                args="--shutdown",
                donotify=True)

def reload():
    for database in ("passwd", "group", "hosts"):
        run("/usr/sbin/nscd", "--invalidate", database)

def status():
    return isServiceRunning("/run/nscd/nscd.pid")
