# SPDX-License-Identifier: MIT
"""Scripts and settings that change on disk are used at the next start, and until then it is told."""

import pathlib

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import edit, script_of
from support.supervised import (assert_stays_down, main_of, supervised, until_state)


def register(comard, told, **settings):
    return comard.register("app", supervised(comard.program("server"), f"--tell {told}", **settings))


def is_edited(comard):
    told = comard.service("app").supervision["Edited"]
    assert ("were edited" in comard.cli("status", "app").stdout) == told
    assert ("were edited" in comard.cli("explain", "app").stdout) == told
    return told


def test_an_edited_script_is_used_at_the_next_start(comard, told):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    assert not is_edited(comard)
    edit(service, "--tell", "--children 2 --tell")
    assert is_edited(comard)
    assert first.alive
    service.stop()
    service.start()
    told.line()
    comard.until(lambda: len(service.supervision["PIDs"]) == 3, "the children of the new one")
    assert not is_edited(comard)
    service.stop()


def test_one_that_is_written_in_place_is_noticed_too(comard, told):
    service = register(comard, told)
    service.start()
    told.line()
    path = script_of(service)
    path.write_text(path.read_text() + "\nserviceNice = 4\n")
    assert is_edited(comard)
    assert comard.cli("restart", "app").returncode == 0
    assert Process(int(told.line())).nice == 4
    assert not is_edited(comard)
    service.stop()


def test_settings_of_the_administrator_win_at_the_next_start(comard, told):
    service = register(comard, told, serviceNice=2)
    service.start()
    assert Process(int(told.line())).nice == 2
    path = comard.write("/etc/comar/services/app.toml", "nice = 5\n[environment]\nOWN = 'x'\n")
    assert is_edited(comard)
    service.stop()
    service.start()
    main = Process(int(told.line()))
    assert (main.nice, main.environ.get("OWN")) == (5, "x")
    assert not is_edited(comard)
    pathlib.Path(path).unlink()
    assert is_edited(comard)
    service.stop()
    service.start()
    main = Process(int(told.line()))
    assert (main.nice, main.environ.get("OWN")) == (2, None)
    service.stop()


def test_how_it_is_supervised_changes_with_the_start_too(comard, told):
    """What runs is supervised as it was started."""
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    comard.write("/etc/comar/services/app.toml", 'restart = "always"\n')
    assert is_edited(comard)
    first.kill()
    until_state(comard, service, "failed")
    assert_stays_down(service)
    service.start()
    Process(int(told.line())).kill()
    told.line()
    until_state(comard, service, "running")
    service.stop()


def test_comars_own_restart_uses_what_was_edited(comard, told):
    service = register(comard, told, serviceRestart="always")
    service.start()
    first = Process(int(told.line()))
    comard.write("/etc/comar/services/app.toml", "nice = 6\n")
    first.kill()
    assert Process(int(told.line())).nice == 6
    until_state(comard, service, "running")
    assert not is_edited(comard)
    service.stop()


# Errors

def line_of(path, text):
    return pathlib.Path(path).read_text().splitlines().index(text) + 1


def test_a_script_with_errors_is_refused_and_works_when_it_is_mended(comard, told):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    edit(service, "def stop():", "def stop(:")
    assert is_edited(comard)
    assert first.alive
    service = comard.service("app")
    first.kill()
    until_state(comard, service, "failed")
    with pytest.raises(BusError) as refused:
        service.start()
    path = script_of(service)
    assert refused.value.name == "Invalid"
    assert f"{path}:{line_of(path, 'def stop(:')}" in refused.value.message
    assert f"{path}:" in comard.cli("start", "app").stderr
    assert service.supervision["PIDs"] == []
    edit(service, "def stop(:", "def stop():")
    service.start()
    told.line()
    assert service.supervision["State"] == "running"
    service.stop()
    assert_stays_down(service)


def test_a_script_that_is_gone_is_named_without_a_line(comard, told):
    service = register(comard, told)
    path = script_of(service)
    text = path.read_text()
    path.unlink()
    with pytest.raises(BusError) as refused:
        service.start()
    assert f"{path}: cannot read this script: No such file" in refused.value.message
    path.write_text(text)
    service.start()
    told.line()
    service.stop()


def test_a_setting_with_an_error_is_refused_and_works_when_it_is_mended(comard, told):
    service = register(comard, told, serviceNice=2)
    edit(service, "serviceNice = 2", "serviceNice = 'much'")
    with pytest.raises(BusError) as refused:
        service.start()
    path = script_of(service)
    number = path.read_text().splitlines().index("serviceNice = 'much'") + 1
    assert f"{path}:{number}" in refused.value.message
    assert "serviceNice" in refused.value.message
    edit(service, "serviceNice = 'much'", "serviceNice = 3")
    service.start()
    assert Process(int(told.line())).nice == 3
    service.stop()


@pytest.mark.parametrize("text, line", [("nice = 1\nnice = = 2\n", 2), ("nice = 1\nnicer = 2\n", 2),
                                        ('restart = "perhaps"\n', 1), ("\n\nstop_timeout = -1\n", 3)])
def test_a_settings_file_with_an_error_keeps_the_service_down_until_it_is_mended(comard, told, text, line):
    service = register(comard, told)
    path = comard.write("/etc/comar/services/app.toml", text)
    for _ in range(2):
        with pytest.raises(BusError) as refused:
            service.start()
        assert f"{path}:{line}" in refused.value.message
    assert comard.cli("start", "app").returncode != 0
    assert service.supervision["PIDs"] == []
    comard.write("/etc/comar/services/app.toml", "nice = 1\n")
    service.start()
    assert Process(int(told.line())).nice == 1
    service.stop()


@pytest.mark.parametrize("text, line, said", [
    ('readiness = "function:nosuch"\n', 1, "has no such function"),
    ('nice = 1\n[health]\ncheck = "function:nosuch"\n', 2, "has no such function"),
    ('readiness = "function:needs_one"\n', 1, "needs no arguments"),
    ('\nreadiness = "pidfile"\n', 2, "which asks status()"),
])
def test_what_the_script_does_not_have_keeps_the_service_down(comard, told, text, line, said):
    service = register(comard, told)
    edit(service, "def stop():", "def needs_one(x):\n    pass\n\ndef stop():")
    edit(service, "def status():", "def no_status():")
    path = comard.write("/etc/comar/services/app.toml", text)
    for _ in range(2):
        with pytest.raises(BusError) as refused:
            service.start()
        assert f"{path}:{line}: " in refused.value.message and said in refused.value.message
        assert str(script_of(service)) in refused.value.message
    assert service.supervision["PIDs"] == []
    comard.write("/etc/comar/services/app.toml", 'readiness = "function:is_up"\n')
    edit(service, "def stop():", "def is_up():\n    return True\n\ndef stop():")
    service.start()
    told.line()
    service.stop()
    edit(service, "def is_up():", "def is_not_up():")
    with pytest.raises(BusError) as refused:
        service.start()
    assert "app.toml:1: readiness is \"function:is_up\"" in refused.value.message


def test_comar_that_may_not_start_it_again_says_why_and_a_reset_tries_again(comard, told):
    service = register(comard, told, serviceRestart="always")
    service.start()
    first = Process(int(told.line()))
    edit(service, "def stop():", "def stop(:")
    changed = comard.signals()
    first.kill()
    changed.wait_for("app", "stopped")
    comard.until(lambda: "app.py:" in service.supervision["LastError"], "the reason")
    assert service.supervision["State"] == "failed"
    assert_stays_down(service)
    assert "app.py:" in comard.cli("explain", "app").stdout
    edit(service, "def stop(:", "def stop():")
    comard.bus.manager("Reset", "s", "app")
    told.line()
    until_state(comard, service, "running")
    service.stop()


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_what_was_edited_while_comard_was_away_is_noticed(comard, told, way):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    getattr(comard, way)()
    path = comard.place.root / "var/lib/comar/scripts/System.Service/app.py"
    text = path.read_text()
    path.write_text(text.replace("def stop():", "def stop(:"))
    comard.start()
    service = comard.service("app")
    assert is_edited(comard)
    assert service.supervision["MainPID"] == first.pid
    first.kill()
    until_state(comard, service, "failed", "stopped")
    with pytest.raises(BusError) as refused:
        service.start()
    assert f"{path}:" in refused.value.message
    path.write_text(text)
    service.start()
    told.line()
    service.stop()


def test_a_restart_of_comard_is_no_edit(comard, told):
    service = register(comard, told, serviceRestart="always")
    comard.write("/etc/comar/services/app.toml", "nice = 1\n")
    service.start()
    first = Process(int(told.line()))
    comard.kill()
    comard.start()
    assert not is_edited(comard)
    assert main_of(comard.service("app")).pid == first.pid
    comard.service("app").stop()


def test_a_script_that_was_never_started_is_not_edited(comard, told):
    service = register(comard, told)
    edit(service, "--tell", "--children 1 --tell")
    assert not is_edited(comard)


def test_a_restart_with_errors_in_it_stops_nothing(comard, told):
    service = register(comard, told)
    service.start()
    main = Process(int(told.line()))
    path = script_of(service)
    good = path.read_text()
    path.write_text(good + "\nserviceRestart = 'sometimes'\n")
    failed = comard.cli("restart", "app")
    assert failed.returncode == 1 and "serviceRestart" in failed.stderr
    assert main.alive
    assert service.supervision["State"] == "running"
    path.write_text(good)
    assert comard.cli("restart", "app").returncode == 0
    assert main_of(service).pid != main.pid
    service.stop()
