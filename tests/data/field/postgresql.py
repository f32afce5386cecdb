# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "PostgreSQL database server",
                 "tr": "PostgreSQL veritabanı sunucusu"})
serviceDefault = "off"
serviceConf = "postgresql"

PGDATA = config.get("PGDATA", "/var/lib/postgresql/data")
PGUSER = config.get("PGUSER", "postgres")
PGOPTS = config.get("PGOPTS", "")

MSG_ERR_INITDB = _({"en": "The database could not be created: %s",
                    "tr": "Veritabanı oluşturulamadı: %s"})

def initdb():
    if os.path.exists(PGDATA + "/base"):
        return
    if not os.path.isdir(PGDATA):
        os.makedirs(PGDATA)
    user = pwd.getpwnam(PGUSER)
    os.chown(PGDATA, user.pw_uid, user.pw_gid)
    os.chmod(PGDATA, 0700)
    ret = os.system("/bin/su %s -s /bin/sh -c '/usr/bin/initdb --pgdata %s' >/dev/null" % (PGUSER, PGDATA))
    if ret:
        fail(MSG_ERR_INITDB % `ret`)

@synchronized
def start():
    initdb()
    os.environ["PGDATA"] = PGDATA
    startService(command="/usr/bin/pg_ctl",
                 args="start -w -s -D %s -o '%s'" % (PGDATA, PGOPTS),
                 pidfile=PGDATA + "/postmaster.pid",
                 chuid=PGUSER,
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/pg_ctl",
                args="stop -D %s -s -m fast" % PGDATA,
                chuid=PGUSER,
                donotify=True)

def reload():
    os.system("/bin/su %s -s /bin/sh -c '/usr/bin/pg_ctl reload -D %s'" % (PGUSER, PGDATA))

def status():
    return isServiceRunning(PGDATA + "/postmaster.pid")
