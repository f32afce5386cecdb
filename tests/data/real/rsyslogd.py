# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "System log",
                 "tr": "Sistem günlüğü"})
serviceDefault = "on"
serviceConf = "rsyslog"

from comar.service import *

PIDFILE = "/run/rsyslogd.pid"

@synchronized
def start():
    print "starting", PIDFILE
    startService(command="/usr/sbin/rsyslogd",
                 args=config.get("RSYSLOGD_OPTIONS", ""),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def reload():
    stopService(pidfile=PIDFILE, signal=signal.SIGHUP)

def status():
    return isServiceRunning(PIDFILE)
