# SPDX-License-Identifier: MIT
"""cron: the shortest useful script. Jobs may send mail, so a mail server is asked for first."""

serviceType = "local"
serviceDesc = _({"en": "Scheduled jobs",
                 "tr": "Zamanlanmış görevler"})
serviceDefault = "on"

from comar.service import *

CRON = "/usr/sbin/cron"
PIDFILE = "/run/crond.pid"


@synchronized
def start():
    # Never fails: where there is no such service, cron works without it.
    startDependencies("postfix")
    startService(command=CRON, pidfile=PIDFILE, donotify=True)


@synchronized
def stop():
    stopService(pidfile=PIDFILE, command=CRON, donotify=True)


def status():
    return isServiceRunning(PIDFILE, command=CRON)
