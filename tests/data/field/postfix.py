# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Postfix mail server",
                 "tr": "Postfix posta sunucusu"})
serviceDefault = "off"

from comar.service import *
import os

@synchronized
def start():
    os.system("/usr/bin/newaliases")
    startService(command="/usr/sbin/postfix",
                 args="start",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/postfix",
                args="stop",
                donotify=True)

def reload():
    run("/usr/sbin/postfix reload")

def status():
    return isServiceRunning("/var/spool/postfix/pid/master.pid")
