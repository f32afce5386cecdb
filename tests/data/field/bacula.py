# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Network backup",
                 "tr": "Ağ yedeklemesi"})
serviceDefault = "off"
serviceConf = "bacula"

# Ad, bağlantı noktası, kullanıcı
PARTS = [("sd", 9103, "bacula"), ("fd", 9102, "root"), ("dir", 9101, "bacula")]

def parts():
    wanted = config.get("DAEMONS", "sd fd dir").split()
    return [x for x in PARTS if x[0] in wanted]

def pidfile(name, port):
    return "/run/bacula/bacula-%s.%d.pid" % (name, port)

@synchronized
def start():
    if "dir" in config.get("DAEMONS", "dir").split():
        startDependencies("postgresql")
    for name, port, user in parts():
        startService(command="/usr/sbin/bacula-%s" % name,
                     args="-u %s -c /etc/bacula/bacula-%s.conf" % (user, name),
                     pidfile=pidfile(name, port),
                     donotify=True)
        print "bacula-%s listens at" % name, port

@synchronized
def stop():
    running = parts()
    running.reverse()
    for name, port, user in running:
        stopService(pidfile=pidfile(name, port), donotify=True)

def status():
    for name, port, user in parts():
        if not isServiceRunning(pidfile(name, port)):
            return False
    return True
