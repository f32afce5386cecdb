# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "DNS forwarder and DHCP server",
                 "tr": "DNS yönlendirici ve DHCP sunucusu"})

PIDFILE = "/run/dnsmasq.pid"

@synchronized
def start():
    ret = run("/usr/sbin/dnsmasq", "--test")
    if ret:
        fail(ret.stderr)
    startService(command="/usr/sbin/dnsmasq",
                 args="-x %s %s" % (PIDFILE, config.get("DNSMASQ_OPTS", "")),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def reload():
    stopService(pidfile=PIDFILE, signal=signal.SIGHUP)

def status():
    return isServiceRunning(PIDFILE)
