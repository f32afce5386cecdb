# SPDX-License-Identifier: MIT
"""The OpenSSH server: makes the host's keys at the first start, checks its settings before each.

/etc/conf.d/sshd, optional:

    options="-o UseDNS=no"
"""

serviceType = "server"
serviceDesc = _({"en": "Secure shell server",
                 "tr": "Güvenli kabuk sunucusu"})
serviceDefault = "on"

from comar.service import *

SSHD = "/usr/sbin/sshd"
PIDFILE = "/run/sshd.pid"


def check():
    """A mistake in sshd_config must not lock out the administrator: ask before anything stops."""
    reply = run(SSHD, "-t")
    if reply != 0:
        fail(reply.stderr)


def make_keys():
    if run("/usr/bin/ssh-keygen", "-A") != 0:    # those that are missing, of every kind
        fail(_({"en": "The keys of this host cannot be made",
                "tr": "Bu bilgisayarın anahtarları oluşturulamadı"}))


@synchronized
def start():
    os.makedirs("/run/sshd", exist_ok=True)
    make_keys()
    check()
    startService(command=SSHD, args=config.get("options"), pidfile=PIDFILE, donotify=True)


@synchronized
def stop():
    # By pid file, so only the one that listens: who is logged in stays.
    stopService(pidfile=PIDFILE, donotify=True)


def reload():
    check()
    stopService(pidfile=PIDFILE, signalno=signal.SIGHUP)


def status():
    return isServiceRunning(PIDFILE)
