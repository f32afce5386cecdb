# SPDX-License-Identifier: MIT
"""OpenVPN: one process for each /etc/openvpn/NAME.conf, all of them one service."""

import glob

serviceType = "local"
serviceDesc = _({"en": "Virtual private networks",
                 "tr": "Sanal özel ağlar"})
serviceDefault = "conditional"

from comar.service import *

OPENVPN = "/usr/sbin/openvpn"
FOLDER = "/etc/openvpn"


def tunnels():
    """The names of the tunnels that are configured."""
    return sorted(os.path.basename(path)[:-len(".conf")] for path in glob.glob(FOLDER + "/*.conf"))


def pidfile(name):
    return "/run/openvpn-%s.pid" % name


@synchronized
def start():
    if not tunnels():
        fail(_({"en": "There is no tunnel in /etc/openvpn",
                "tr": "/etc/openvpn içinde tünel yok"}))
    for name in tunnels():
        # Those that run already are left alone: startService() looks at the pid file.
        reply = startService(command=OPENVPN,
                             args=["--daemon", "ovpn-" + name,
                                   "--cd", FOLDER,
                                   "--config", name + ".conf",
                                   "--writepid", pidfile(name)],
                             pidfile=pidfile(name))
        if reply:
            fail("%s: %s" % (name, reply.stderr))
    notify("System.Service", "Changed", (script(), "started"))


@synchronized
def stop():
    for name in tunnels():
        stopService(pidfile=pidfile(name), command=OPENVPN)
    notify("System.Service", "Changed", (script(), "stopped"))


def ready():
    """`conditional`: at boot it starts where there is something to start."""
    if is_on() == "on" or (is_on() == "conditional" and tunnels()):
        start()


def status():
    # all(), not any(): with one tunnel missing, start() has something to do.
    return bool(tunnels()) and all(isServiceRunning(pidfile(name)) for name in tunnels())
