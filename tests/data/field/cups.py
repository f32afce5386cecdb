serviceType = "local"
serviceDesc = _({"en": "Printing", "tr": "Yazdırma"})
serviceDefault = "conditional"

from comar.service import *

def has_printer():
    for name, value in config.iteritems():
        if name.startswith("PRINTER_") and isinstance(value, basestring):
            return True
    return len(config.keys()) > 0 and config.keys()[0] == "FORCE"

def ready():
    if is_on() == "conditional" and not has_printer():
        return
    if is_on() != "off":
        start()

@synchronized
def start():
    startDependencies("avahi")
    startService(command="/usr/sbin/cupsd", pidfile="/var/run/cupsd.pid", donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/cupsd", donotify=True)

def status():
    return isServiceRunning(command="/usr/sbin/cupsd")
