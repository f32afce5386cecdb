# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "FTP server",
                 "tr": "FTP sunucusu"})

@synchronized
def start():
    startService(command="/usr/sbin/vsftpd",
                 args="/etc/vsftpd/vsftpd.conf",
                 pidfile="/run/vsftpd.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/vsftpd.pid", donotify=True)

def status():
    return isServiceRunning("/run/vsftpd.pid")
