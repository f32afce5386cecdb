import sys
from comar.service import *

serviceType = "script"
serviceDesc = _({"en": "Packet filter", "tr": "Paket süzgeci"})

RULES = eval(config.get("RULES", "{'input': 'DROP', 'forward': 'DROP'}"))

def rule(chain, target):
    print >>sys.stderr, "chain", chain, "is", target
    if os.system("/sbin/iptables -P %s %s" % (chain.upper(), target)):
        raise "ChainError", chain

@synchronized
def start():
    for chain, target in RULES.items():
        rule(chain, target)
    file("/var/run/firewall", "w").write("on\n")

@synchronized
def stop():
    for chain in RULES.keys():
        rule(chain, "ACCEPT")
    os.unlink("/var/run/firewall")

def status():
    try:
        return file("/var/run/firewall").read().strip() == "on"
    except:
        return False
