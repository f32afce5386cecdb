# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Trivial file transfer server",
                 "tr": "Basit dosya aktarım sunucusu"})
serviceConf = "in.tftpd"

@synchronized
def start():
    root = config.get("INTFTPD_PATH", "/var/lib/tftpboot")
    startService(command="/usr/sbin/in.tftpd",
                 args="-l -s %s %s" % (root, config.get("INTFTPD_OPTS", "")),
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/in.tftpd",
                donotify=True)

def status():
    return isServiceRunning(command="/usr/sbin/in.tftpd")
