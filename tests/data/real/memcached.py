# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Distributed cache",
                 "tr": "Dağıtık önbellek"})
serviceConf = "memcached"

PIDFILE = "/run/memcached/memcached.pid"

@synchronized
def start():
    startService(command="/usr/bin/memcached",
                 args="-d -P %s -u %s -m %s -c %s -p %s" % (PIDFILE,
                                                         config.get("USER", "nobody"),
                                                         config.get("MEMUSAGE", "64"),
                                                         config.get("MAXCONN", "1024"),
                                                         config.get("PORT", "11211")),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE, command="/usr/bin/memcached")
