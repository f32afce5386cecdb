# SPDX-License-Identifier: MIT
"""What registering says about scripts of the Python 2 time: what it changed, and what it refuses."""

import pathlib

import pytest

from support.bus import BusError
from support.scripts import doing, service_script


def line_of(path, words):
    """The number of the only line of a file with these words."""
    lines = pathlib.Path(path).read_text().split("\n")
    (number,) = [number for number, line in enumerate(lines, 1) if words in line]
    return number


def findings_of(comard, text, app="app"):
    """Registers a script; its path, [(severity, line, message)…] and the diff."""
    path = comard.write_script(app, text)
    findings, diff = comard.bus.manager("Register", "sss", app, "System.Service", path)
    assert all(finding[2] == path for finding in findings)
    return path, [(severity, line, message) for severity, line, _, message in findings], diff


# What is told

PRINTS = """
    def start():
        print "hello"

    def stop():
        print "bye"
    """


def test_comar_register_warns_and_shows_what_it_has_changed(comard):
    path = comard.write_script("app", service_script(PRINTS))
    answer = comard.cli("register", "app", path)
    assert answer.returncode == 0
    assert answer.stdout == ""
    first = line_of(path, 'print "hello"')
    assert f"{path}:{first}: warning: brought up to Python 3" in answer.stderr
    assert "warning: app was written for Python 2" in answer.stderr
    changed = [line for line in answer.stderr.splitlines() if line.startswith(("-  ", "+  "))]
    assert changed == ['-    print "hello"', '+    print("hello")', '-    print "bye"', '+    print("bye")']


def test_comar_register_has_nothing_to_say_of_a_script_that_needs_nothing(comard):
    path = comard.write_script("app", service_script(PRINTS.replace('print "', 'tell = "')))
    answer = comard.cli("register", "app", path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_the_file_stays_as_it_is_and_what_is_kept_is_python_3(comard):
    path, _, diff = findings_of(comard, service_script(PRINTS))
    assert diff != ""
    assert 'print "hello"' in pathlib.Path(path).read_text()
    kept = comard.place.root / "var/lib/comar/scripts/System.Service/app.py"
    assert kept.read_text() == pathlib.Path(path).read_text().replace(
        'print "hello"', 'print("hello")').replace('print "bye"', 'print("bye")')
    _, findings, diff = findings_of(comard, kept.read_text())
    assert (findings, diff) == ([], "")


# The translation of what is above is longer than the script, so that lines move.
GROWING = """
    def add((a, b), (c, d)):
        return a + b + c + d

    try:
        os.unlink(PATH)
    except OSError, (number, text):
        pass

    """


@pytest.mark.parametrize("body, mark, severity, words", [
    ("def start():\n    strat_now()\n", "strat_now", "warning", "strat_now is defined nowhere"),
    ("def start():\n    tell(7 / 2)  # half\n", "# half", "warning", "//"),
    ("def start():\n    startService(comand='/x')\n", "comand", "warning", "no comand"),
    ("def start():\n    tell(1 is 1)  # same\n", "# same", "warning", "is"),
    ("def start(level):\n    pass\n", "def start(", "error", "start()"),
    ("def start():\n    return\n    from os import *\n", "os import *", "error", "os import *"),
    ("def start():\n", "def start(", "error", "no body"),
    ("def start():\n    print 'a'\n    tell(]\n", "tell(]", "error", "tell(]"),
], ids=["name", "division", "argument", "is", "arity", "import", "body", "syntax"])
def test_a_finding_names_the_line_of_the_file_as_it_is(comard, told, body, mark, severity, words):
    tail = "\ndef stop():\n    print 'bye'\n"
    text = service_script(GROWING, told=told, PATH="/nowhere") + body + tail
    path, findings, _ = findings_of(comard, text)
    found = [(kind, line) for kind, line, message in findings if words in message]
    assert (severity, line_of(path, mark)) in found


def test_a_line_that_a_finding_mentions_is_one_of_the_file_as_it_is(comard):
    text = service_script(GROWING, PATH="/nowhere") + (
        "def start():\n    print 'first'\n\ndef stop(): pass\n\ndef start():\n    print 'second'\n")
    path, findings, _ = findings_of(comard, text)
    first, second = line_of(path, "'first'") - 1, line_of(path, "'second'") - 1
    words = [message for _, line, message in findings if line == second]
    assert any(f"replaces the one in line {first}:" in message for message in words)


def test_what_translation_leaves_to_people_is_told(comard):
    text = service_script("""
        import string
        def start():
            print string.join(["a"], ","), cmp(1, 2)
            os.popen3("x")

        def stop(): pass
        """)
    path, findings, _ = findings_of(comard, text)
    told = {(line, message.split(":")[0]) for _, line, message in findings}
    assert (line_of(path, "string.join"), "string.join is gone from Python 3") in told
    assert (line_of(path, "os.popen3"), "os.popen3 is gone from Python 3") in told
    assert any(line == line_of(path, "cmp(") and message.startswith("cmp ") for line, message in told)


# What is refused

REFUSED = {
    "bracket": ("def start():\n    print 'a'\n    x = )\n", "x = )", "x = )"),
    "string": ('def start():\n    print "a"\n    x = "open\n', '"open', "unterminated string"),
    "no body": ("def start():\n\ndef reload():\n    print 'a'\n", "def start", "start() has no body"),
    "old and new": ("def start():\n    match 1:\n        case 1: print 'a'\n", "match 1", "match 1"),
    "digit": ("def start():\n    print 'a'\n    os.chmod('/x', 0844)\n", "0844", "0844"),
    "indentation": ("def start():\n    print 'a'\n  print 'b'\n", "'b'", "indent"),
    "colon": ("def start()\n    print 'a'\n", "def start", "def start()"),
}


@pytest.fixture
def old(comard, told):
    """A script "app" that is registered already, and tells 'the old one'."""
    comard.register("app", doing("tell('the old one')", told))


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_translated_is_refused_with_its_line_and_the_old_one_stays(comard, told, what):
    text, mark, words = REFUSED[what]
    path = comard.write_script("app", service_script("def stop():\n    print 'bye'\n") + text)
    place = f"{path}:{line_of(path, mark)}: "
    with pytest.raises(BusError) as caught:
        comard.bus.register("app", path)
    assert caught.value.name == "Invalid"
    assert caught.value.message.startswith(f"cannot register app: {place}")
    assert words in caught.value.message
    answer = comard.cli("register", "app", path)
    assert answer.returncode == 1
    assert f"{place}error: " in answer.stderr
    assert f"cannot register app: {path} has errors\n" in answer.stderr
    comard.service("app").start()
    assert told.value() == "the old one"


def test_what_is_refused_is_not_there(comard):
    for text, _, _ in REFUSED.values():
        path = comard.write_script("app", service_script("") + text)
        with pytest.raises(BusError):
            comard.bus.register("app", path)
        assert comard.bus.applications() == []
        assert not (comard.place.root / "var/lib/comar/scripts/System.Service/app.py").exists()
