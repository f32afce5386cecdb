# SPDX-License-Identifier: MIT
"""One service, end to end: the shortest proof that all parts work together."""

import json

import dbus
import dbus.bus
import pytest

from support.bus import NAME, SERVICE, BusError
from support.daemon import Daemon
from support.processes import Process


def script_of(command, pidfile):
    return f"""
        serviceType = "server"
        serviceDesc = _({{"en": "Smoke server", "tr": "Duman sunucusu"}})

        from comar.service import *

        @synchronized
        def start():
            startService(command="{command}", args="--fork --pidfile {pidfile}",
                         pidfile="{pidfile}", donotify=True)

        @synchronized
        def stop():
            stopService(pidfile="{pidfile}", donotify=True)

        def status():
            return isServiceRunning("{pidfile}")
        """


@pytest.fixture
def script(comard):
    return script_of(comard.program("smoke-server"), f"{comard.root}/run/smoke.pid")


@pytest.fixture
def service(comard, script):
    return comard.register("smoke", script)


def test_a_registered_service_is_listed_and_off(comard, service):
    assert comard.bus.applications() == ["smoke"]
    assert comard.bus.models("smoke") == ["System.Service"]
    assert service.info() == ("server", "Smoke server", "off")


def test_starts_runs_and_stops_over_dbus(comard, service):
    changed = comard.signals()
    service.start()
    changed.wait_for("smoke", "started")
    main = Process(service.supervision["MainPID"])
    assert main.argv[0].endswith("/usr/bin/smoke-server")
    assert service.state == "started"
    service.stop()
    changed.wait_for("smoke", "stopped")
    main.wait_gone()
    assert service.state == "off"
    assert changed.all() == [("smoke", "started"), ("smoke", "stopped")]


def test_a_second_start_keeps_the_process_and_tells_nobody(comard, service):
    service.start()
    main = service.supervision["MainPID"]
    changed = comard.signals()
    service.start()
    assert service.supervision["MainPID"] == main
    assert changed.all() == []
    service.stop()


def test_a_kill_from_outside_is_noticed(comard, service):
    service.start()
    changed = comard.signals()
    Process(service.supervision["MainPID"]).kill()
    changed.wait_for("smoke", "stopped")
    assert service.state == "off"
    assert service.supervision["PIDs"] == []


def test_the_description_is_in_the_callers_language(comard, service):
    turk = comard.connect()
    turk.set_locale("tr")
    assert turk.service("smoke").info()[1] == "Duman sunucusu"
    assert service.info()[1] == "Smoke server"
    turk.close()


def test_the_start_up_state_is_kept_and_announced(comard, service):
    changed = comard.signals()
    service.set_state("on")
    changed.wait_for("smoke", "on")
    assert service.state == "stopped"
    assert (comard.place.root / "etc/mudur/services/enabled/smoke").exists()
    with pytest.raises(BusError):
        service.set_state("perhaps")


def test_unknown_services_and_methods_have_their_errors(comard, service):
    with pytest.raises(BusError) as missing:
        service.reload()
    assert missing.value.name == "Missing"
    with pytest.raises(BusError) as nobody:
        comard.service("nobody").start()
    assert nobody.value.name == "Internal"
    assert nobody.value.message.startswith("Unable to find")
    with pytest.raises(BusError) as unknown:
        service.call("explode")
    assert unknown.value.name == "Invalid"


def test_a_removed_service_is_gone(comard, service):
    comard.bus.remove("smoke")
    assert comard.bus.applications() == []
    with pytest.raises(BusError):
        service.info()


def test_the_whole_life_from_the_command_line(comard, script):
    assert comard.cli("register", "smoke", comard.write_script("smoke", script)).returncode == 0
    assert comard.cli("status", "smoke").returncode == 3
    started = comard.cli("start", "smoke")
    assert (started.returncode, started.stderr) == (0, "")
    assert comard.cli("status", "smoke").returncode == 0
    main = Process(comard.service("smoke").supervision["MainPID"])
    assert comard.cli("restart", "smoke").returncode == 0
    main.wait_gone()
    main = Process(comard.service("smoke").supervision["MainPID"])
    assert main.alive
    assert comard.cli("stop", "smoke").returncode == 0
    main.wait_gone()
    assert comard.cli("status", "smoke").returncode == 3
    assert comard.cli("remove", "smoke").returncode == 0
    assert comard.cli("status", "smoke").returncode == 4


def test_list_shows_services_in_the_users_language_and_as_json(comard, service):
    assert "Smoke server" in comard.cli("list").stdout
    assert "Duman sunucusu" in comard.cli("list", language="tr").stdout
    rows = json.loads(comard.cli("list", "--json").stdout)
    assert [row["name"] for row in rows] == ["smoke"]


def test_classical_clients_use_plain_proxies(comard, service):
    connection = dbus.bus.BusConnection(comard.address)
    proxy = connection.get_object(NAME, "/package/smoke")
    system_service = dbus.Interface(proxy, SERVICE)
    system_service.start()
    assert list(system_service.info()) == ["server", "Smoke server", "started"]
    system_service.stop()
    connection.close()


def test_a_service_gets_nothing_of_comards_environment(start_comard):
    comard = start_comard(environment={"SECRET_OF_COMARD": "1", "PYTHONPATH": "/nowhere"})
    script = script_of(comard.program("smoke-server"), f"{comard.root}/run/smoke.pid")
    service = comard.register("smoke", script)
    service.start()
    environ = Process(service.supervision["MainPID"]).environ
    assert environ.get("PATH")
    assert not {"SECRET_OF_COMARD", "PYTHONPATH", "NOTIFY_SOCKET", "COMAR_ROOT"} & set(environ)
    service.stop()


def test_a_second_comard_on_the_same_root_refuses(comard, place):
    second = Daemon(place)
    second.log_path = place.folder / "second.log"
    second.launch().close()
    assert second.wait() != 0
    assert comard.root in second.log
    assert comard.running
    assert comard.bus.applications() == []


def test_services_survive_a_crash_of_comard_and_are_known_again(comard, service):
    service.start()
    main = Process(service.supervision["MainPID"])
    comard.kill()
    assert main.alive
    comard.start()
    service = comard.service("smoke")
    assert service.supervision["MainPID"] == main.pid
    assert service.state == "started"
    service.stop()
    main.wait_gone()
