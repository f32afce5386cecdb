# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "System monitor",
                 "tr": "Sistem izleyicisi"})
serviceConf = "monit"

@synchronized
def start():
    startService(command="/usr/bin/monit",
                 args="-d %s -p /run/monit.pid" % config.get("INTERVAL", "60"),
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/monit",
                args="quit",
                donotify=True)

def reload():
    run("/usr/bin/monit", "reload")

def status():
    return isServiceRunning("/run/monit.pid")
