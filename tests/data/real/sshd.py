# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Secure shell server",
                 "tr": "Güvenli kabuk sunucusu"})
serviceDefault = "on"
serviceConf = "sshd"

import os

from comar.service import *

PIDFILE = "/run/sshd.pid"

MSG_KEYGEN = _({"en": "Cannot create the host key of type %s",
                "tr": "%s türündeki sunucu anahtarı oluşturulamıyor"})

def check_config():
    ret = run("/usr/sbin/sshd -t")
    if ret != 0:
        fail(ret.stderr)

def generate_keys():
    for kind in "ecdsa", "ed25519":
        key = "/etc/ssh/ssh_host_%s_key" % kind
        if not os.path.exists(key):
            if run("/usr/bin/ssh-keygen", "-q", "-t", kind, "-f", key, "-N", "") != 0:
                fail(MSG_KEYGEN % kind)

@synchronized
def start():
    if not os.path.isdir("/run/sshd"):
        os.makedirs("/run/sshd", 0o755)
    generate_keys()
    check_config()
    startService(command="/usr/sbin/sshd",
                 args=config.get("SSHD_OPTS", ""),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def reload():
    check_config()
    stopService(pidfile=PIDFILE, signalno=signal.SIGHUP)

def status():
    return isServiceRunning(PIDFILE)
