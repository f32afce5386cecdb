# SPDX-License-Identifier: MIT
serviceType = "local"
serviceDesc = _({"en": "Logical volumes",
                 "tr": "Mantıksal birimler"})
serviceDefault = "conditional"

from comar.service import *

def groups():
    return run("/sbin/vgs --noheadings -o name").stdout.split()

def ready():
    if is_on() != "off" and len(groups()) > 0:
        start()

@synchronized
def start():
    for group in groups():
        if run("/sbin/vgchange", "-a", "y", group) != 0:
            fail(_({"en": "Cannot activate volume group %s",
                    "tr": "%s birim grubu etkinleştirilemiyor"}) % group)

@synchronized
def stop():
    run("/sbin/vgchange -a n")
