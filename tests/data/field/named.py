# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "BIND domain name server",
                 "tr": "BIND alan adı sunucusu"})

import os

from comar.service import *

CHROOT = config.get("CHROOT", "")
PIDFILE = CHROOT + "/run/named/named.pid"
KEY = CHROOT + "/etc/bind/rndc.key"

@synchronized
def start():
    if not os.path.exists(KEY):
        os.system("/usr/sbin/rndc-confgen -a -c %s >/dev/null 2>&1" % KEY)
        os.chmod(KEY, 0640)
    args = "-u named"
    if CHROOT:
        args += " -t %s" % CHROOT
    if config.has_key("CPU"):
        args += " -n %s" % config["CPU"]
    startService(command="/usr/sbin/named",
                 args=args + " " + config.get("OPTIONS", ""),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/rndc",
                args="stop",
                donotify=True)

def reload():
    if os.system("/usr/sbin/rndc reload >/dev/null") != 0:
        fail(_({"en": "rndc cannot reach named", "tr": "rndc, named sürecine ulaşamıyor"}))

def status():
    return isServiceRunning(PIDFILE)
