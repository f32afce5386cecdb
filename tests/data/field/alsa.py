serviceType = "script"
serviceDesc = _({"en": "Sound levels", "tr": "Ses düzeyleri"})

from comar.service import *

STATE = "/etc/asound.state"

def cards():
    try:
        lines = file("/proc/asound/cards").readlines()
    except IOError, e:
        print "no sound:", e
        return []
    return filter(lambda x: "[" in x, lines)

def start(boot=False):
    if len(cards()) == 0:
        return
    ret = run("/usr/sbin/alsactl", "restore")
    if ret != 0 and not boot:
        fail(ret.stderr)

def stop():
    run("/usr/sbin/alsactl", "store")
    os.chmod(STATE, 0644)
