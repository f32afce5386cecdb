# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "DHCP client",
                 "tr": "DHCP istemcisi"})
serviceDefault = "on"

from comar.service import *

@synchronized
def start():
    startService(command="/sbin/dhcpcd",
                 args="-q %s" % config.get("INTERFACES", ""),
                 pidfile="/run/dhcpcd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/sbin/dhcpcd",
                args="-x",
                donotify=True)

def status():
    return isServiceRunning("/run/dhcpcd.pid")
