serviceType = "local"
serviceDesc = _({"en": "Devices", "tr": "Aygıtlar"})
serviceDefault = "on"

from comar.service import *
import urllib, urllib2
from StringIO import StringIO

def settings():
    "Reads /etc/udev/udev.conf, which looks like conf.d."
    text = StringIO(file("/etc/udev/udev.conf").read())
    exec "level = %d" % 0x10L in globals()
    return dict([line.strip().split("=", 1) for line in text if "=" in line])

def fetch(name):
    try:
        return urllib2.urlopen("http://localhost/" + urllib.quote(name)).read()
    except (urllib2.HTTPError, urllib2.URLError), e:
        print("not there", repr(e))
        print "giving up"

@synchronized
def start():
    mask = os.umask(022)
    try:
        startService(command="/sbin/udevd", args="--daemon", donotify=True)
        assert type(mask) in (int, long), "mask"
    finally:
        os.umask(mask)

@synchronized
def stop():
    stopService(command="/sbin/udevd", donotify=True)

def status():
    return isServiceRunning(command="/sbin/udevd")
