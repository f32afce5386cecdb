# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "RAID monitor",
                 "tr": "RAID izleyicisi"})
serviceDefault = "on"

from comar.service import *
import os

CONF = "/etc/mdadm.conf"
MSG_NO_ARRAYS = _({"en": "There are no arrays in %s",
                   "tr": "%s içinde dizi tanımlanmamış"})

def arrays():
    if not os.path.exists(CONF):
        return []
    return [x for x in open(CONF).readlines() if x.startswith("ARRAY")]

@synchronized
def start():
    if not arrays():
        fail(MSG_NO_ARRAYS % CONF)
    startService(command="/sbin/mdadm",
                 args="--monitor --scan --daemonise --pid-file=/run/mdadm.pid",
                 pidfile="/run/mdadm.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/mdadm.pid", donotify=True)

def status():
    return isServiceRunning("/run/mdadm.pid")
