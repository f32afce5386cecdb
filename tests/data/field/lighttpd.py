# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Lighttpd web server",
                 "tr": "Lighttpd web sunucusu"})
serviceDefault = "off"

from comar.service import *
import os

CONF = config.get("LIGHTTPD_CONF", "/etc/lighttpd/lighttpd.conf")

@synchronized
def start():
    if os.system("/usr/sbin/lighttpd -t -f %s >/dev/null" % CONF):
        fail(_({"en": "Mistakes in %s", "tr": "%s içinde hatalar var"}) % CONF)
    startService(command="/usr/sbin/lighttpd",
                 args="-D -f %s" % CONF,
                 pidfile="/run/lighttpd.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/lighttpd.pid", donotify=True)

def reload():
    stop()
    start()

def status():
    return isServiceRunning("/run/lighttpd.pid")
