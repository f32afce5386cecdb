# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Watchdog timer",
                 "tr": "Bekçi zamanlayıcısı"})
serviceDefault = "off"

from comar.service import *

@synchronized
def start():
    module = config.get("WATCHDOG_MODULE", "softdog")
    if module != "none":
        run("/sbin/modprobe %s" % module)
    startService(command="/usr/sbin/watchdog",
                 args=config.get("WATCHDOG_OPTIONS", ""),
                 pidfile="/run/watchdog.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/watchdog.pid", donotify=True)
    run("/sbin/modprobe -r %s" % config.get("WATCHDOG_MODULE", "softdog"))

def status():
    return isServiceRunning("/run/watchdog.pid")
