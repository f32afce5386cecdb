# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Wireless network authentication",
                 "tr": "Kablosuz ağ kimlik doğrulaması"})

def interfaces():
    return config.get("INTERFACES", "wlan0").split()

@synchronized
def start():
    for interface in interfaces():
        driver = config.get("DRIVER_%s" % interface, config.get("DRIVER", "nl80211"))
        startService(command="/usr/sbin/wpa_supplicant",
                     args="-B -D %s -i %s -c /etc/wpa_supplicant.conf -P /run/wpa_supplicant-%s.pid" % (
                         driver, interface, interface),
                     pidfile="/run/wpa_supplicant-%s.pid" % interface,
                     donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/wpa_supplicant", donotify=True)

def status():
    return isServiceRunning(command="/usr/sbin/wpa_supplicant")
