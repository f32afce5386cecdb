# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Nginx web server",
                 "tr": "Nginx web sunucusu"})

from comar.service import *

PIDFILE = "/run/nginx.pid"

@synchronized
def start():
    ret = run("/usr/sbin/nginx -t -q")
    if ret != 0:
        fail(ret.stderr)
    startService(command="/usr/sbin/nginx",
                 args="-c %s" % config.get("NGINX_CONF", "/etc/nginx/nginx.conf"),
                 pidfile=PIDFILE,
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile=PIDFILE, donotify=True)

def reload():
    if run("/usr/sbin/nginx -t -q") == 0:
        os.kill(int(open(PIDFILE).read()), signal.SIGHUP)

def status():
    return isServiceRunning(PIDFILE)
