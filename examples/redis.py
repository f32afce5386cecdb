# SPDX-License-Identifier: MIT
"""Redis, in the foreground as far as it knows, with the data in a folder of its own.

/etc/conf.d/redis, all of it optional, here with the defaults:

    address=127.0.0.1
    port=6379
    user=redis                   # whose process it is when comard is root's
"""

serviceType = "server"
serviceDesc = _({"en": "Key-value database",
                 "tr": "Anahtar-değer veritabanı"})

from comar.service import *

REDIS = "/usr/bin/redis-server"

# "" on a system, the folder below which everything is under `comard --root`.
ROOT = config_datapath().removesuffix("/var/lib/comar")
DATA = ROOT + "/var/lib/redis"
SOCKET = DATA + "/redis.sock"
USER = config.get("user", "redis") if os.getuid() == 0 else None
# Not in a folder of that user: nobody else may say which process root is to stop.
PIDFILE = ROOT + "/run/redis.pid"


def make_folder():
    """`install -d` makes a folder, its parents, its owner and its mode at once."""
    owner = ["-o", USER] if USER else []
    reply = run(["install", "-d", "-m", "750"] + owner + [DATA])
    if reply != 0:
        fail(reply.stderr)


@synchronized
def start():
    make_folder()
    startService(command=REDIS,
                 args=["--bind", config.get("address", "127.0.0.1"),
                       "--port", config.get("port", "6379"),
                       "--dir", DATA,
                       "--unixsocket", SOCKET],
                 pidfile=PIDFILE,
                 makepid=True,
                 detach=True,
                 chuid=USER,
                 donotify=True)
    # `detach` returns at once. Who depends on Redis wants it to answer.
    if not waitBus(SOCKET, timeout=10):
        fail(_({"en": "Redis was started but does not answer",
                "tr": "Redis başlatıldı ama yanıt vermiyor"}))


@synchronized
def stop():
    # On SIGTERM Redis writes its data to disk; stopService() waits for that.
    stopService(pidfile=PIDFILE, donotify=True)


def status():
    return isServiceRunning(PIDFILE)
