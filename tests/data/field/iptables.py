# SPDX-License-Identifier: MIT
# -*- coding: utf-8 -*-
serviceType = "local"
serviceDesc = _({"en": "Firewall rules",
                 "tr": "Güvenlik duvarı kuralları"})
serviceDefault = "on"
serviceConf = "iptables"

from comar.service import *
import os
import subprocess

RULES = config.get("IPTABLES_SAVE", "/var/lib/iptables/rules-save")
PORTS = eval(config.get("OPEN_PORTS", "[]"))

def chains():
    output = subprocess.Popen(["/sbin/iptables", "-S"], stdout=subprocess.PIPE).communicate()[0]
    return [line for line in output.split("\n") if line.startswith("-A")]

def forwarding(value):
    if config.get("FORWARD", "no") == "yes":
        file("/proc/sys/net/ipv4/ip_forward", "w").write(value)

@synchronized
def start():
    if status():
        return
    if os.system("/sbin/iptables-restore < %s" % RULES) != 0:
        fail({"en": "Cannot load the rules", "tr": "Kurallar yüklenemiyor"})
    for port in PORTS:
        run("/sbin/iptables", "-A", "INPUT", "-p", "tcp", "--dport", `port`, "-j", "ACCEPT")
    forwarding("1")
    notify("System.Service", "Changed", (script(), "started"))

@synchronized
def stop():
    if config.get("SAVE_ON_STOP", "no") == "yes":
        os.system("/sbin/iptables-save > %s" % RULES)
    forwarding("0")
    run("/sbin/iptables -F")
    notify("System.Service", "Changed", (script(), "stopped"))

def status():
    return len(chains()) > 0
