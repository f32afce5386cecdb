# SPDX-License-Identifier: MIT
"""The Service API: what a service script gets from `from comar.service import *`.

A script defines any of start(), stop(), reload() and status(), and uses these to do the work:

    serviceType = "server"
    serviceDesc = _({"en": "Web server", "tr": "Web sunucusu"})

    from comar.service import *

    @synchronized
    def start():
        startService(command="/usr/sbin/nginx", pidfile="/run/nginx.pid", donotify=True)

    @synchronized
    def stop():
        stopService(pidfile="/run/nginx.pid", donotify=True)

    def status():
        return isServiceRunning("/run/nginx.pid")

info(), ready(), setState() and registerState() come along too; a script's own definition of one of
them wins. So do the modules os, signal, time, subprocess, shlex, socket, fcntl, termios, pwd, grp.

Optional variables say how the service is kept running, when it is ready and what its programs run in;
they are read without running the script, so their values are written out (comar-script(5), SETTINGS):

    serviceRestart = "on-failure"                        # "no", "on-failure", "always"
    serviceRestartDelay, serviceRestartMaxDelay = 0, 60  # seconds
    serviceRestartLimit = (10, 60)                       # count, seconds; or "for ever"
    serviceRestartReset = 10                             # seconds
    serviceReadiness = "tcp:8080"                        # "exit", "pidfile", "notify", "fd:3",
                                                         # "unix:/run/x", "http://…", a function
    serviceReadyTimeout = 60                             # seconds
    serviceHealth = {"check": "/usr/bin/probe", "every": 30, "timeout": 10, "failures": 3,
                     "then": "restart"}                  # or "report"
    serviceWatchdog = 30                                 # seconds
    serviceStopTimeout = 10                              # seconds
    serviceKillMode = "sessions"                         # "sessions", "all", "none"
    serviceEnvironment = {"PORT": "8080"}
    serviceEnvironmentFile = ["-/etc/default/web"]       # "-": optional
    serviceDirectory = "/srv/web"
    serviceUmask = 0o027
    serviceLimits = {"nofile": (1024, 4096), "core": "unlimited"}
    serviceNice = 5
    serviceOomScoreAdj = -500
    serviceGroups = ["audio"]
    serviceLog = "file"                                  # "file", "journal", "syslog"

And how it relates to other services: each is one name or a list of names.

    serviceRequires = ["database"]                       # started, and ready, before
    serviceWants = "mailer"                              # the same, but its failure does not matter
    serviceAfter = ["network", "logger"]                 # after these, if they start at all
    serviceBefore = "login"
    serviceConflicts = "otherweb"                        # starting one stops the other
    serviceProvides = ["webserver"]                      # other names that others may require
    serviceRequirementLost = "stop"                      # or "mark"

What scripts find as builtins, such as `_` and fail(), is in comar.builtins. To import a script
outside of comar, say in a unit test, call comar.builtins.install() first.
"""

import fcntl
import grp
import os
import pwd
import shlex
import signal
import socket
import subprocess
import termios
import time

from comar._bus import waitBus
from comar._commands import execReply, run
from comar._config import config, loadConfig, loadEnvironment
from comar._defaults import info, is_on, ready, registerState, setState
from comar._dependencies import startDependencies, stopDependencies
from comar._locks import FileLock, synchronized
from comar._messages import CallError
from comar._start import startService
from comar._status import checkDaemon, isServiceRunning
from comar._stop import stopService

__all__ = [
    "FileLock",
    "checkDaemon",
    "config",
    "execReply",
    "fcntl",
    "grp",
    "info",
    "isServiceRunning",
    "is_on",
    "loadConfig",
    "loadEnvironment",
    "os",
    "pwd",
    "ready",
    "registerState",
    "run",
    "setState",
    "shlex",
    "signal",
    "socket",
    "startDependencies",
    "startService",
    "stopDependencies",
    "stopService",
    "subprocess",
    "synchronized",
    "termios",
    "time",
    "waitBus",
]
