# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "ProFTPD file server",
                 "tr": "ProFTPD dosya sunucusu"})

import os

from comar.service import *

PIDFILE = "/run/proftpd.pid"

@synchronized
def start():
    if os.path.exists("/etc/shutmsg"):
        print "removing /etc/shutmsg"
        os.unlink("/etc/shutmsg")
    startService(command="/usr/sbin/proftpd",
                 args="-n -c /etc/proftpd.conf",
                 pidfile=PIDFILE,
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE,
                user="root",
                donotify=True)

def status():
    return isServiceRunning(PIDFILE)
