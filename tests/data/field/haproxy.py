# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Load balancer",
                 "tr": "Yük dengeleyici"})

CONF = config.get("HAPROXY_CONF", "/etc/haproxy/haproxy.cfg")
PIDFILE = "/run/haproxy.pid"

def check():
    ret = run("/usr/sbin/haproxy", "-c", "-f", CONF)
    if ret != 0:
        fail(ret.stderr or ret.stdout)

@synchronized
def start():
    check()
    startService(command="/usr/sbin/haproxy",
                 args=["-D", "-f", CONF, "-p", PIDFILE],
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

@synchronized
def reload():
    # Yenisi başlar, eskisi işini bitirip çıkar.
    check()
    old = open(PIDFILE).read().split()
    run(["/usr/sbin/haproxy", "-D", "-f", CONF, "-p", PIDFILE, "-sf"] + old)

def status():
    return isServiceRunning(PIDFILE)
