# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Packet filter log",
                 "tr": "Paket süzgeci günlüğü"})

@synchronized
def start():
    startDependencies("iptables")
    startService(command="/usr/sbin/ulogd",
                 args="-u ulogd",
                 pidfile="/run/ulogd.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/ulogd.pid", donotify=True)

def status():
    return isServiceRunning("/run/ulogd.pid")
