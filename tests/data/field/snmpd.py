# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "SNMP agent",
                 "tr": "SNMP aracısı"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/snmpd",
                 args="-p /run/snmpd.pid %s" % config.get("SNMPD_FLAGS", ""),
                 pidfile="/run/snmpd.pid",
                 nice=5,
                 donotify=True)
    if config.get("TRAPS", "no") == "yes":
        startService(command="/usr/sbin/snmptrapd",
                     args="-p /run/snmptrapd.pid",
                     pidfle="/run/snmptrapd.pid")

@synchronized
def stop():
    stopService(pidfile="/run/snmptrapd.pid")
    stopService(pidfile="/run/snmpd.pid", donotify=True)

def status():
    return isServiceRunning("/run/snmpd.pid")
