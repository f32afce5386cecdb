# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Git repository server",
                 "tr": "Git depo sunucusu"})
serviceConf = "git-daemon"

@synchronized
def start():
    startService(command="/usr/bin/git",
                 args="daemon --detach --syslog --pid-file=/run/git-daemon.pid --user=%s %s" % (
                     config.get("USER", "nobody"), config.get("GITDAEMON_OPTS", "--base-path=/var/git")),
                 pidfile="/run/git-daemon.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/git-daemon.pid", donotify=True)

def status():
    return isServiceRunning("/run/git-daemon.pid")
