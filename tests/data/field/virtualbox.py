# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "VirtualBox kernel modules",
                 "tr": "VirtualBox çekirdek modülleri"})
serviceDefault = "on"

from comar.service import *
import os

MODULES = ["vboxdrv", "vboxnetflt", "vboxnetadp"]

def loaded():
    lines = os.popen("/sbin/lsmod").readlines()
    return [x.split()[0] for x in lines]

@synchronized
def start():
    for module in MODULES:
        if os.system("/sbin/modprobe " + module) != 0:
            fail(_({"en": "Cannot load " + module, "tr": module + " yüklenemiyor"}))
    notify("System.Service", "Changed", (package(), "started"))

@synchronized
def stop():
    for module in MODULES[::-1]:
        if module in loaded():
            run("/sbin/rmmod", module)
    notify("System.Service", "Changed", (package(), "stopped"))

def status():
    return "vboxdrv" in loaded()
