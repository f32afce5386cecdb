# SPDX-License-Identifier: MIT
"""The commands of `comar` as people and programs use them: what they print, and how they end."""

import json
import pathlib
import select
import subprocess

import pytest

from support.daemon import SECONDS, Daemon
from support.place import BUILD
from support.scripts import detached, doing, service_script

OLD = service_script("""
    def start():
        print "started"

    def stop():
        pass
    """)


@pytest.fixture
def server(comard):
    service = comard.register("server", detached(comard.program("server")))
    yield service
    service.stop()


# check

def test_check_tells_whoever_reads_it_what_it_finds(place):
    path = place.write_script("broken", "def start():\n")
    result = Daemon(place).cli("check", path)
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == f"{path}:1: error: start() has no body: write at least `pass`\n"


def test_check_answers_in_json_and_takes_warnings_for_well(place):
    path = place.write_script("old", OLD)
    result = Daemon(place).cli("check", "--json", path)
    assert result.returncode == 0
    report, = json.loads(result.stdout)
    assert [finding["severity"] for finding in report["findings"]] == ["warning"]
    assert '+    print("started")' in report["diff"]


def test_check_fails_when_its_answer_cannot_be_written(place):
    path = place.write_script("old", OLD)
    with open("/dev/full", "wb") as full:
        code = subprocess.run([BUILD / "bin/comar", "check", path], stdout=full, stderr=subprocess.PIPE,
                              check=False, timeout=SECONDS).returncode
    assert code == 1


# register

def test_register_shows_what_it_has_translated(comard):
    path = comard.write_script("old", OLD)
    result = comard.cli("register", "old", path)
    assert (result.returncode, result.stdout) == (0, "")
    assert f"{path}:8: warning: " in result.stderr
    assert '\n-    print "started"\n+    print("started")\n' in result.stderr


def test_register_tells_file_and_line_of_an_error(comard):
    path = comard.write_script("broken", "def start():\n")
    result = comard.cli("register", "app", path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"{path}:1: error: start() has no body")
    assert comard.bus.applications() == []


# list

def test_list_keeps_one_type(comard):
    comard.register("one", doing("pass"))
    comard.register("two", doing("pass").replace('"server"', '"local"'))
    assert listed(comard, "--type", "local") == ["two"]
    assert listed(comard, "--type", "server") == ["one"]
    assert listed(comard) == ["one", "two"]


def listed(comard, *options):
    rows = comard.cli("list", *options).stdout.splitlines()[1:]
    return [row.split()[0] for row in rows]


def test_color_is_for_terminals_and_those_who_want_it(comard):
    comard.register("app", doing("pass"))
    escape = "\033["
    assert escape not in comard.cli("list").stdout
    assert escape in comard.cli("list", environment={"CLICOLOR_FORCE": "1"}).stdout
    assert escape not in comard.cli("list", environment={"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}).stdout


# on, off, conditional

@pytest.mark.parametrize("command, folder", [
    ("on", "enabled"), ("off", "disabled"), ("conditional", "conditional")])
def test_the_start_up_state_is_a_file(comard, command, folder):
    comard.register("app", doing("pass"))
    assert comard.cli(command, "app").returncode == 0
    files = pathlib.Path(comard.root, "etc/mudur/services").glob("*/app")
    assert [path.parent.name for path in files] == [folder]
    assert comard.service("app").supervision["StartUp"] == command


# monitor

@pytest.mark.parametrize("options, line", [((), "app on"), (("--json",), '"name":"app","state":"on"')])
def test_monitor_prints_changes_as_they_come(comard, options, line):
    comard.register("app", doing("pass"))
    with subprocess.Popen([BUILD / "bin/comar", "--root", comard.root, "monitor", *options],
                          stdout=subprocess.PIPE, bufsize=0) as monitor:
        try:
            # Nobody tells when it has begun to listen.
            for _ in range(SECONDS):
                assert comard.cli("on", "app").returncode == 0
                if select.select([monitor.stdout], [], [], 1)[0]:
                    break
            assert line in monitor.stdout.readline().decode()
        finally:
            monitor.terminate()


# The old grammar

@pytest.mark.parametrize("program", ["service", "/usr/sbin/service", "comar"])
def test_the_name_may_stand_before_the_verb(comard, server, program):
    def say(verb):
        return comard.cli("server", verb, name=program)

    assert say("status").returncode == 3
    assert say("start").returncode == 0
    assert say("status").returncode == 0
    assert say("restart").returncode == 0
    assert say("info").stdout.startswith("server - Server\n")
    assert say("stop").returncode == 0
    assert say("status").returncode == 3


def test_service_alone_lists(comard, server):
    assert comard.cli(name="service").stdout == comard.cli("list").stdout
    assert comard.cli("server", name="service").returncode == 3


# How they end

LSB = [
    (("start", "no-such"), 5, "cannot start no-such: no such service is registered"),
    (("status", "no-such"), 4, "cannot tell the status of no-such: no such service is registered"),
    (("reload", "app"), 3, "cannot reload app: app does not define reload()"),
    (("start", "app"), 1, "cannot start app: no disk"),
    (("start",), 2, "cannot run 'start' with so few words"),
    (("frob", "app"), 2, "cannot find command 'frob'"),
]


@pytest.mark.parametrize("words, code, text", LSB, ids=[" ".join(words) for words, _, _ in LSB])
def test_a_failure_has_the_code_of_lsb_and_names_the_service(comard, words, code, text):
    comard.register("app", doing('fail({"en": "no disk", "tr": "disk yok"})'))
    result = comard.cli(*words)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(text)


def test_a_failure_shows_what_the_program_said_and_where_to_look(comard):
    program = comard.write("/usr/bin/loud", "#!/bin/sh\necho >&2 port 80 is taken\nexit 1\n")
    pathlib.Path(program).chmod(0o755)
    comard.register("app", doing("startService(command=LOUD, donotify=True)", LOUD=program))
    log = f"{comard.root}/var/log/comar/app.log"
    assert comard.cli("start", "app").stderr == (
        f"cannot start app: port 80 is taken\n  see: comar status app; log: {log}\n")


@pytest.mark.parametrize("command, code, text", [
    ("start", 1, "firewall has no script of model System.Service"),
    ("info", 1, "firewall has no script of model System.Service"),
    ("status", 4, "it is no service: it has no script of model System.Service")])
def test_a_script_of_another_model_is_told_from_a_service(comard, command, code, text):
    comard.register("firewall", "def setState(state):\n    pass\n", model="Network.Firewall")
    result = comard.cli(command, "firewall")
    assert (result.returncode, result.stdout) == (code, "")
    assert text in result.stderr


def test_without_a_comard_it_is_told_how_to_start_one(place):
    result = Daemon(place).cli("start", "app")
    assert result.returncode == 1
    assert f"start it with: comard --root {place.root}" in result.stderr
    assert Daemon(place).cli("status", "app").returncode == 4
