# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Music player",
                 "tr": "Müzik çalar"})
serviceConf = "mpd"

@synchronized
def start():
    startService(command="/usr/bin/mpd",
                 args="%s %s" % (config.get("MPD_OPTS", ""), config.get("MPD_CONF", "/etc/mpd.conf")),
                 pidfile="/run/mpd/mpd.pid",
                 chuid="mpd:audio",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/mpd",
                args="--kill",
                chuid="mpd",
                donotify=True)

def status():
    return isServiceRunning("/run/mpd/mpd.pid")
