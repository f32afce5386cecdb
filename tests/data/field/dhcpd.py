# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "DHCP server",
                 "tr": "DHCP sunucusu"})
serviceDefault = "off"
serviceConf = "dhcpd"

MSG_NO_CONF = _({"en": "Neither dhcpd.conf nor dhcpd6.conf is there",
                 "tr": "dhcpd.conf ve dhcpd6.conf dosyalarının ikisi de yok"})

def families():
    result = []
    for family, suffix in (("4", ""), ("6", "6")):
        if os.path.exists("/etc/dhcp/dhcpd%s.conf" % suffix):
            result.append((family, suffix))
    return result

def touch(path):
    if not os.path.exists(path):
        file(path, "w").close()
        os.chmod(path, 0644)

@synchronized
def start():
    if not families():
        fail(MSG_NO_CONF)
    for family, suffix in families():
        touch("/var/lib/dhcp/dhcpd%s.leases" % suffix)
        startService(command="/usr/sbin/dhcpd",
                     args="-%s -q -cf /etc/dhcp/dhcpd%s.conf -pf /run/dhcpd%s.pid %s" % (
                         family, suffix, suffix, config.get("DHCPD%s_INTERFACES" % suffix, "")),
                     pidfile="/run/dhcpd%s.pid" % suffix,
                     donotify=True)

@synchronized
def stop():
    for family, suffix in families():
        stopService(pidfile="/run/dhcpd%s.pid" % suffix, command="/usr/sbin/dhcpd", donotify=True)

def status():
    return bool(families()) and all([isServiceRunning("/run/dhcpd%s.pid" % x[1]) for x in families()])
