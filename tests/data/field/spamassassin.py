# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Spam filter",
                 "tr": "İstenmeyen posta süzgeci"})
serviceConf = "spamd"

from comar.service import *

@synchronized
def start():
    startService(command="/usr/bin/spamd",
                 args="-d -r /run/spamd.pid -m %s %s" % (config.get("CHILDREN", "5"), config.get("SPAMD_OPTS", "")),
                 pidfile="/run/spamd.pid",
                 nice=int(config.get("PRIORITY", "0")),
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/spamd.pid", donotify=True)

def status():
    return isServiceRunning("/run/spamd.pid")
