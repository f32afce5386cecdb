# SPDX-License-Identifier: MIT
"""Scripts whose start() comard can do itself: all of it must be told, or nothing."""

import ast
import textwrap

import pytest

from comar.module import Module
from comar.plain import plain_start, plain_stop

HEAD = '''
serviceType = "server"
serviceDesc = _({"en": "Server", "tr": "Sunucu"})
from comar.service import *
PIDFILE = "/run/x.pid"
'''


def told(text):
    return plain_start(Module.of(ast.parse(HEAD + textwrap.dedent(text))))


def starting(call):
    return told(f"def start():\n    {call}\n")


@pytest.mark.parametrize("call, arguments, pidfile", [
    ("startService('/usr/sbin/x', detach=True)", ["/usr/sbin/x"], None),
    ("startService(command='/usr/sbin/x', args='-a \"b c\"', detach=True)", ["/usr/sbin/x", "-a", "b c"], None),
    ("startService('/usr/sbin/x', ['-a', 'b c'], PIDFILE, True, None, True)", ["/usr/sbin/x", "-a", "b c"],
     "/run/x.pid"),
    ("startService('/x', pidfile=PIDFILE, makepid=True, detach=True, donotify=True)", ["/x"], "/run/x.pid"),
])
def test_one_program_in_the_background_is_plain(call, arguments, pidfile):
    assert starting(call) == {"arguments": arguments, "pidfile": pidfile, "notifies": "donotify=True" in call,
                              "status": "none", "status_pidfile": None}


def test_settings_a_status_and_other_methods_do_not_matter():
    assert told('''
        serviceRestart = "always"
        serviceHealth = {"check": alive, "every": 5}

        @synchronized
        def start():
            """Starts it."""
            startService("/x", pidfile=PIDFILE, makepid=True, detach=True)

        @synchronized
        def stop():
            stopService(pidfile=PIDFILE)
            run("rm", "-f", PIDFILE)

        def status():
            return isServiceRunning(PIDFILE)

        def alive():
            return True
        ''') is not None


@pytest.mark.parametrize("call, status, pidfile", [
    ("isServiceRunning(PIDFILE)", "pidfile", "/run/x.pid"),
    ("isServiceRunning(pidfile='/run/other.pid', command='/x')", "pidfile", "/run/other.pid"),
    ("isServiceRunning(command='/x')", "processes", None),
    ("isServiceRunning(pidfile=None, command='/x')", "processes", None),
    ("isServiceRunning('x.pid')", "processes", None),                        # wherever that may be
])
def test_how_status_looks_is_told(call, status, pidfile):
    told_now = told(f"def start():\n    startService('/x', detach=True)\ndef status():\n    return {call}\n")
    assert (told_now["status"], told_now["status_pidfile"]) == (status, pidfile)


@pytest.mark.parametrize("call", [
    "startService('/x')",                                                    # it forks by itself
    "startService('/x', detach=False)",
    "startService('x', detach=True)",                                        # along PATH
    "startService('/x', detach=True, chuid='nobody')",                       # who that is may change
    "startService('/x', detach=True, nice=5)",
    "startService('/x', pidfile=PIDFILE, detach=True)",                      # the program writes it
    "startService('/x', pidfile='x.pid', makepid=True, detach=True)",
    "startService('/x', args=config.get('args'), detach=True)",
    "startService('/x', args=UNKNOWN, detach=True)",
    "startService('/x', args='\"', detach=True)",
    "startService('/x', args=['a\\0b'], detach=True)",
    "startService('/x', args=[1], detach=True) or run('y')",
    "startService('/x', detach=True, wrong=1)",
    "startService('/x', detach=True); run('y')",
    "run('/x')",
    "return startService('/x', detach=True)",
    "pass",
])
def test_all_else_has_to_run(call):
    assert starting(call) is None


@pytest.mark.parametrize("addition", [
    "import os",
    "from comar.service import startService",
    "PIDFILE = '/other'",
    "X = config.get('y')",
    "print('hello')",
    "if True:\n    pass",
    "def startService(*a, **k):\n    pass",
    "startService = None",
    "def status():\n    return ask()",
    "def status():\n    print(1)\n    return isServiceRunning(PIDFILE)",
    "def status(x=run('y')):\n    return isServiceRunning(PIDFILE)",
    "@other\ndef stop():\n    pass",
    "class X:\n    pass",
    "def start():\n    pass",
    "_ = str",
])
def test_anything_that_might_have_an_effect_has_to_run(addition):
    assert told(f"def start():\n    startService('/x', detach=True)\n{addition}\n") is None


@pytest.mark.parametrize("definition", ["def start(x):", "def start(*x):", "@run('y')\ndef start():"])
def test_a_start_that_is_called_in_another_way_has_to_run(definition):
    assert told(f"{definition}\n    startService('/x', detach=True)\n") is None


def stopping(call):
    return plain_stop(Module.of(ast.parse(f"{HEAD}def stop():\n    {call}\n")))


@pytest.mark.parametrize("call, number", [
    ("stopService(PIDFILE)", 15),
    ("stopService(pidfile='/run/x.pid', donotify=True)", 15),
    ("stopService(pidfile=PIDFILE, signalno=2)", 2),
    ("stopService(pidfile=PIDFILE, signalno=signal.SIGQUIT)", 3),
])
def test_ending_what_a_pidfile_names_is_plain(call, number):
    assert stopping(call) == {"pidfile": "/run/x.pid", "signal": number, "notifies": "donotify=True" in call}


@pytest.mark.parametrize("call", [
    "stopService(command='/x')",
    "stopService(pidfile=PIDFILE, command='/x')",
    "stopService(pidfile=PIDFILE, args='stop')",
    "stopService(pidfile=PIDFILE, user='nobody')",
    "stopService(pidfile='x.pid')",
    "stopService(pidfile=PIDFILE, signalno=signal.NOTHING)",
    "stopService(pidfile=PIDFILE, signalno=99)",
    "stopService(pidfile=PIDFILE, signal=15)",          # an old synonym: its script knows it
    "stopService(pidfile=config.get('pidfile'))",
    "stopService(pidfile=PIDFILE); run('y')",
    "return stopService(pidfile=PIDFILE)",
    "run('/x', 'stop')",
])
def test_a_stop_that_does_anything_else_has_to_run(call):
    assert stopping(call) is None
