# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "File synchronization server",
                 "tr": "Dosya eşitleme sunucusu"})
serviceDefault = "off"

from comar.service import *

def pidfile():
    """rsyncd.conf may move it."""
    for line in file("/etc/rsyncd.conf"):
        key, _sep, value = line.partition("=")
        if key.strip() == "pid file":
            return value.strip()
    return "/run/rsyncd.pid"

@synchronized
def start():
    startService(command="/usr/bin/rsync",
                 args="--daemon %s" % config.get("RSYNC_OPTS", ""),
                 pidfile=pidfile(),
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=pidfile(), donotify=True)

def status():
    return isServiceRunning(pidfile())
