# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "SASL authentication daemon",
                 "tr": "SASL kimlik doğrulama sunucusu"})
serviceConf = "saslauthd"

@synchronized
def start():
    if not os.path.isdir("/run/saslauthd"):
        os.mkdir("/run/saslauthd")
    startService(command="/usr/sbin/saslauthd",
                 args="-m /run/saslauthd -a %s -n %s" % (config.get("AUTH_MECH", "pam"),
                                                         config.get("PROCESSES", "5")),
                 pidfile="/run/saslauthd/saslauthd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/saslauthd/saslauthd.pid", donotify=True)

def status():
    return isServiceRunning("/run/saslauthd/saslauthd.pid")
