# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "Routing protocols",
                 "tr": "Yönlendirme protokolleri"})
serviceDefault = "off"
serviceConf = "quagga"

from comar.service import *
import os

def daemons():
    # zebra hep başta
    others = eval(config.get("DAEMONS", "['ospfd']"))
    return ["zebra"] + [x for x in others if os.path.exists("/etc/quagga/%s.conf" % x)]

@synchronized
def start():
    for daemon in daemons():
        startService(command="/usr/sbin/" + daemon,
                     args="-d -f /etc/quagga/%s.conf" % daemon,
                     pidfile="/run/quagga/%s.pid" % daemon,
                     donotify=True)

@synchronized
def stop():
    for daemon in reversed(daemons()):
        stopService(pidfile="/run/quagga/%s.pid" % daemon, donotify=True)

def status():
    states = map(lambda x: isServiceRunning("/run/quagga/%s.pid" % x), daemons())
    return reduce(lambda x, y: x and y, states, True)
