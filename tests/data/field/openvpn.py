# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
import glob
import os

from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Virtual private networks",
                 "tr": "Sanal özel ağlar"})
serviceDefault = "conditional"
serviceConf = "openvpn"

FOLDER = config.get("VPNDIR", "/etc/openvpn")

def networks():
    files = glob.glob(FOLDER + "/*.conf")
    return sorted([os.path.basename(x)[:-5] for x in files])

def pidfile(name):
    return "/run/openvpn-%s.pid" % name

def ready():
    state = is_on()
    if state == "on" or (state == "conditional" and networks()):
        start()

@synchronized
def start():
    if networks() == []:
        fail({"en": "No network is configured in " + FOLDER,
              "tr": FOLDER + " içinde yapılandırılmış ağ yok"})
    for name in networks():
        ret = startService(command="/usr/sbin/openvpn",
                           args="--daemon --writepid %s --cd %s --config %s.conf" % (
                               pidfile(name), FOLDER, name),
                           pidfile=pidfile(name))
        if ret:
            fail(ret.stderr)
    notify("System.Service", "Changed", (script(), "started"))

@synchronized
def stop():
    for name in networks():
        stopService(pidfile=pidfile(name))
    notify("System.Service", "Changed", (script(), "stopped"))

def status():
    running = [x for x in networks() if isServiceRunning(pidfile(x))]
    return len(running) > 0 and len(running) == len(networks())
