# SPDX-License-Identifier: MIT
"""The daemons of test_real_daemons.py: what they need, and what proves that they work.

`run` is a Run of that test.
"""

import collections.abc
import os
import socket
from dataclasses import dataclass, field

from support.real_machine import TOLD


@dataclass(frozen=True)
class Real:
    """A daemon, and what is needed to run it."""

    name: str
    program: str
    proves: collections.abc.Callable     # that it works, after it was started or reloaded
    pidfile: str | None = None
    port: int | None = None
    user: str = "root"                   # of the main process
    workers: int = 0                     # how many other processes there are
    worker_user: str = "www-data"
    renews: bool = False                 # a reload replaces the main process, see TABLE
    leaves: str | None = None            # a file that it writes at an orderly end
    files: dict = field(default_factory=dict)      # path: text
    folders: dict = field(default_factory=dict)    # path: owner
    changes: collections.abc.Callable | None = None    # something that only a reload brings into effect
    on: bool = False                     # serviceDefault

    @property
    def states(self):
        """What info() says while it does not run, and while it does."""
        return ("stopped", "on") if self.on else ("off", "started")


# What proves that a daemon works, and what a reload changes.

def shows_page(run):
    assert run.inside.page() == "first\n"


def move_page(run):
    """The configuration, its first file, names another folder."""
    path, text = next(iter(run.real.files.items()))
    run.machine.write("/var/www/second/index.html", "second\n")
    run.machine.write(path, text.replace("/var/www/html", "/var/www/second"))
    assert run.inside.page() == "first\n"
    run.service.reload()
    run.until(lambda: run.inside.page() == "second\n", "the second page")


def keeps_values(run):
    assert run.inside.ask(6379, b"PING\r\n") == "+PONG\r\n"
    assert run.inside.ask(6379, b"SET fruit apple\r\n") == "+OK\r\n"
    assert run.inside.ask(6379, b"GET fruit\r\n", end=b"apple\r\n") == "$5\r\napple\r\n"


def tells_version(run):
    assert run.inside.ask(11211, b"version\r\n").startswith("VERSION 1.")
    assert run.inside.ask(11211, b"set fruit 0 0 5\r\napple\r\n") == "STORED\r\n"


def greets(run):
    assert run.inside.ask(22).startswith("SSH-2.0-OpenSSH")


def change_greeting(run):
    run.machine.write("/etc/ssh/sshd_config", f"{SSHD}VersionAddendum second\n")
    assert not run.inside.ask(22).rstrip().endswith(" second")
    run.service.reload()
    run.until(lambda: run.inside.is_open(22) and run.inside.ask(22).rstrip().endswith(" second"),
              "the second greeting")


def resolves_names(run):
    assert run.inside.address_of("first.test") == "192.0.2.1"


def add_host(run):
    run.machine.write("/etc/hosts", "192.0.2.1 first.test\n192.0.2.2 second.test\n")
    assert run.inside.address_of("second.test") is None
    run.service.reload()
    run.until(lambda: run.inside.address_of("second.test") == "192.0.2.2", "the second host")


def log_line(run, text):
    """Says something as any program would, and waits until it is in the log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.connect(str(run.comard.file("/dev/log")))
        log.send(f"<13>{text}".encode())
    file = run.machine.path("/var/log/messages")
    run.until(lambda: file.exists() and f" {text}\n" in file.read_text(), f"{text!r} in the log")


def writes_log(run):
    log_line(run, f"test: {run.main().pid} is here")


def rotate_log(run):
    log = run.machine.path("/var/log/messages")
    log.rename(log.with_name("messages.1"))
    run.service.reload()
    run.until(lambda: not has_open(run.main(), "/var/log/messages.1"), "the end of the old log")
    log_line(run, "test: after the rotation")
    assert "rotation" not in log.with_name("messages.1").read_text()


def has_open(process, name):
    folder = f"/proc/{process.pid}/fd"
    return any(_target(f"{folder}/{number}").endswith(name) for number in os.listdir(folder))


def _target(link):
    """Where a link leads; "" for the descriptor of a file that is closed meanwhile."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def runs_reboot_job(run):
    assert run.machine.told.line() == "reboot job of root"
    run.machine.path("/run/crond.reboot").unlink()    # that of the next start runs too


def runs_job_now(run):
    run.inside.run("at", "now", text=f"echo job of $(id -un) > {TOLD}\n")
    assert run.machine.told.line() == "job of root"


NGINX = """\
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { }
http {
    access_log /var/log/nginx/access.log;
    server {
        listen 80;
        root /var/www/html;
    }
}
"""

APACHE = """\
ServerRoot /etc/apache2
ServerName localhost
PidFile /run/apache2/apache2.pid
DefaultRuntimeDir /run/apache2
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
User www-data
Group www-data
StartServers 2
MinSpareThreads 25
Listen 80
ErrorLog /var/log/apache2/error.log
DocumentRoot /var/www/html
"""

ENVVARS = """\
export APACHE_RUN_USER=www-data
export APACHE_RUN_GROUP=www-data
export APACHE_PID_FILE=/run/apache2/apache2.pid
export APACHE_RUN_DIR=/run/apache2
export APACHE_LOCK_DIR=/run/lock/apache2
export APACHE_LOG_DIR=/var/log/apache2
"""

PAGE = {"/var/www/html/index.html": "first\n"}

REDIS = """\
bind 127.0.0.1
port 6379
dir /var/lib/redis
logfile ""
save 3600 1
"""

SSHD = "ListenAddress 127.0.0.1\nUsePAM no\n"

DNSMASQ = """\
no-resolv
listen-address=127.0.0.1
bind-interfaces
user=nobody
group=nogroup
"""

RSYSLOG = """\
module(load="imuxsock")
*.* action(type="omfile" file="/var/log/messages")
"""

TABLE = [
    Real("nginx", "/usr/sbin/nginx", shows_page, "/run/nginx.pid", port=80, workers=2,
         files={"/etc/nginx/nginx.conf": NGINX, **PAGE},
         folders={"/var/lib/nginx": "root", "/var/log/nginx": "root"}, changes=move_page),
    Real("apache2", "/usr/sbin/apache2", shows_page, "/run/apache2/apache2.pid", port=80, workers=2,
         files={"/etc/apache2/apache2.conf": APACHE, "/etc/apache2/envvars": ENVVARS, **PAGE},
         folders={"/var/log/apache2": "root"}, changes=move_page),
    Real("redis", os.path.realpath("/usr/bin/redis-server"), keeps_values, "/run/redis.pid", port=6379,
         user="redis", files={"/etc/redis.conf": REDIS}, folders={"/var/lib/redis": "redis"},
         leaves="/var/lib/redis/dump.rdb"),
    Real("memcached", "/usr/bin/memcached", tells_version, "/run/memcached/memcached.pid", port=11211,
         user="nobody", folders={"/run/memcached": "nobody"}),
    # On SIGHUP sshd executes itself, and forks again unless its parent is process 1; that is comard here.
    Real("sshd", "/usr/sbin/sshd", greets, "/run/sshd.pid", port=22, files={"/etc/ssh/sshd_config": SSHD},
         changes=change_greeting, renews=True, on=True),
    Real("dnsmasq", "/usr/sbin/dnsmasq", resolves_names, "/run/dnsmasq.pid", user="nobody",
         files={"/etc/dnsmasq.conf": DNSMASQ, "/etc/hosts": "192.0.2.1 first.test\n"}, changes=add_host),
    Real("rsyslogd", "/usr/sbin/rsyslogd", writes_log, "/run/rsyslogd.pid",
         files={"/etc/rsyslog.conf": RSYSLOG}, folders={"/var/spool/rsyslog": "root"},
         changes=rotate_log, on=True),
    Real("cron", "/usr/sbin/cron", runs_reboot_job, "/run/crond.pid",
         files={"/var/spool/cron/crontabs/root": f"@reboot echo reboot job of $LOGNAME > {TOLD}\n"}, on=True),
    Real("atd", "/usr/sbin/atd", runs_job_now, files={"/var/spool/cron/atjobs/.SEQ": ""},
         folders={"/var/spool/cron/atjobs": "daemon", "/var/spool/cron/atspool": "daemon"}, on=True),
]
