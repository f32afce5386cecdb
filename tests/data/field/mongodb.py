# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Document database",
                 "tr": "Belge veritabanı"})
serviceConf = "mongod"

from comar.service import *
import os

DATA = config.get("DBPATH", "/var/lib/mongodb")
PIDFILE = "/run/mongodb/mongod.pid"

def remove_stale_lock():
    lock = DATA + "/mongod.lock"
    if os.path.exists(lock) and not isServiceRunning(pidfile=PIDFILE):
        os.unlink(lock)

@synchronized
def start():
    remove_stale_lock()
    startService(command="/usr/bin/mongod",
                 args="--fork --pidfilepath %s --dbpath %s --logpath /var/log/mongod.log" % (PIDFILE, DATA),
                 pidfile=PIDFILE,
                 chuid="mongodb",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/mongod",
                args=["--shutdown", "--dbpath", DATA],
                chuid="mongodb",
                donotify=True)

def status():
    return isServiceRunning(pidfile=PIDFILE)
