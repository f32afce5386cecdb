# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "Caching web proxy",
                 "tr": "Önbellekli web vekil sunucusu"})
serviceDefault = "off"

from comar.service import *
import os

PIDFILE = "/run/squid.pid"

def cache_folders():
    folders = []
    for line in open(config.get("SQUID_CONF", "/etc/squid/squid.conf")):
        if line.startswith("cache_dir"):
            folders.append(line.split()[2])
    return folders or ["/var/cache/squid"]

@synchronized
def start():
    for folder in cache_folders():
        if not os.path.isdir(folder + "/00"):
            print "creating swap directories in", folder
            if run("/usr/sbin/squid", "-z", "-F") != 0:
                fail({"en": "Cannot create the cache", "tr": "Önbellek oluşturulamıyor"})
    startService(command="/usr/sbin/squid",
                 args=config.get("SQUID_OPTS", "-D"),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/squid",
                args="-k shutdown",
                donotify=True)
    # Bağlantıları bitirmesi biraz sürer.
    for i in xrange(300):
        if not status():
            break
        time.sleep(0.1)

def reload():
    run("/usr/sbin/squid", "-k", "reconfigure")

def status():
    return isServiceRunning(PIDFILE)
