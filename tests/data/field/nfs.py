# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "NFS file server",
                 "tr": "NFS dosya sunucusu"})
serviceDefault = "off"
serviceConf = "nfs"

from comar.service import *
import os

MSG_NO_EXPORTS = _({"en": "Nothing is exported in /etc/exports",
                    "tr": "/etc/exports içinde paylaşılan dizin yok"})

def exports():
    lines = [x.strip() for x in file("/etc/exports")]
    return filter(lambda x: x and not x.startswith("#"), lines)

def execute(cmd):
    ret = run(cmd)
    if ret != 0:
        fail("%s: %s" % (cmd, ret.stderr))

@synchronized
def start():
    if status():
        return
    if len(exports()) == 0:
        fail(MSG_NO_EXPORTS)
    startDependencies("rpcbind", "nfslock")
    if not "nfsd" in file("/proc/filesystems").read():
        os.system("/sbin/modprobe nfsd")
    execute("/usr/sbin/exportfs -r")
    if config.get("NEED_QUOTAD", "no") == "yes":
        startService(command="/usr/sbin/rpc.rquotad")
    execute("/usr/sbin/rpc.nfsd %s" % config.get("NFSD_COUNT", "8"))
    startService(command="/usr/sbin/rpc.mountd",
                 args=config.get("MOUNTD_OPTS", ""),
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/rpc.mountd", donotify=True)
    stopService(command="/usr/sbin/rpc.rquotad")
    run("/usr/sbin/rpc.nfsd 0")
    run("/usr/sbin/exportfs -au")

def reload():
    execute("/usr/sbin/exportfs -ra")

def status():
    return isServiceRunning(command="/usr/sbin/rpc.mountd")
