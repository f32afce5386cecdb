# SPDX-License-Identifier: MIT
from comar.service import *

serviceType = "server"
serviceDesc = _({"en": "PHP for web servers",
                 "tr": "Web sunucuları için PHP"})
serviceConf = "php-fpm"

@synchronized
def start():
    startService(command="/usr/sbin/php-fpm",
                 args="--daemonize --fpm-config %s --pid /run/php-fpm.pid"
                      % config.get("FPM_CONFIG", "/etc/php/php-fpm.conf"),
                 pidfile="/run/php-fpm.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/php-fpm.pid", donotify=True)

def reload():
    # USR2: ana süreç kalır, işçiler yenilenir
    pid = int(open("/run/php-fpm.pid").read().split()[0])
    os.kill(pid, signal.SIGUSR2)

def status():
    return isServiceRunning("/run/php-fpm.pid")
