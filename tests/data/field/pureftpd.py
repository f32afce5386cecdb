# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Pure-FTPd file server",
                 "tr": "Pure-FTPd dosya sunucusu"})
serviceConf = "pure-ftpd"

# Ayar -> seçenek
FLAGS = {"SERVER": "-S",
         "MAX_CONN": "-c",
         "MAX_CONN_IP": "-C",
         "DISK_FULL": "-k",
         "UPLOAD": "-R",
         "AUTH": "-l",
         "TIMEOUT": "-I"}

def options():
    result = []
    for key, flag in sorted(FLAGS.iteritems()):
        if config.has_key(key):
            result.append("%s %s" % (flag, config[key]))
    return " ".join(result + [config.get("MISC_OTHER", "")])

@synchronized
def start():
    startService(command="/usr/sbin/pure-ftpd",
                 args="-B -g /run/pure-ftpd.pid " + options(),
                 pidfile="/run/pure-ftpd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/pure-ftpd.pid", donotify=True)

def status():
    return isServiceRunning("/run/pure-ftpd.pid")
