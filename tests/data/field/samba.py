serviceType = "server"
serviceDesc = _({"en": "SMB file sharing", "tr": "SMB dosya paylaşımı"})
serviceConf = "samba"

from comar.service import *
import subprocess

PROGRAMS = (("smbd", 0), ("nmbd", 0L), ("winbindd", 1))

def wanted((name, optional)):
    return not optional or config.get(name.upper(), "no") == "yes"

def pidfile(name):
    return "/var/run/samba/%s.pid" % name

@synchronized
def start():
    output = subprocess.Popen(["/usr/bin/testparm", "-s"], stdout=subprocess.PIPE).communicate()[0]
    if "Error" in output:
        fail({"en": "The settings are wrong", "tr": "Ayarlar hatalı"})
    for program in filter(wanted, PROGRAMS):
        startService(command="/usr/sbin/" + program[0], args="-D", pidfile=pidfile(program[0]))
    notify("System.Service", "Changed", (script(), "started"))

@synchronized
def stop():
    names = map(lambda program: program[0], PROGRAMS)
    names.reverse()
    for name in names:
        stopService(pidfile=pidfile(name))
    notify("System.Service", "Changed", (script(), "stopped"))

def reload():
    for name, optional in PROGRAMS:
        stopService(pidfile=pidfile(name), signalno=signal.SIGHUP)

def status():
    return isServiceRunning(pidfile("smbd")) and isServiceRunning(pidfile("nmbd"))
