serviceType = "server"
serviceDesc = _({"en": "Proxy", "tr": "Vekil sunucu"})

from comar.service import *

@synchronized
def start():
    # To be written.

@synchronized
def stop():
    print "stopping"
    stopService(pidfile="/var/run/proxy.pid", donotify=True)

def status():
    return isServiceRunning("/var/run/proxy.pid")
