# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "LDAP directory server",
                 "tr": "LDAP dizin sunucusu"})
serviceDefault = "off"
serviceConf = "slapd"

SOCKET = "/run/openldap/ldapi"

def change_owner(folder):
    entry = pwd.getpwnam("ldap")
    for root, dirs, files in os.walk(folder):
        for name in dirs + files:
            os.chown(os.path.join(root, name), entry.pw_uid, entry.pw_gid)

@synchronized
def start():
    change_owner("/var/lib/openldap-data")
    startService(command="/usr/libexec/slapd",
                 args="-u ldap -g ldap -f %s -h '%s' -d 0" % (
                     config.get("CONF", "/etc/openldap/slapd.conf"),
                     config.get("URLS", "ldap:/// ldapi://%2frun%2fopenldap%2fldapi")),
                 pidfile="/run/openldap/slapd.pid",
                 detach=True,
                 donotify=True)
    if not waitBus(SOCKET, timeout=30):
        fail({"en": "slapd does not answer", "tr": "slapd yanıt vermiyor"})

@synchronized
def stop():
    stopService(pidfile="/run/openldap/slapd.pid", donotify=True)

def status():
    return isServiceRunning("/run/openldap/slapd.pid")
