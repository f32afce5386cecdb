# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "Anonymizing network",
                 "tr": "Anonimleştirme ağı"})

USER = config.get("TOR_USER", "tor")

def make_folders():
    entry = pwd.getpwnam(USER)
    for path in ("/run/tor", "/var/lib/tor"):
        if not os.path.isdir(path):
            os.mkdir(path)
        os.chmod(path, 0700)
        os.chown(path, entry.pw_uid, entry.pw_gid)

@synchronized
def start():
    make_folders()
    ret = run("/usr/bin/tor --verify-config -f /etc/tor/torrc")
    if ret <> 0:
        fail(ret.stderr)
    startService(command="/usr/bin/tor",
                 args="--RunAsDaemon 1 -f /etc/tor/torrc --PidFile /run/tor/tor.pid",
                 pidfile="/run/tor/tor.pid",
                 chuid=USER,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/tor/tor.pid", donotify=True)

def reload():
    os.kill(int(open("/run/tor/tor.pid").read()), signal.SIGHUP)

def status():
    return isServiceRunning("/run/tor/tor.pid")
