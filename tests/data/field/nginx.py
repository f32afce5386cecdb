# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Nginx web server",
                 "tr": "Nginx web sunucusu"})

from comar.service import *
import os

@synchronized
def start():
    startService(command="/usr/sbin/nginx",
                 args="-c %s" % config.get("NGINX_CONF", "/etc/nginx/nginx.conf"),
                 pidfile="/run/nginx.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/sbin/nginx",
                args="-s stop",
                donotify=True)

def reload():
    if run("/usr/sbin/nginx -t") == 0:
        os.kill(int(open("/run/nginx.pid").read()), signal.SIGHUP)

def status():
    return isServiceRunning("/run/nginx.pid")
