# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
import os

from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Num Lock on the consoles",
                 "tr": "Konsollarda Num Lock"})
serviceDefault = "off"

TTYS = config.get("TTYS", "1 2 3 4 5 6").split()

def setleds(state):
    for i in TTYS:
        if os.system("/usr/bin/setleds -D %snum < /dev/tty%s" % (state, i)):
            print "tty", i, "has no Num Lock"

@synchronized
def start():
    setleds("+")

@synchronized
def stop():
    setleds("-")
