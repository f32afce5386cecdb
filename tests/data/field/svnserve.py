# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Subversion server",
                 "tr": "Subversion sunucusu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/bin/svnserve",
                 args="--foreground -d -r %s" % config.get("ROOT", "/var/svn"),
                 pidfile="/run/svnserve.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/svnserve.pid",
                donotify=True)

def status():
    return isServiceRunning("/run/svnserve.pid")
