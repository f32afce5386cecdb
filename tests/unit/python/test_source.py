# SPDX-License-Identifier: MIT
"""What the text of a script tells of its commands."""

import sys
import types

import pytest

from comar._source import commands_started_with

PIDFILE = "/run/web.pid"


@pytest.fixture
def commands(inside, tmp_path, monkeypatch):
    """The commands that a script with this text starts with PIDFILE."""

    def find(text, **names):
        script = tmp_path / "web.py"
        script.write_text(text)
        module = types.ModuleType("csl")
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, "csl", module)
        inside(script=str(script))
        return commands_started_with(PIDFILE)

    return find


@pytest.mark.parametrize("call", [
    'startService(command="/bin/x", pidfile="/run/web.pid")',
    'startService("/bin/x", "-a", "/run/web.pid")',
    'startService("/bin/x", pidfile="/run/web.pid", detach=True)',
    'startService(command=X, pidfile=P)',
])
def test_a_command_is_found_however_it_is_written(commands, call):
    assert commands(f"def start():\n    if True:\n        return {call}", X="/bin/x", P=PIDFILE) == ["/bin/x"]


@pytest.mark.parametrize("call", [
    'startService(command="/bin/x")',
    'startService(command="/bin/x", pidfile="/run/other.pid")',
    'startService(command=x(), pidfile="/run/web.pid")',
    'startService(command=Y, pidfile="/run/web.pid")',
    'startService(*a, "b", "/run/web.pid")',
    'startService(**a)',
    'stopService(command="/bin/x", pidfile="/run/web.pid")',
    'other.startService(3, pidfile="/run/web.pid")',
])
def test_what_is_not_written_there_is_not_guessed(commands, call):
    assert commands(f"def start(): {call}", Y=3) == []


def test_all_of_several_are_found(commands):
    text = """
if fast:
    startService("/bin/fast", pidfile="/run/web.pid")
else:
    startService("/bin/slow", pidfile="/run/web.pid")
startService("/bin/other", pidfile="/run/other.pid")
"""
    assert commands(text) == ["/bin/fast", "/bin/slow"]


def test_a_text_that_is_no_script_tells_nothing(commands, inside):
    assert commands("def start(:") == []
    inside(script="/no/such/file")
    assert commands_started_with(PIDFILE) == []
