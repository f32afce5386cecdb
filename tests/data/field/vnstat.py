# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "local"
serviceDesc = _({"en": "Network traffic statistics",
                 "tr": "Ağ trafiği istatistikleri"})

DATA = "/var/lib/vnstat"

def create_databases():
    for interface in config.get("INTERFACES", "eth0").split():
        if not os.path.exists(os.path.join(DATA, interface)):
            os.system("/usr/bin/vnstat -u -i %s >/dev/null 2>&1" % interface)

@synchronized
def start():
    if not os.path.isdir(DATA):
        os.makedirs(DATA, 0755)
    create_databases()
    startService(command="/usr/sbin/vnstatd",
                 args="-d --pidfile /run/vnstat.pid",
                 pidfile="/run/vnstat.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/vnstat.pid", donotify=True)

def reload():
    stopService(pidfile="/run/vnstat.pid", signal=signal.SIGHUP)

def status():
    return isServiceRunning("/run/vnstat.pid")
