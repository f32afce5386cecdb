# SPDX-License-Identifier: MIT
"""nginx, with a configuration that is made from a few settings.

/etc/conf.d/nginx, all of it optional, here with the defaults:

    address="*"                  # where to listen: everywhere
    port=80                      # 1024 and up when comard is not root's
    directory=/var/www/html      # what to show
"""

serviceType = "server"
serviceDesc = _({"en": "Web server",
                 "tr": "Web sunucusu"})

from comar.service import *

NGINX = "/usr/sbin/nginx"

# "" on a system, the folder below which everything is under `comard --root`.
ROOT = config_datapath().removesuffix("/var/lib/comar")
FOLDER = ROOT + "/run/comar-nginx"
PIDFILE = FOLDER + "/nginx.pid"
OPTIONS = ["-c", FOLDER + "/nginx.conf", "-e", FOLDER + "/error.log"]

CONFIGURATION = """\
%(user)s
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events { }
http {
    include /etc/nginx/mime.types;
    access_log %(folder)s/access.log;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen %(address)s:%(port)s;
        root %(site)s;
    }
}
"""


def configure():
    """Writes the configuration and lets nginx itself say whether it is right."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(FOLDER + "/nginx.conf", "w") as file:
        file.write(CONFIGURATION % {
            "user": "user www-data;" if os.getuid() == 0 else "",
            "folder": FOLDER,
            "site": config.get("directory", "/var/www/html"),
            "address": config.get("address", "*"),
            "port": config.get("port", "80"),
        })
    reply = run([NGINX, "-t", "-q"] + OPTIONS)
    if reply != 0:
        fail(reply.stderr)


@synchronized
def start():
    configure()
    # nginx goes to the background by itself, so there is no `detach`.
    startService(command=NGINX, args=OPTIONS, pidfile=PIDFILE, donotify=True)


@synchronized
def stop():
    # No `command` here and below: nginx gives its processes other names.
    stopService(pidfile=PIDFILE, donotify=True)


def reload():
    configure()
    stopService(pidfile=PIDFILE, signalno=signal.SIGHUP)


def status():
    return isServiceRunning(PIDFILE)
