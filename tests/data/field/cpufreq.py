serviceType = "local"
serviceDesc = _({"en": "CPU frequency", "tr": "İşlemci hızı"})
serviceDefault = "conditional"

from comar.service import *
import commands

def modules():
    kernel = commands.getoutput("uname -r").strip()
    return [m for m in os.listdir("/lib/modules/%s" % kernel) if m.startswith("cpufreq")]

def ready():
    status = is_on()
    if status == "on" or (status == "conditional" and modules()):
        start()

@synchronized
def start():
    governor = config.get("GOVERNOR", "ondemand")
    for i in xrange(int(config.get("CPUS", "1"))):
        path = "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor" % i
        try:
            f = file(path, "w")
            f.write(governor)
            f.close()
        except (IOError, OSError), e:
            raise Exception, "cannot set governor: %s" % e
    notify("System.Service", "Changed", (script(), "started"))

@synchronized
def stop():
    notify("System.Service", "Changed", (script(), "stopped"))

def status():
    return os.path.exists("/sys/devices/system/cpu/cpu0/cpufreq")
