# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Kerberos authentication",
                 "tr": "Kerberos kimlik doğrulaması"})
serviceDefault = "off"

from comar.service import *
import os

DAEMONS = ("krb5kdc", "kadmind")

MSG_NO_REALM = _({"en": "There is no realm yet, create one with kdb5_util",
                  "tr": "Henüz bölge yok, kdb5_util ile oluşturun"})

def pidfile(name):
    return "/run/krb5/%s.pid" % name

@synchronized
def start():
    if not os.path.exists("/var/lib/krb5kdc/principal"):
        fail(MSG_NO_REALM)
    for name in DAEMONS:
        startService(command="/usr/sbin/" + name,
                     args="-n",
                     pidfile=pidfile(name),
                     detach=True,
                     makepid=True,
                     donotify=True)

@synchronized
def stop():
    for name in reversed(DAEMONS):
        stopService(pidfile=pidfile(name), command="/usr/sbin/" + name, donotify=True)

def status():
    for name in DAEMONS:
        if not isServiceRunning(pidfile(name)):
            return False
    return True
