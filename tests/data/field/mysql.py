# -*- coding: utf-8 -*-
from comar.service import *
import pwd
import ConfigParser

serviceType = "server"
serviceDesc = _({"en": "MySQL database server",
                 "tr": "MySQL veritabanı sunucusu"})

MSG_ERR_MYSQLNOTINST = _({"en": "MySQL is not set up: run mysql_install_db",
                          "tr": "MySQL kurulmamış: mysql_install_db çalıştırın"})

def data_folder():
    parser = ConfigParser.ConfigParser()
    parser.read("/etc/mysql/my.cnf")
    if parser.has_option("mysqld", "datadir"):
        return unicode(parser.get("mysqld", "datadir"))
    return "/var/lib/mysql"

@synchronized
def start():
    data = data_folder()
    if not os.path.isdir(data + "/mysql"):
        fail(MSG_ERR_MYSQLNOTINST)
    os.chown(data, pwd.getpwnam("mysql").pw_uid, -1)
    os.chmod(data, 0700)
    startService(command="/usr/sbin/mysqld",
                 args="--datadir=%s" % data,
                 pidfile="/var/run/mysqld/mysqld.pid",
                 detach=True,
                 chuid="mysql",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/var/run/mysqld/mysqld.pid",
                signalno=signal.SIGTERM,
                donotify=True)

def status():
    return isServiceRunning("/var/run/mysqld/mysqld.pid", "/usr/sbin/mysqld")
