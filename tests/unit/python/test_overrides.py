# SPDX-License-Identifier: MIT
"""What an administrator sets for a service."""

import os
import textwrap

import pytest
from comar.overrides import read_overrides

ROOT = os.geteuid() == 0


@pytest.fixture
def read(tmp_path):
    """What is found in a file with that text."""

    def read_text(text, mode=0o644):
        path = tmp_path / "web.toml"
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        path.chmod(mode)
        return read_overrides(str(path))

    return read_text


def error(found):
    """(line, message) of the only problem."""
    (problem,) = found.problems
    return problem.line, problem.message


def test_all_that_a_script_can_set_can_be_set_here(read):
    found = read("""\
        # The proxy in front of it needs it on another port.
        restart = "always"
        restart_delay = 0.5
        restart_limit = [5, 30]
        readiness = "tcp:8080"
        umask = 0o077
        groups = ["audio"]
        environment_files = "-/etc/default/web"
        requires = ["my-db"]
        after = "logger"
        requirement_lost = "stop"

        [environment]
        PORT = "8080"
        nice = "no setting"

        [health]
        check = "/usr/bin/true"
        every = 5

        [limits]
        nofile = [1024, "unlimited"]
        """)
    assert found.problems == []
    assert found.settings == {
        "restart": "always", "restart_delay": 0.5, "restart_limit": [5, 30],
        "readiness": {"kind": "tcp", "host": "127.0.0.1", "port": 8080}, "umask": 0o77,
        "groups": ["audio"], "environment_files": ["-/etc/default/web"],
        "environment": {"PORT": "8080", "nice": "no setting"},
        "health": {"check": {"kind": "command", "command": "/usr/bin/true"}, "every": 5,
                   "timeout": 10, "failures": 3, "then": "report"},
        "limits": {"nofile": [1024, -1]},
        "requires": ["my_db"], "after": ["logger"], "requirement_lost": "stop",
    }
    assert found.lines == {
        "restart": 2, "restart_delay": 3, "restart_limit": 4, "readiness": 5, "umask": 6,
        "groups": 7, "environment_files": 8, "requires": 9, "after": 10, "requirement_lost": 11,
        "environment": 13, "health": 17, "limits": 21,
    }


def test_for_ever_and_functions_are_words(read):
    found = read("""\
        restart_limit = "for ever"
        readiness = "function:is_up"
        health.check = "function:is_well"
        """)
    assert found.problems == []
    assert found.settings["restart_limit"] is None
    assert found.settings["readiness"] == {"kind": "function", "name": "is_up"}
    assert found.settings["health"]["check"] == {"kind": "function", "name": "is_well"}
    assert found.lines == {"restart_limit": 1, "readiness": 2, "health": 3}


@pytest.mark.parametrize("text, line, message", [
    ('\nrestart = "alway"', 2,
     'restart is \'alway\', not "no", "on-failure" or "always": did you mean always?'),
    ('restrat = "always"', 1, "restrat is no setting; did you mean restart?"),
    ("serviceNice = 5", 1, "serviceNice is no setting; did you mean nice?"),
    ('"a b" = 5', 0, "'a b' is no setting"),
    ("[nonsense]", 1, "nonsense is no setting"),
    ("stop_timeout = nan", 1, "stop_timeout is nan, not seconds, a number from 0, a year at most"),
    ("nice = true", 1, "nice is True, not a whole number from -20 to 19"),
    ("umask = 2020-01-01", 1,
     "umask is datetime.date(2020, 1, 1), not a whole number from 0 to 0o777"),
    ('readiness = "function:a b"', 1,
     "readiness is 'function:a b', not function: and the name of a function of the script"),
    ("restart = always", 1, "this is no TOML: Invalid value"),
    ("nice = 5\nnice = 6", 2, "this is no TOML: Cannot overwrite a value"),
    ("nice = ", 1, "this is no TOML: Invalid value"),
    ('requires = ["db", ""]', 1,
     "requires is ['db', ''], not the name of a service or a list of names: '' is no name of a service"),
    ('\nbefore = "web"', 2, "before names web, which is this service: leave it out"),
    (b"nice = 5\n# \xff\n", 2, "this is not UTF-8"),
    ("nice = " + "[" * 5000, 0, "this is no TOML that can be read"),
    (f"nice = {'9' * 5000}", 0, "this is no TOML that can be read"),
])
def test_what_is_wrong_is_told_with_its_line(read, text, line, message):
    assert error(read(text)) == (line, message)


@pytest.mark.parametrize("text", [
    '[environment]\nDB_PASSWORD = "hunter2"\nPORT = 80\n',
    "[environment]\nDB_PASSWORD = ['hunter2']\n",
    'environment = "DB_PASSWORD=hunter2"\n',
])
def test_what_is_wrong_with_an_environment_is_told_without_what_it_says(read, text):
    line, message = error(read(text))
    assert line == 1 and "environment is not a dict of names to texts" in message
    assert "hunter2" not in message


def test_what_is_right_counts_beside_what_is_wrong(read):
    found = read('nice = 50\nrestart = "always"\nlog = 5')
    assert (found.settings, found.lines) == ({"restart": "always"}, {"restart": 2})
    assert [each.line for each in found.problems] == [1, 3]


def test_a_missing_file_sets_nothing(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path / "none" / "none.toml"):
        found = read_overrides(str(path))
        assert (found.settings, found.problems) == ({}, [])


def test_an_empty_file_sets_nothing(read):
    assert read("").as_dict() == {"settings": {}, "lines": {}, "errors": []}


def test_what_is_no_ordinary_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert error(read_overrides(str(tmp_path / "fifo"))) == (
        0, "cannot read this file: not a regular file"
    )
    assert error(read_overrides(str(tmp_path))) == (0, "cannot read this file: Is a directory")


def test_a_huge_file_is_refused(read):
    assert "larger than 1048576 bytes" in error(read("#" * (1 << 20) + "\n"))[1]


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_that_others_may_write_is_refused(read, mode):
    found = read('restart = "always"', mode)
    assert error(found) == (
        0, "others than its owner may write this file: forbid it (chmod go-w)"
    )
    assert found.settings == {}


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_a_file_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "web.toml"
    path.write_text("nice = 5")
    os.chown(path, 65534, -1)
    assert error(read_overrides(str(path))) == (
        0, "this file belongs to user 65534: root must own it (chown root)"
    )


def test_a_worker_reads_them(comard):
    path = comard.write("web.toml", 'restart = "always"\nnice = 50\n')
    worker = comard.worker()
    worker.send({"op": "settings", "path": path})
    assert worker.finish().value == {
        "settings": {"restart": "always"},
        "lines": {"restart": 1},
        "errors": [{"line": 2, "message": "nice is 50, not a whole number from -20 to 19"}],
    }
    worker = comard.worker()
    worker.send({"op": "settings", "path": f"{path}.none"})
    assert worker.finish().value == {"settings": {}, "lines": {}, "errors": []}
