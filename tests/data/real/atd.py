# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Deferred commands",
                 "tr": "Ertelenmiş komutlar"})
serviceDefault = "on"
serviceConf = "atd"

@synchronized
def start():
    startService(command="/usr/sbin/atd",
                 args="-f -l %s -b %s" % (config.get("LOADAVG", "1.5"),
                                       config.get("BATCH_INTERVAL", "60")),
                 detach=True,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/atd",
                donotify=True)

def status():
    return isServiceRunning(command="/usr/sbin/atd")
