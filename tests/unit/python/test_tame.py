# SPDX-License-Identifier: MIT
"""Which scripts may share a process with others."""

import ast

import pytest
from comar._tame import is_tame

TYPICAL = """
serviceType = "server"
serviceDesc = _({"en": "Server", "tr": "Sunucu"})
serviceConf = "server"

from comar.service import *
import re

MESSAGES = {"none": _({"en": "no settings", "tr": "ayar yok"})}
ARGUMENTS = [word.strip() for word in config.get("ARGS", "-d").split(",")]

def enabled(name):
    return config.has_key(name) and config[name].lower() in ("yes", "on")

@synchronized
def start(boot=False):
    if not os.path.exists("/etc/server.conf") and not os.environ.get("FORCE"):
        fail(MESSAGES["none"])
    options = {}
    options["user"] = "server"
    startDependencies("network", "log")
    for number, name in enumerate(ARGUMENTS):
        if re.match("[a-z]+", name) and enabled(name):
            startService(command="/usr/sbin/%s" % name, args="-n %d" % number,
                         pidfile="/run/%s.pid" % name, chuid=options["user"], donotify=True)
    try:
        lines = open("/run/server.state").readlines()
    except IOError as error:
        print(str(error))

@synchronized
def stop():
    stopService(pidfile="/run/server.pid", signalno=signal.SIGTERM, donotify=True)
    if os.path.isfile("/run/server.pid"):
        os.unlink("/run/server.pid")

def status():
    return isServiceRunning("/run/server.pid")
"""


def test_a_script_as_most_are_is_tame():
    assert is_tame(ast.parse(TYPICAL))


@pytest.mark.parametrize("text", [
    "os.umask(0)", "os.chdir('/')", "os.setuid(1)", "os.putenv('A', '1')", "os._exit(0)",
    "os.environ['A'] = '1'", "del os.environ['A']", "os.leak = 1", "del os.sep", "os.sep += 'x'",
    "os.__all__.append(1)", "os.sysconf_names['x'] = 1", "os.path.os.umask(0)",
    "x = os", "f(os)", "[os][0].leak", "import os as o", "import os.path", "from os import umask",
    "from comar.service import os as o", "from comar import _native", "import sys; sys.path.append(1)",
    "getattr(os, 'umask')(0)", "setattr(os, 'x', 1)", "eval('1')", "exec('1')", "vars()", "globals()",
    "__import__('os').umask(0)", "type('X', (), {})", "f = eval", "print(eval)",
    "open('/x', 'w')", "open('/x', mode='w')", "file('/x', 'a')", "f = open", "map(open, ['/x'])",
    "def open(): pass", "setattr = 1", "os = 1", "def f(os): pass", "for signal in (): pass",
    "startService.x = 1", "startService.__defaults__ = ()", "execReply.stdout = ''",
    "class X: pass", "async def f(): pass", "().__class__.__base__", "''.join.__self__",
    "signal.signal(15, signal.SIG_IGN)", "signal.alarm(1)", "time.tzset()",
    "subprocess.call('x')", "socket.setdefaulttimeout(1)", "fcntl.flock(1, 2)",
    "unknown_name", "with f() as os: pass",
])
def test_what_could_change_the_process_is_not_tame(text):
    assert not is_tame(ast.parse(f"f = None\n{text}\n"))
