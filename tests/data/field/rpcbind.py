# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "RPC port mapper",
                 "tr": "RPC bağlantı noktası eşleyici"})

from comar.service import *

@synchronized
def start():
    startService(command="/sbin/rpcbind",
                 args=config.get("OPTIONS", "-w"),
                 donotify=True)

@synchronized
def stop():
    stopService(command="/sbin/rpcbind",
                donotify=True)

def status():
    return isServiceRunning(command="/sbin/rpcbind")
