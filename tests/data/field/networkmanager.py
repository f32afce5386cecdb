# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Network manager",
                 "tr": "Ağ yöneticisi"})
serviceDefault = "on"

from comar.service import *

PIDFILE = "/run/NetworkManager/NetworkManager.pid"

def ready():
    if is_on() == "on":
        start()
        # Ağ isteyen hizmetler bekliyor.
        run("/usr/bin/nm-online", "-q", "-t", config.get("WAIT_SECONDS", "10"))

@synchronized
def start():
    call("dbus", "System.Service", "start")
    startService(command="/usr/sbin/NetworkManager",
                 args="--pid-file=%s" % PIDFILE,
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE)
