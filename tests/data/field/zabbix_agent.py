# SPDX-License-Identifier: MIT
serviceType = "server"
serviceDesc = _({"en": "Zabbix monitoring agent",
                 "tr": "Zabbix izleme aracısı"})
serviceDefault = "off"

from comar.service import *

@synchronized
def start():
    startService(command="/usr/sbin/zabbix_agentd",
                 args="-c /etc/zabbix/zabbix_agentd.conf",
                 pidfile="/run/zabbix/zabbix_agentd.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(pidfile="/run/zabbix/zabbix_agentd.pid",
                donotify=True)

def status():
    return isServiceRunning("/run/zabbix/zabbix_agentd.pid")
