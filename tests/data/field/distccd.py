# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Distributed compiler",
                 "tr": "Dağıtık derleyici"})
serviceConf = "distccd"

ALLOW = " ".join("--allow " + x for x in config.get("ALLOWED_HOSTS", "127.0.0.1").split())

@synchronized
def start():
    startService(command="/usr/bin/distccd",
                 args="--no-detach --daemon --user distcc -N %s %s" % (config.get("NICE", "15"), ALLOW),
                 pidfile="/run/distccd.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/distccd.pid", donotify=True)

def status():
    return isServiceRunning("/run/distccd.pid")
