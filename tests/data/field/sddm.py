# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Graphical login screen",
                 "tr": "Görsel giriş ekranı"})
serviceDefault = "on"
serviceConf = "sddm"

PIDFILE = "/run/sddm.pid"

def ready():
    if is_on() == "off":
        return
    # Açılış parametresi: xorg=off
    if "xorg=off" in open("/proc/cmdline").read().split():
        return
    start(boot=True)

@synchronized
def start(boot=False):
    startDependencies("acpid", "dbus")
    loadEnvironment()
    if not boot:
        run("/usr/bin/plymouth quit")
    os.makedirs("/run/sddm", mode=0o711, exist_ok=True)
    startService(command="/usr/bin/sddm",
                 pidfile=PIDFILE,
                 makepid=True,
                 detach=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def status():
    return isServiceRunning(PIDFILE)
