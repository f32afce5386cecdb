# -*- coding: utf-8 -*-
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Message bus", "tr": "İleti yolu"})
serviceDefault = "on"

PIDFILE = "/var/run/dbus/pid"

def unlink(path):
    try:
        os.unlink(path)
    except OSError, e:
        if e.errno != 2:
            raise

@synchronized
def start():
    unlink(PIDFILE)
    loadEnvironment()
    if not os.path.exists("/var/lib/dbus/machine-id"):
        run("/usr/bin/dbus-uuidgen --ensure")
    startService(command="/usr/bin/dbus-daemon",
                 args="--system",
                 pidfile=PIDFILE,
                 donotify=True)
    if not waitBus("/var/run/dbus/system_bus_socket", timeout=20):
        fail({"en": "The bus does not answer", "tr": "İleti yolu yanıt vermiyor"})
    call("hal", "System.Service", "start")

@synchronized
def stop():
    stopDependencies("hal")
    stopService(pidfile=PIDFILE, donotify=True)

def restart():
    stop()
    start()

def status():
    return isServiceRunning(PIDFILE)
