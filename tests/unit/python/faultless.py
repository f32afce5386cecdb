# SPDX-License-Identifier: MIT
"""A script without faults, and what its model asks for."""

METHODS = {
    "start": 0,
    "stop": 0,
    "reload": 0,
    "ready": 0,
    "setState": 1,
    "registerState": 0,
    "info": 0,
}

# The script of SPEC.md.
SERVER = '''\
serviceType = "server"
serviceDesc = _({"en": "Server",
                 "tr": "Sunucu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/bin/myserver",
                 args="start",
                 pidfile="/var/run/sunucu.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/myserver",
                args="stop",
                donotify=True)

def status():
    return isServiceRunning("/var/run/myserver.pid")
'''
