# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Internet services daemon",
                 "tr": "İnternet hizmetleri sunucusu"})

@synchronized
def start():
    loadEnvironment()
    startService(command="/usr/sbin/xinetd",
                 args="-pidfile /run/xinetd.pid -stayalive -reuse",
                 pidfile="/run/xinetd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/xinetd.pid", donotify=True)

@synchronized
def reload():
    stopService(pidfile="/run/xinetd.pid", signalno=signal.SIGHUP)

def status():
    return isServiceRunning("/run/xinetd.pid")
