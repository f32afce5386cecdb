# A script that is Python 3 as well and must stay as it is, to the byte.
serviceType = "local"
serviceDesc = _({"en": "Graphical login", "tr": "Görsel giriş"})

from comar.service import *

@synchronized
def start():
    startDependencies("acpid", "hal")
    loadEnvironment()
    for file in ("/etc/X11/xorg.conf", "/etc/X11/xorg.conf.new"):
        print("looking at " + file)
    startService(command="/usr/bin/xdm",
                 pidfile="/var/run/xdm.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/var/run/xdm.pid", donotify=True)

def status():
    return isServiceRunning("/var/run/xdm.pid")
