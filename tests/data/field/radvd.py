# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "IPv6 router advertisements",
                 "tr": "IPv6 yönlendirici duyuruları"})
serviceDefault = "off"

from comar.service import *

FORWARDING = "/proc/sys/net/ipv6/conf/all/forwarding"

def check():
    try:
        enabled = file(FORWARDING).read().strip()
    except IOError, e:
        fail(_({"en": "The kernel lacks IPv6", "tr": "Çekirdekte IPv6 desteği yok"}))
    if enabled != "1":
        fail(_({"en": "IPv6 forwarding is off", "tr": "IPv6 yönlendirmesi kapalı"}))

@synchronized
def start():
    check()
    startService(command="/usr/sbin/radvd",
                 args="-u radvd -p /run/radvd/radvd.pid " + config.get("OPTIONS", ""),
                 pidfile="/run/radvd/radvd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/radvd/radvd.pid", donotify=True)

def status():
    return isServiceRunning("/run/radvd/radvd.pid")
