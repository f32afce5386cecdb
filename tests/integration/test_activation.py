# SPDX-License-Identifier: MIT
"""The bus starts comard when somebody calls it."""

import pathlib

import pytest
from gi.repository import GLib

from support.bus import NAME, Bus
from support.message_bus import MessageBus
from support.place import REPOSITORY
from support.processes import Process
from support.scripts import PLAIN, service_script

SHIPPED = REPOSITORY / "data/dbus/tr.org.pardus.comar.service.in"
PROGRAM = "@CMAKE_INSTALL_FULL_SBINDIR@/comard"


@pytest.fixture
def bus(place):
    """With the file that is installed, but for the folders of the test."""
    services = place.folder / "services"
    services.mkdir()
    bus = MessageBus(place, services=services)
    command = f"{place.own_prefix()}/bin/comard --root {place.root} --bus {bus.address}"
    (services / "tr.org.pardus.comar.service").write_text(SHIPPED.read_text().replace(PROGRAM, command))
    return bus


@pytest.fixture
def message_bus(bus):
    return bus.start()


def process_of(client):
    """comard, as the bus knows it."""
    return Process(client.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
        GLib.Variant("(s)", (NAME,)), None, 0, -1, None).unpack()[0])


def cgroup_of(process):
    return pathlib.Path(f"/proc/{process.pid}/cgroup").read_text()


def test_the_shipped_file_starts_comard_as_root_where_it_is_installed():
    lines = SHIPPED.read_text().splitlines()
    assert f"Name={NAME}" in lines and "User=root" in lines
    assert f"Exec={PROGRAM} --detach" in lines


def test_a_call_starts_comard_and_is_answered_by_it(place, message_bus):
    client = Bus(message_bus.address)
    script = place.write_script("app", service_script("def start():\n    pass\n"))
    client.register("app", script)
    assert client.service("app").info()[0] == "server"
    comard = process_of(client)
    assert comard.argv[0].endswith("/comard")
    client.close()
    comard.signal(15)
    comard.wait_gone()


def test_a_bus_that_is_a_service_may_start_comard_and_be_stopped_by_it(place, bus, start_comard):
    """comard is killed; the bus has it back before anybody else, in its own cgroup, with all that it starts."""
    comard = start_comard(arguments=["--bus", bus.address])
    ready = f'\n    serviceReadiness = "{bus.address.replace("path=", "")}"\n'
    message_bus = comard.register("bus", service_script(
        ready + PLAIN, SERVER="/usr/bin/dbus-daemon", ARGS=bus.configure(), PIDFILE=f"{place.root}/run/bus.pid"))
    other = comard.register("other", service_script(PLAIN, SERVER=place.program("other"), ARGS="",
                                                    PIDFILE=f"{place.root}/run/other.pid"))
    message_bus.start()
    other.start()
    bus.wait_for_comard()
    before, main = cgroup_of(comard.process), other.supervision["MainPID"]
    comard.kill()
    client = Bus(bus.address)
    assert client.service("other").supervision["MainPID"] == main
    another = process_of(client)
    assert cgroup_of(another) == before
    client.close()
    message_bus = comard.service("bus")
    message_bus.stop()
    assert message_bus.supervision["State"] == "stopped"
    assert comard.service("other").supervision["MainPID"] == main
    comard.service("other").stop()
    comard.disconnect()
    another.signal(15)
    another.wait_gone()
