# SPDX-License-Identifier: MIT
"""Shows a folder to web browsers: a program that knows nothing of pid files or the background.

/etc/conf.d/webfiles, all of it optional, here with the defaults:

    address=127.0.0.1
    port=8000
    directory=/usr/share/doc     # what to show
    user=nobody                  # whose process it is when comard is root's
"""

serviceType = "server"
serviceDesc = _({"en": "Files on the web",
                 "tr": "Web üzerinden dosyalar"})

from comar.service import *

PYTHON = "/usr/bin/python3"
# "" on a system, the folder below which everything is under `comard --root`.
ROOT = config_datapath().removesuffix("/var/lib/comar")
PIDFILE = ROOT + "/run/webfiles.pid"
USER = config.get("user", "nobody") if os.getuid() == 0 else None


@synchronized
def start():
    startService(command=PYTHON,
                 args=["-m", "http.server", config.get("port", "8000"),
                       "--bind", config.get("address", "127.0.0.1"),
                       "--directory", config.get("directory", "/usr/share/doc")],
                 pidfile=PIDFILE,
                 makepid=True,    # comar writes the pid file,
                 detach=True,     # and leaves the program in the background
                 chuid=USER,
                 donotify=True)


@synchronized
def stop():
    stopService(pidfile=PIDFILE, command=PYTHON, donotify=True)


def status():
    # With `command`, a number in an old pid file that is another program's by now says no.
    return isServiceRunning(PIDFILE, command=PYTHON)
