# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "NFS file locking",
                 "tr": "NFS dosya kilitleme"})
serviceConf = "nfs"

@synchronized
def start():
    startDependencies("rpcbind")
    startService(command="/usr/sbin/rpc.statd",
                 args=config.get("STATD_OPTS", ""),
                 pidfile="/run/rpc.statd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/rpc.statd.pid",
                donotify=True)

def status():
    return isServiceRunning("/run/rpc.statd.pid")
