# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "Apache web server",
                 "tr": "Apache web sunucusu"})

PIDFILE = "/run/apache2/apache2.pid"
APACHECTL = "/usr/sbin/apachectl"

def options():
    opts = config.get("APACHE2_OPTS", "")
    if config.get("SSL", "no").lower() in ("yes", "true", "1"):
        opts += " -D SSL"
    return opts

@synchronized
def start():
    ret = run("%s configtest %s" % (APACHECTL, options()))
    if ret != 0:
        fail(ret.stderr)
    startService(command=APACHECTL,
                 args="start %s" % options(),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(command=APACHECTL,
                args="stop",
                donotify=True)

def reload():
    ret = run(APACHECTL, "graceful")
    if ret != 0:
        fail(ret.stderr)

def status():
    return isServiceRunning(PIDFILE)
