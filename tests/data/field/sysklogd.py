# -*- coding: iso-8859-9 -*-
serviceType = "local"
serviceDesc = _({"en": "System log", "tr": "Sistem günlüğü"})

from comar.service import *

# Günlük dosyaları: önce syslogd, sonra klogd başlar.
@synchronized
def start():
    startService(command="/usr/sbin/syslogd", args="-m 15", pidfile="/var/run/syslogd.pid", donotify=True)
    startService(command="/usr/sbin/klogd", args="-c 3 -2", pidfile="/var/run/klogd.pid")

@synchronized
def stop():
    stopService(pidfile="/var/run/klogd.pid")
    stopService(pidfile="/var/run/syslogd.pid", donotify=True)

def status():
    return isServiceRunning("/var/run/syslogd.pid")
