# SPDX-License-Identifier: MIT
"""The bus starts comard when somebody calls it."""

import pytest
from gi.repository import GLib

from support.bus import NAME, Bus
from support.message_bus import MessageBus
from support.place import REPOSITORY
from support.processes import Process
from support.scripts import service_script

SHIPPED = REPOSITORY / "data/dbus/tr.org.pardus.comar.service.in"
PROGRAM = "@CMAKE_INSTALL_FULL_SBINDIR@/comard"


@pytest.fixture
def message_bus(place):
    """With the file that is installed, but for the folders of the test."""
    services = place.folder / "services"
    services.mkdir()
    bus = MessageBus(place, services=services)
    command = f"{place.own_prefix()}/bin/comard --root {place.root} --bus {bus.address}"
    (services / "tr.org.pardus.comar.service").write_text(SHIPPED.read_text().replace(PROGRAM, command))
    return bus.start()


def test_the_shipped_file_starts_comard_as_root_where_it_is_installed():
    lines = SHIPPED.read_text().splitlines()
    assert f"Name={NAME}" in lines and "User=root" in lines
    assert f"Exec={PROGRAM}" in lines


def test_a_call_starts_comard_and_is_answered_by_it(place, message_bus):
    client = Bus(message_bus.address)
    script = place.write_script("app", service_script("def start():\n    pass\n"))
    client.register("app", script)
    assert client.service("app").info()[0] == "server"
    pid = client.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
        GLib.Variant("(s)", (NAME,)), None, 0, -1, None).unpack()[0]
    comard = Process(pid)
    assert comard.argv[0].endswith("/comard")
    client.close()
    comard.signal(15)
    comard.wait_gone()
