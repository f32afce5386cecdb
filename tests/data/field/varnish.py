# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Web accelerator",
                 "tr": "Web hızlandırıcı"})
serviceConf = "varnishd"

import os

from comar.service import *

SECRET = "/etc/varnish/secret"

def make_secret():
    if not os.path.exists(SECRET):
        f = open(SECRET, "w")
        f.write(os.urandom(16).hex() + "\n")
        f.close()
        os.chmod(SECRET, 0o600)

@synchronized
def start():
    make_secret()
    startService(command="/usr/sbin/varnishd",
                 args="-P /run/varnishd.pid -a %s -T %s -f %s -s %s -S %s" % (
                     config.get("LISTEN", ":80"),
                     config.get("MANAGEMENT", "localhost:6082"),
                     config.get("VCL", "/etc/varnish/default.vcl"),
                     config.get("STORAGE", "malloc,64M"),
                     SECRET),
                 pidfile="/run/varnishd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/varnishd.pid", donotify=True)

def status():
    return isServiceRunning("/run/varnishd.pid")
