# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Key-value database",
                 "tr": "Anahtar-değer veritabanı"})

from comar.service import *

PIDFILE = "/run/redis.pid"

@synchronized
def start():
    startService(command="/usr/bin/redis-server",
                 args=config.get("CONF", "/etc/redis.conf"),
                 pidfile=PIDFILE,
                 makepid=True,
                 detach=True,
                 chuid="redis:redis",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE)
