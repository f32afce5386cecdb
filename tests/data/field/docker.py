# SPDX-License-Identifier: MIT
from comar.service import *
import os

serviceType = "server"
serviceDesc = _({"en": "Containers",
                 "tr": "Konteynerler"})
serviceDefault = "off"
serviceConf = "docker"

MSG_NOT_READY = _({"en": "Docker does not answer",
                   "tr": "Docker yanıt vermiyor"})

@synchronized
def start():
    startDependencies("iptables")
    os.makedirs("/var/lib/docker", mode=0o711, exist_ok=True)
    startService(command="/usr/bin/dockerd",
                 args="-H unix:///run/docker.sock -p /run/docker.pid --log-level %s %s" % (
                     config.get("LOG_LEVEL", "warn"), config.get("DOCKER_OPTS", "")),
                 pidfile="/run/docker.pid",
                 detach=True,
                 donotify=True)
    if not waitBus("/run/docker.sock", timeout=60, wait=0.05):
        fail(MSG_NOT_READY)

@synchronized
def stop():
    stopService(pidfile="/run/docker.pid", donotify=True)

def reload():
    with open("/run/docker.pid") as pidfile:
        os.kill(int(pidfile.readline()), signal.SIGHUP)

def status():
    return isServiceRunning("/run/docker.pid")
