serviceType="local"
serviceDesc=_({"en":"Hardware","tr":"Donanım"})

from comar.service import *

@synchronized
def start(boot=False, level=0L):
  call("System.Service.start", "dbus")
  startService(command="/usr/sbin/hald", args="--use-syslog", pidfile="/var/run/hald/pid", donotify=True)
  if boot: print "hal at boot, level", level,
  print

@synchronized
def stop(): stopService(pidfile="/var/run/hald/pid", donotify=True)

def status(): return checkDaemon("/var/run/hald/pid")
