serviceType = "local"
serviceDesc = _({"en": "Clock", "tr": "Saat eşzamanlama"})
serviceConf = "ntpd"

from comar.service import *

@synchronized
def start():
	options = config.get("NTPD_OPTS", "")
	user = config.get("USER", "")
	if user:
		options = "%s -u %s" % (options, user)
	if config.has_key("NTPDATE_SERVERS"):
		for server in config["NTPDATE_SERVERS"].split():
			if run("/usr/sbin/ntpdate", "-b", server) == 0:
				break
		else:
			print "no server answered"
	startService(command="/usr/sbin/ntpd",
	             args="%s -p /var/run/ntpd.pid" % options,
	             pidfile="/var/run/ntpd.pid",
	             donotify=True)

@synchronized
def stop():
	stopService(pidfile="/var/run/ntpd.pid", donotify=True)

def status():
	return isServiceRunning("/var/run/ntpd.pid")
