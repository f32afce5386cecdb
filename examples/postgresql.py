# SPDX-License-Identifier: MIT
"""PostgreSQL, and in front of it, if wanted, the connection pooler pgbouncer.

Makes the database cluster at the first start.

/etc/conf.d/postgresql, all of it optional, here with the defaults:

    data=/var/lib/postgresql/data
    options=""                   # such as "-c listen_addresses=localhost"
    pooler=no                    # yes: start pgbouncer too
"""

import glob

serviceType = "server"
serviceDesc = _({"en": "PostgreSQL database server",
                 "tr": "PostgreSQL veritabanı sunucusu"})

from comar.service import *

USER = "postgres"
DATA = config.get("data", "/var/lib/postgresql/data")
# The first line of this file is the pid; comar does not mind the others.
PIDFILE = DATA + "/postmaster.pid"

POOLER = "/usr/sbin/pgbouncer"
POOLER_PIDFILE = "/run/postgresql/pgbouncer.pid"


def program(name):
    """The path of a program of the newest version that is installed."""
    def version(path):
        return float(path.split("/")[4])

    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name), key=version)
    if not found:
        fail(_({"en": "PostgreSQL is not installed",
                "tr": "PostgreSQL kurulu değil"}))
    return found[-1]


def make_folders():
    for folder, mode in (("/run/postgresql", "2775"), (DATA, "700")):
        run("install", "-d", "-o", USER, "-g", USER, "-m", mode, folder)


def make_cluster():
    if not os.path.exists(DATA + "/PG_VERSION"):
        reply = run("runuser", "-u", USER, "--", program("initdb"), "-D", DATA, "-A", "peer")
        if reply != 0:
            fail(reply.stderr)


@synchronized
def start():
    make_folders()
    make_cluster()
    # -w: pg_ctl waits until the server accepts connections.
    startService(command=program("pg_ctl"),
                 args=["start", "-w", "-D", DATA, "-l", DATA + "/server.log",
                       "-o", config.get("options", "")],
                 pidfile=PIDFILE,
                 chuid=USER,
                 donotify=True)
    if config.get("pooler") == "yes":
        startService(command=POOLER,
                     args="-d /etc/pgbouncer/pgbouncer.ini",
                     pidfile=POOLER_PIDFILE,
                     chuid=USER)


@synchronized
def stop():
    # In the other order, so that nobody asks a server that is gone.
    stopService(pidfile=POOLER_PIDFILE, command=POOLER)
    stopService(command=program("pg_ctl"),
                args=["stop", "-m", "fast", "-D", DATA],
                chuid=USER,
                donotify=True)


def reload():
    stopService(pidfile=PIDFILE, signalno=signal.SIGHUP)


def status():
    return isServiceRunning(PIDFILE)
