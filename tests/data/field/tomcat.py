# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "Tomcat application server",
                 "tr": "Tomcat uygulama sunucusu"})
serviceDefault = "off"
serviceConf = "tomcat"

from comar.service import *
import os

HOME = config.get("CATALINA_HOME", "/usr/share/tomcat")
BASE = config.get("CATALINA_BASE", HOME)
PIDFILE = "/run/tomcat.pid"

def classpath():
    jars = ["bootstrap.jar", "commons-daemon.jar", "tomcat-juli.jar"]
    return ":".join(["%s/bin/%s" % (HOME, jar) for jar in jars])

def java():
    loadEnvironment()
    if not os.environ.has_key("JAVA_HOME"):
        fail(_({"en": "JAVA_HOME is not set", "tr": "JAVA_HOME ayarlanmamış"}))
    return os.environ["JAVA_HOME"] + "/bin/java"

@synchronized
def start():
    startService(command=java(),
                 args=["-classpath", classpath(),
                       "-Dcatalina.home=" + HOME, "-Dcatalina.base=" + BASE]
                      + shlex.split(config.get("JAVA_OPTS", ""))
                      + ["org.apache.catalina.startup.Bootstrap", "start"],
                 pidfile=PIDFILE,
                 makepid=True,
                 detach=True,
                 chuid=config.get("TOMCAT_USER", "tomcat"),
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE)
