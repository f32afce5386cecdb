# -*- coding: utf-8 -*-

from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Virus scanner", "tr": "Virüs tarayıcı"})
serviceDefault = "off"

PIDFILE = "/var/run/clamav/clamd.pid"
MSG_NO_DATABASE = _({"en": "There are no virus definitions in %s",
                     "tr": "%s içinde virüs tanımı yok"})

def check_database():
    folder = config.get("DATABASE", "/var/lib/clamav")
    found = [x for x in os.listdir(folder) if x.endswith(".cvd") or x.endswith(".cld")]
    if found == []:
        fail(MSG_NO_DATABASE % folder)

@synchronized
def start():
    check_database()
    if not os.path.exists("/var/run/clamav"):
        os.mkdir("/var/run/clamav", 0755)
    startService(command="/usr/sbin/clamd",
                 pidfile=PIDFILE,
                 chuid="clamav:clamav",
                 nice=5,
                 donotify=True)
    if config.get("FRESHCLAM", "no") <> "no":
        startService(command="/usr/bin/freshclam",
                     args=["-d", "-c", `config.get("CHECKS", 12)`],
                     pidfile="/var/run/clamav/freshclam.pid")

@synchronized
def stop():
    stopService(pidfile="/var/run/clamav/freshclam.pid")
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE)
