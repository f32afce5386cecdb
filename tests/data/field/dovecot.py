# SPDX-License-Identifier: MIT
import os

from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "IMAP and POP3 server",
                 "tr": "IMAP ve POP3 sunucusu"})
serviceConf = "dovecot"

PIDFILE = "/run/dovecot/master.pid"

@synchronized
def start():
    startService(command="/usr/sbin/dovecot",
                 args=config.get("DOVECOT_OPTS"),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/doveadm",
                args="stop",
                donotify=True)

def reload():
    os.system("kill -HUP `cat %s`" % PIDFILE)

def status():
    return isServiceRunning(PIDFILE)
