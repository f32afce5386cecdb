# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Task scheduler",
                 "tr": "Görev zamanlayıcı"})
serviceDefault = "on"

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/crond",
                 pidfile="/run/crond.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/crond.pid",
                donotify=True)

def status():
    return isServiceRunning("/run/crond.pid")
