# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "BitTorrent client",
                 "tr": "BitTorrent istemcisi"})
serviceDefault = "off"
serviceConf = "transmission"

USER = config.get("TRANSMISSION_USER", "transmission")

@synchronized
def start():
    if config.get("OLD_BEHAVIOR", "no") == "yes":
        startService(command="/usr/bin/transmission-daemon",
                     args="-f",
                     detatch=True,
                     donotify=True)
        return
    startService(command="/usr/bin/transmission-daemon",
                 args=["-f", "-g", config.get("CONFIG_DIR", "/var/lib/transmission")],
                 pidfile="/run/transmission.pid",
                 makepid=True,
                 detach=True,
                 chuid=USER,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/transmission.pid", donotify=True)

def status():
    return isServiceRunning("/run/transmission.pid")
