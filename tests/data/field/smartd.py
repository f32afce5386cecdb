# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Disk health monitor",
                 "tr": "Disk sağlığı izleyicisi"})
serviceDefault = "conditional"

PIDFILE = "/run/smartd.pid"

def hasDisks():
    return run("/usr/sbin/smartctl", "--scan").stdout.strip() != ""

def ready():
    state = is_on()
    if state == "on" or (state == "conditional" and hasDisks()):
        start()

@synchronized
def start():
    startService(command="/usr/sbin/smartd",
                 args="-p %s -i %s %s" % (PIDFILE, config.get("INTERVAL", "1800"), config.get("SMARTD_ARGS", "")),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def reload():
    stopService(pidfile=PIDFILE, signalno=signal.SIGHUP)

def status():
    return isServiceRunning(PIDFILE)
