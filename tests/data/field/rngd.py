# SPDX-License-Identifier: MIT
from comar.service import *
import os

serviceType = "local"
serviceDesc = _({"en": "Hardware random numbers",
                 "tr": "Donanımsal rastgele sayılar"})

device = config.get("DEVICE", "/dev/hwrng")

@synchronized
def start():
    if not os.path.exists(device):
        fail(_({"en": "There is no random number generator at " + device,
                "tr": device + " konumunda rastgele sayı üreteci yok"}))
    startService(command="/sbin/rngd",
                 args=["-f", "-r", device],
                 pidfile="/run/rngd.pid",
                 detach=True,
                 makepid=True,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/rngd.pid", donotify=True)

def status():
    return isServiceRunning("/run/rngd.pid")
