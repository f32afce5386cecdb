# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Uninterruptible power supplies",
                 "tr": "Kesintisiz güç kaynakları"})
serviceConf = "nut"

from comar.service import *

MODE = config.get("MODE", "none")

MSG_NO_MODE = _({"en": "Set MODE in /etc/conf.d/nut to standalone or netclient",
                 "tr": "/etc/conf.d/nut içinde MODE değerini standalone ya da netclient yapın"})

@synchronized
def start():
    if MODE not in ("standalone", "netclient"):
        fail(MSG_NO_MODE)
    if MODE == "standalone":
        ret = run("/sbin/upsdrvctl -u nut start")
        if ret != 0:
            fail(ret.stderr)
        startService(command="/usr/sbin/upsd", args="-u nut", pidfile="/run/nut/upsd.pid")
    startService(command="/usr/sbin/upsmon", pidfile="/run/upsmon.pid", donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/upsmon.pid", donotify=True)
    if MODE == "standalone":
        stopService(pidfile="/run/nut/upsd.pid")
        run("/sbin/upsdrvctl stop")

def status():
    return isServiceRunning("/run/upsmon.pid")
