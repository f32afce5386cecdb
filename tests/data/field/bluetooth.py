from comar.service import *

serviceType = "local"
serviceDesc = _({"en": "Bluetooth", "tr": "Mavidiş", "de": u"Bluetooth-Dienst"})
serviceConf = "bluetooth"

def enabled(key):
	if not config.has_key(key):
	        return False
	return config[key].lower() in ("yes", "true")

@synchronized
def start():
	startDependencies("dbus", "hal")
	if enabled("HID2HCI_ENABLE"):
		run("/usr/sbin/hid2hci --tohci")
        startService(command="/usr/sbin/bluetoothd",
                     args=config.get("BLUETOOTHD_OPTIONS", ""),
                     donotify=True)

@synchronized
def stop():
        stopService(command="/usr/sbin/bluetoothd",
                    donotify=True)

def status():
	return isServiceRunning(command="/usr/sbin/bluetoothd")
