# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Streaming media server",
                 "tr": "Çoklu ortam yayın sunucusu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/bin/icecast",
                 args="-c /etc/icecast.xml",
                 pidfile="/run/icecast.pid",
                 detach=True,
                 makepid=True,
                 chuid="icecast",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/icecast.pid", donotify=True)

def reload():
    run("/usr/bin/killall -HUP icecast")

def status():
    return isServiceRunning("/run/icecast.pid")
