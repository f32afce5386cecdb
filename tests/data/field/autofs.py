# SPDX-License-Identifier: MIT
import os

from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Automatic mounting",
                 "tr": "Otomatik bağlama"})
serviceConf = "autofs"

PIDFILE = "/run/autofs.pid"

@synchronized
def start():
    startDependencies("rpcbind", "nfslock")
    run("/sbin/modprobe -q autofs4")
    startService(command="/usr/sbin/automount",
                 args="--pid-file %s -t %s %s" % (PIDFILE,
                                                  config.get("TIMEOUT", "300"),
                                                  config.get("OPTIONS", "")),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE,
                command="/usr/sbin/automount",
                donotify=True)

def reload():
    os.system("/bin/kill -HUP $(cat %s)" % PIDFILE)

def status():
    return isServiceRunning(PIDFILE, "/usr/sbin/automount")
