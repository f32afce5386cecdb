# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "local"
serviceDesc = _({"en": "Console mouse",
                 "tr": "Konsol faresi"})
serviceDefault = "on"

from comar.service import *

MSG_NO_DEVICE = _({"en": "MOUSEDEV is not set in /etc/conf.d/gpm",
                   "tr": "/etc/conf.d/gpm içinde MOUSEDEV ayarlanmamış"})

@synchronized
def start():
    if not config.has_key("MOUSEDEV"):
        fail(MSG_NO_DEVICE)
    args = "-m %s -t %s" % (config["MOUSEDEV"], config.get("MOUSE", "imps2"))
    if config.get("RESPONSIVENESS", ""):
        args += " -r %s" % config["RESPONSIVENESS"]
    if config.get("REPEAT_TYPE", ""):
        args += " -R%s" % config["REPEAT_TYPE"]
    startService(command="/usr/sbin/gpm",
                 args=args,
                 pidfile="/run/gpm.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/gpm.pid", donotify=True)

def status():
    return isServiceRunning("/run/gpm.pid")
