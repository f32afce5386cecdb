# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Task scheduler",
                 "tr": "Görev zamanlayıcı"})
serviceDefault = "on"

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/cron",
                 pidfile="/var/run/crond.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/var/run/crond.pid",
                donotify=True)

def status():
    return isServiceRunning("/var/run/crond.pid")
