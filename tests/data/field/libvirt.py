# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "server"
serviceDesc = _({"en": "Virtualization management",
                 "tr": "Sanallaştırma yönetimi"})
serviceConf = "libvirtd"

import os

from comar.service import *

# Sıra önemli: libvirtd, günlük ve kilit sunucularını arar.
DAEMONS = ["virtlogd", "virtlockd", "libvirtd"]

def pidfile(name):
    return "/run/%s.pid" % name

def check_environment():
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        return
    if config.get("NEED_KVM", "no") == "yes":
        fail({"en": "This computer cannot run virtual machines",
              "tr": "Bu bilgisayar sanal makine çalıştıramıyor"})

@synchronized
def start():
    check_environment()
    startDependencies("dbus", "iptables")
    for name in DAEMONS:
        args = "-d -p %s" % pidfile(name)
        if name == "libvirtd":
            args += " " + config.get("LIBVIRTD_ARGS", "")
        startService(command="/usr/sbin/%s" % name,
                     args=args,
                     pidfile=pidfile(name),
                     donotify=(name == "libvirtd"))
    if config.get("DEFAULT_NETWORK", "yes") == "yes":
        # Sanal ağın DHCP ve DNS sunucusu
        os.system("/usr/bin/virsh net-start default >/dev/null 2>&1")

@synchronized
def stop():
    os.system("/usr/bin/virsh net-destroy default >/dev/null 2>&1")
    for name in DAEMONS[::-1]:
        stopService(pidfile=pidfile(name), donotify=(name == "libvirtd"))

def reload():
    for name in DAEMONS:
        os.kill(int(file(pidfile(name)).read()), signal.SIGHUP)

def status():
    return isServiceRunning(pidfile("libvirtd"))
