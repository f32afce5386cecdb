# SPDX-License-Identifier: MIT
import os

from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Hardware sensors",
                 "tr": "Donanım algılayıcıları"})
serviceConf = "lm_sensors"

# MODULE_0=coretemp, MODULE_1=it87, ...
modules = [config[key] for key in sorted(config) if key.startswith("MODULE_")]

@synchronized
def start():
    for module in modules:
        os.system("/sbin/modprobe %s >/dev/null 2>&1" % module)
    os.system("/usr/bin/sensors -s")

@synchronized
def stop():
    for module in reversed(modules):
        os.system("/sbin/rmmod %s" % module)
