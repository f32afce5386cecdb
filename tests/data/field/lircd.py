# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Remote controls",
                 "tr": "Uzaktan kumandalar"})

from comar.service import *

@synchronized
def start():
    if config.get("MODULE"):
        os.system("/sbin/modprobe %s" % config.get("MODULE"))
    startService(command="/usr/sbin/lircd",
                 args="--pidfile=/run/lirc/lircd.pid %s" % config.get("LIRCD_OPTS", ""),
                 pidfile="/run/lirc/lircd.pid",
                 donotify=True)
    if config.get("IREXEC", "no") == "yes":
        startService(command="/usr/bin/irexec",
                     args="--daemon /etc/lircrc")

@synchronized
def stop():
    stopService(command="/usr/bin/irexec")
    stopService(pidfile="/run/lirc/lircd.pid",
                donotify=True)

def status():
    return isServiceRunning("/run/lirc/lircd.pid")
