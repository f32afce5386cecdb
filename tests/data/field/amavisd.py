# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Mail content filter",
                 "tr": "Posta içerik süzgeci"})

from comar.service import *

@synchronized
def start():
    startDependencies("clamd", "spamassassin")
    startService(command="/usr/sbin/amavisd",
                 args="-c /etc/amavisd.conf foreground",
                 pidfile="/run/amavisd.pid",
                 makepid=True,
                 detach=True,
                 chuid="amavis:amavis",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/amavisd", donotify=True)

def status():
    return isServiceRunning("/run/amavisd.pid")
