# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "local"
serviceDesc = _({"en": "Mail retrieval",
                 "tr": "Posta alımı"})
serviceDefault = "off"
serviceConf = "fetchmail"

RC = "/etc/fetchmailrc"

MSG_NO_RC = _({"en": "%s does not exist",
               "tr": "%s bulunmuyor"})

def secure():
    if not os.path.exists(RC):
        fail(MSG_NO_RC % RC)
    # Parolalar içerir.
    os.chown(RC, pwd.getpwnam("fetchmail")[2], -1)
    os.chmod(RC, 0600)

@synchronized
def start():
    secure()
    startService(command="/usr/bin/fetchmail",
                 args="-d %s --fetchmailrc %s --pidfile /run/fetchmail/fetchmail.pid"
                      % (config.get("POLLING_PERIOD", "300"), RC),
                 pidfile="/run/fetchmail/fetchmail.pid",
                 chuid="fetchmail",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/fetchmail",
                args="--quit --pidfile /run/fetchmail/fetchmail.pid",
                chuid="fetchmail",
                donotify=True)

def status():
    return isServiceRunning("/run/fetchmail/fetchmail.pid")
