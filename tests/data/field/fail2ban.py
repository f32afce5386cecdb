# SPDX-License-Identifier: MIT
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "Bans hosts that fail to log in",
                 "tr": "Oturum açamayan makineleri engeller"})
serviceDefault = "off"

CLIENT = "/usr/bin/fail2ban-client"

@synchronized
def start():
    # Öldürülen sunucu soketini geride bırakır.
    if os.path.exists("/run/fail2ban/fail2ban.sock") and not status():
        os.unlink("/run/fail2ban/fail2ban.sock")
    startService(command=CLIENT, args="start", donotify=True)
    if not waitBus("/run/fail2ban/fail2ban.sock"):
        fail("fail2ban-server does not answer")

@synchronized
def stop():
    stopService(command=CLIENT, args="stop", donotify=True)

def reload():
    ret = run(CLIENT, "reload")
    if ret != 0:
        fail(ret.stderr)

def status():
    return run(CLIENT, "ping") == 0
