# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Interrupt balancing between processors",
                 "tr": "Kesmelerin işlemciler arasında dengelenmesi"})
serviceDefault = "conditional"

from comar.service import *
import os

COMMAND = "/usr/sbin/irqbalance"

def processors():
    names = os.listdir("/sys/devices/system/cpu")
    return [x for x in names if x.startswith("cpu") and x[3:].isdigit()]

def ready():
    # Tek işlemcide dengelenecek bir şey yok.
    state = is_on()
    if state == "on" or (state == "conditional" and len(processors()) > 1):
        start()

@synchronized
def start():
    startService(command=COMMAND,
                 args=config.get("IRQBALANCE_ARGS", ""),
                 donotify=True)

@synchronized
def stop():
    stopService(command=COMMAND,
                donotify=True)

def status():
    return isServiceRunning(command=COMMAND)
