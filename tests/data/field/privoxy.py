# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Filtering web proxy",
                 "tr": "Süzgeçli web vekil sunucusu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/privoxy",
                 args="--pidfile /run/privoxy.pid --user privoxy /etc/privoxy/config",
                 pidfile="/run/privoxy.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/privoxy.pid",
                command="/usr/sbin/privoxy",
                donotify=True)

def status():
    return isServiceRunning("/run/privoxy.pid", "/usr/sbin/privoxy")
