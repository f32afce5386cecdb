# SPDX-License-Identifier: MIT
"""What is registered, what is refused, and what happens to a service that runs meanwhile."""

import os
import pathlib
import pwd

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import detached, service_script

FIELD = sorted((pathlib.Path(__file__).resolve().parents[1] / "data/field").glob("*.py"))

GOOD = service_script("""
    def start():
        pass

    def stop():
        pass
    """)


@pytest.mark.parametrize("text, line, words", [
    (GOOD.replace("def stop():\n    pass", "def stop():"), 0, "no body"),
    (GOOD.replace('"server"', '"sever"'), 1, "sever"),
    (GOOD.replace('"en": "Server", ', ""), 2, "en"),
    (GOOD.replace("def start():", "def start(:"), 0, ""),
    (GOOD.replace("def start():", "def start(needed):"), 0, "start"),
], ids=["no body", "unknown type", "no English", "syntax", "arguments"])
def test_a_broken_update_is_refused_with_file_and_line_and_the_old_one_stays(
        comard, text, line, words):
    comard.register("app", GOOD)
    path = comard.place.write_script("app", text)
    with pytest.raises(BusError) as caught:
        comard.bus.register("app", path)
    assert caught.value.name == "Invalid"
    assert f"{path}:{line or ''}" in caught.value.message
    assert words in caught.value.message
    comard.service("app").start()
    assert comard.service("app").info()[:2] == ("server", "Server")


def test_an_update_keeps_a_running_service_running(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = service.supervision["MainPID"]
    comard.register("app", detached(server).replace('"Server"', '"New server"'))
    assert service.supervision["MainPID"] == main
    assert service.info()[1] == "New server"
    service.stop()
    Process(main).wait_gone()


def test_removing_a_running_service_stops_it(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = Process(service.supervision["MainPID"])
    comard.bus.remove("app")
    main.wait_gone()
    assert comard.bus.applications() == []
    with pytest.raises(BusError) as caught:
        service.info()
    assert caught.value.name == "Internal"
    assert caught.value.message.startswith("Unable to find")


def test_one_that_does_not_stop_stays_registered(comard):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            startService(command=SERVER, detach=True)

        def stop():
            if not os.path.exists(MAY_STOP):
                fail("not today")
            stopService(command=SERVER)
        """, SERVER=server, MAY_STOP=str(comard.place.folder / "may-stop")))
    service.start()
    with pytest.raises(BusError, match="not today"):
        comard.bus.remove("app")
    assert comard.bus.applications() == ["app"]
    (comard.place.folder / "may-stop").touch()
    comard.bus.remove("app")


@pytest.mark.parametrize("path", FIELD, ids=[path.stem for path in FIELD])
def test_a_script_of_the_python_2_time_is_translated_and_shown(comard, path):
    source = comard.place.root / path.name
    source.write_bytes(path.read_bytes())
    findings, diff = comard.bus.manager("Register", "sss", path.stem, "System.Service",
                                        str(source))
    assert not [finding for finding in findings if finding[0] == "error"]
    stored = (comard.place.root / "var/lib/comar/scripts/System.Service" / path.name).read_text()
    compile(stored, path.name, "exec")
    assert (diff != "") == (stored != path.read_text(errors="replace")) or diff


def test_names_are_made_bus_safe(comard):
    comard.bus.register("7-my.app", comard.place.write_script("x", GOOD))
    assert comard.bus.applications() == ["_7_my_app"]
    assert comard.cli("info", "7-my.app").returncode == 0
    comard.bus.remove("7-my.app")
    assert comard.bus.applications() == []


@pytest.mark.parametrize("app, model, path, words", [
    ("app", "System.Nothing", "/scripts/x.py", "System.Nothing"),
    ("", "System.Service", "/scripts/x.py", "name"),
    ("a" * 200, "System.Service", "/scripts/x.py", "128"),
], ids=["unknown model", "no name", "long name"])
def test_what_makes_no_sense_is_invalid(comard, app, model, path, words):
    comard.place.write_script("x", GOOD)
    with pytest.raises(BusError, match=words) as caught:
        comard.bus.register(app, f"{comard.root}{path}", model)
    assert caught.value.name == "Invalid"


def test_a_path_that_is_no_script_is_an_error_and_no_hang(comard):
    fifo = comard.place.folder / "fifo"
    os.mkfifo(fifo)
    huge = comard.place.folder / "huge"
    with open(huge, "wb") as file:
        file.truncate(1 << 30)
    for path in ("relative.py", "/nowhere/at/all.py", str(fifo), str(huge), "/"):
        with pytest.raises(BusError) as caught:
            comard.bus.register("app", path)
        assert path in caught.value.message
        assert f"{path}:0" not in caught.value.message
    assert comard.bus.applications() == []


def test_others_may_look_and_not_touch(comard):
    nobody = pwd.getpwnam("nobody").pw_uid
    comard.register("app", GOOD)
    assert comard.cli("list", user=nobody).returncode == 0
    assert comard.cli("info", "app", user=nobody).returncode == 0
    refused = comard.cli("start", "app", user=nobody)
    assert refused.returncode == 4
    assert "tr.org.pardus.comar.system.service.set" in refused.stderr
    assert comard.cli("remove", "app", user=nobody).returncode == 4
    assert comard.bus.applications() == ["app"]
