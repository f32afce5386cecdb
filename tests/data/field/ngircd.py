# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "IRC server",
                 "tr": "IRC sunucusu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/ngircd",
                 args="-n",
                 detach=True,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/ngircd",
                donotify=True)

def status():
    return isServiceRunning(command="/usr/sbin/ngircd")
