# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Disk temperatures",
                 "tr": "Disk sıcaklıkları"})

@synchronized
def start():
    disks = config.get("DISKS", "/dev/sda")
    startService(command="/usr/sbin/hddtemp",
                 args="-d -F -l %s -p %s %s" % (config.get("LISTEN", "127.0.0.1"),
                                                config.get("PORT", "7634"), disks),
                 pidfile="/run/hddtemp.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/hddtemp.pid", donotify=True)

def status():
    return isServiceRunning("/run/hddtemp.pid")
