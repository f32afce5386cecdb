# SPDX-License-Identifier: MIT
"""Clients that know nothing of comar but its D-Bus interfaces, on its socket and on a message bus."""

import json
import os
import re
import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import pytest
from gi.repository import GLib

from support.bus import NAME, SERVICE, wait_until
from support.clients import DBUS, MANAGER, OBJECT, SCRIPT, SUPERVISION, busctl, gdbus, register_teller, run
from support.scripts import service_script


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


@pytest.fixture
def service(comard, told):
    return register_teller(comard, told)


@pytest.fixture(params=["/", "/package"])
def object_manager(request, client):
    return dbus.Interface(client.get_object(NAME, request.param), f"{DBUS}.ObjectManager")


@pytest.fixture
def client(address):
    """A connection of python3-dbus."""
    connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
    yield connection
    connection.close()


RULE = f"type='signal',interface='{SERVICE}'"

MONITORS = {
    "gdbus": ["monitor", "--address", "{address}", "--dest", NAME],
    "dbus-monitor": ["--address", "{address}", RULE],
    "busctl": ["--address={address}", "monitor", f"--match={RULE}"],
}


# busctl, gdbus, dbus-send


def test_busctl_introspects_types_and_values(address, service):
    lines = busctl(address, "introspect", NAME, OBJECT).stdout.splitlines()
    rows = [line.split()[:-1] for line in lines]    # without flags
    for row in ([SERVICE, "interface", "-", "-"],
                [".info", "method", "-", "sss"],
                [".setState", "method", "s", "-"],
                [".start", "method", "-", "-"],
                [".Changed", "signal", "ss", "-"],
                [SUPERVISION, "interface", "-", "-"],
                [".State", "property", "s", '"stopped"'],
                [".Description", "property", "a{ss}", "2", '"en"', '"Server"', '"tr"', '"Sunucu"'],
                [".MainPID", "property", "u", "0"]):
        assert row in rows


def test_busctl_calls_methods_and_reads_properties(address, service):
    def call(*words):
        return busctl(address, "--json=short", "call", NAME, OBJECT, SERVICE, *words)

    assert json.loads(call("info").stdout) == {"type": "sss", "data": ["server", "Server", "off"]}
    assert call("setState", "s", "on").returncode == 0
    read = busctl(address, "get-property", NAME, OBJECT, SUPERVISION, "StartUp", "MainPID")
    assert read.stdout.splitlines() == ['s "on"', "u 0"]
    failed = call("setState", "s", "perhaps")
    assert failed.returncode != 0
    assert "perhaps" in failed.stderr


def test_busctl_shows_all_objects_and_follows_what_comes_and_goes(comard, address, service):
    def tree():
        return busctl(address, "--list", "tree", NAME).stdout.split()

    assert tree() == ["/", "/package", "/package/app"]
    comard.register("other", service_script(SCRIPT, told="/dev/null"))
    assert tree() == ["/", "/package", "/package/app", "/package/other"]
    comard.bus.remove("app")
    assert tree() == ["/", "/package", "/package/other"]


def test_busctl_finds_who_serves(comard, address):
    rows = [line.split() for line in busctl(address, "list").stdout.splitlines()]
    assert [row[1:4] for row in rows if row[0] == NAME] == [[str(comard.pid), "comard", "root"]]


def test_gdbus_introspects_all_objects_at_once(address, service):
    text = gdbus(address, "introspect", "--recurse", path="/").stdout
    objects = [line.split()[1] for line in text.splitlines() if line.lstrip().startswith("node ")]
    assert objects == ["/", "/package", OBJECT]
    words = " ".join(text.split())
    assert "register(in s app, in s model, in s script_path);" in words
    assert "info(out s type, out s description, out s status);" in words
    assert "Changed(s service, s state);" in words
    assert "readonly s State = 'stopped';" in words


def test_gdbus_calls_methods_with_the_types_of_introspection(address, service):
    def call(method, *words):
        return gdbus(address, "call", "--method", method, *words)

    # Without introspection neither would be of the right type.
    assert call(f"{SERVICE}.setState", "conditional").returncode == 0
    listed = gdbus(address, "call", "--method", f"{MANAGER}.ListServices", "{}", path="/")
    assert "('app', 'server', 'conditional_stopped', 'conditional', 'Server'" in listed.stdout
    assert call(f"{SERVICE}.info").stdout == "('server', 'Server', 'conditional_stopped')\n"
    missing = call(f"{SERVICE}.reload")
    assert f"GDBus.Error:{NAME}.Missing:" in missing.stderr


def test_dbus_send_calls_methods(address, service):
    def send(*words):
        return run("dbus-send", f"--bus={address}", "--print-reply=literal", f"--dest={NAME}", *words)

    assert send(OBJECT, f"{SERVICE}.info").stdout.split() == ["server", "Server", "off"]
    assert send(OBJECT, f"{SERVICE}.setState", "string:on").returncode == 0
    assert service.state == "stopped"
    assert f"{NAME}.Invalid" in send(OBJECT, f"{SERVICE}.setState", "int32:1").stderr


def test_clients_of_the_system_bus_are_pointed_elsewhere_by_a_variable(address, service):
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    plain = ("import dbus; proxy = dbus.SystemBus().get_object('tr.org.pardus.comar', '/package/app')\n"
             "print(*proxy.info())")
    for command in (["busctl", "--system", "call", NAME, OBJECT, SERVICE, "info"],
                    ["gdbus", "call", "--system", "--dest", NAME, "--object-path", OBJECT,
                     "--method", f"{SERVICE}.info"],
                    ["dbus-send", "--system", "--print-reply", f"--dest={NAME}", OBJECT,
                     f"{SERVICE}.info"],
                    [sys.executable, "-c", plain]):
        answer = run(*command, env=environment)
        assert re.search(r"server\W.*Server\W.*off", answer.stdout, re.DOTALL), answer


@pytest.mark.parametrize("command", MONITORS)
def test_monitors_see_changes(comard, message_bus, place, service, command):
    # The private bus shows nobody what others say, so busctl monitor has nothing to look at there.
    address = message_bus.address if command == "busctl" else comard.address
    words = [word.format(address=address) for word in MONITORS[command]]
    shown = place.mailbox("shown")
    with open(shown.path, "w") as output:
        place.stranger(command, *words, stdout=output, stderr=output)

    def is_shown():
        service.start()
        return any("started" in line for line in shown.lines())

    # None of them tells when it has begun to listen.
    comard.until(is_shown, f"{command} to show a change")


# python3-dbus


def test_a_plain_proxy_needs_no_interface(client, told, service):
    proxy = client.get_object(NAME, OBJECT)
    assert list(proxy.info()) == ["server", "Server", "off"]
    proxy.setState("on")
    assert proxy.info()[2] == "stopped"
    proxy.start()
    assert told.value() == "start"
    assert client.get_object(NAME, "/").listModelApplications("System.Service") == ["app"]


def test_a_proxy_takes_the_types_of_arguments_from_introspection(client, service):
    manager = dbus.Interface(client.get_object(NAME, "/"), MANAGER)
    # Nobody could guess what an empty dict is a dict of.
    assert [row[0] for row in manager.ListServices({})] == ["app"]
    with pytest.raises(TypeError):
        manager.ListServices(1)


def test_properties_have_the_types_of_introspection(client, service):
    properties = dbus.Interface(client.get_object(NAME, OBJECT), dbus.PROPERTIES_IFACE)
    values = properties.GetAll(SUPERVISION)
    assert {name: type(values[name]) for name in ("State", "MainPID", "ExitCode", "Since")} == {
        "State": dbus.String, "MainPID": dbus.UInt32, "ExitCode": dbus.Int32, "Since": dbus.UInt64}
    assert values["PIDs"].signature == "u"
    assert properties.Get(SUPERVISION, "Type") == "server"
    with pytest.raises(dbus.DBusException) as caught:
        properties.Set(SUPERVISION, "State", "running")
    assert caught.value.get_dbus_name() == f"{DBUS}.Error.PropertyReadOnly"


def test_an_object_manager_tells_all_services_and_their_properties(object_manager, service):
    objects = object_manager.GetManagedObjects()
    assert list(objects) == [OBJECT]
    assert {SERVICE, SUPERVISION} <= set(objects[OBJECT])
    assert objects[OBJECT][SUPERVISION]["Type"] == "server"
    service.set_state("on")
    assert object_manager.GetManagedObjects()[OBJECT][SUPERVISION]["StartUp"] == "on"


def test_an_object_manager_tells_which_objects_come_and_go(comard, object_manager, service):
    seen = []
    object_manager.connect_to_signal("InterfacesAdded", lambda *args: seen.append(args))
    object_manager.connect_to_signal("InterfacesRemoved", lambda *args: seen.append(args))
    comard.register("other", service_script(SCRIPT, told="/dev/null"))
    comard.bus.remove("app")
    # All that was said before this answer has arrived then.
    object_manager.GetManagedObjects()
    while GLib.MainContext.default().iteration(False):
        pass
    assert [path for path, _ in seen] == ["/package/other", OBJECT]
    assert all({SERVICE, SUPERVISION} <= set(interfaces) for _, interfaces in seen)


def test_an_error_has_the_names_that_clients_of_comar_look_for(client, service):
    for method, name in (("reload", "Missing"), ("explode", "Invalid")):
        with pytest.raises(dbus.DBusException) as caught:
            client.get_object(NAME, OBJECT).get_dbus_method(method, SERVICE)()
        assert caught.value.get_dbus_name() == f"{NAME}.{name}"
    with pytest.raises(dbus.DBusException) as caught:
        client.get_object(NAME, "/package/nobody", introspect=False).start(dbus_interface=SERVICE)
    assert caught.value.get_dbus_name() == f"{NAME}.Internal"
    assert caught.value.get_dbus_message().startswith("Unable to find")


def test_a_main_loop_gets_answers_and_signals(client, service):
    signals, answers = [], []
    client.add_signal_receiver(lambda *args, path: signals.append((*args, path)), "Changed", SERVICE,
                               path_keyword="path")
    proxy = dbus.Interface(client.get_object(NAME, OBJECT), SERVICE)
    for method in ("start", "stop", "reload"):
        proxy.get_dbus_method(method)(
            reply_handler=lambda *_, method=method: answers.append((method, None)),
            error_handler=lambda error, method=method: answers.append(
                (method, error.get_dbus_name())))
    wait_until(lambda: len(answers) == 3 and len(signals) == 2, 60, lambda: (answers, signals))
    assert answers == [("start", None), ("stop", None), ("reload", f"{NAME}.Missing")]
    assert signals == [("app", "started", OBJECT), ("app", "stopped", OBJECT)]


def test_a_signal_receiver_bound_to_the_name_of_comar_hears_it(client, service):
    signals = []
    client.get_object(NAME, OBJECT).connect_to_signal(
        "Changed", lambda *args: signals.append(args), dbus_interface=SERVICE)
    client.get_object(NAME, OBJECT).start(dbus_interface=SERVICE)
    wait_until(lambda: signals, 60, "Changed")
    assert signals == [("app", "started")]


def test_a_package_manager_registers_runs_and_removes_the_scripts_of_packages(comard, client, told):
    """What PiSi does when it installs and removes a package."""
    def interface(package="", model=""):
        path = f"/package/{package}" if package else "/"
        name = f"{NAME}.{model}" if model else NAME
        return dbus.Interface(client.get_object(NAME, path, introspect=False), name)

    handler = service_script("""
        def setupPackage(metapath, filepath):
            tell(("setup", metapath, filepath))

        def cleanupPackage(metapath, filepath):
            tell(("cleanup", metapath, filepath))
        """, told=told)
    package = service_script("""
        def postInstall(fromVersion, fromRelease, toVersion, toRelease):
            tell((fromVersion, fromRelease, toVersion, toRelease))

        def preRemove():
            tell("preRemove")
        """, told=told)
    interface().register("gtk+icons", "System.PackageHandler", comard.write_script("icons", handler))
    interface().register("3ddesktop", "System.Package", comard.write_script("3d", package))
    for app in interface().listModelApplications("System.PackageHandler"):
        interface(app, "System.PackageHandler").setupPackage("/meta.xml", "/files.xml")
    interface("_3ddesktop", "System.Package").postInstall("", "", "1.0", "2", timeout=1000)
    interface("_3ddesktop", "System.Package").preRemove()
    assert interface().listApplicationModels("3ddesktop") == ["System.Package"]
    interface().remove("3ddesktop")
    assert interface().listModelApplications("System.Package") == []
    assert [told.value() for _ in range(3)] == [
        ("setup", "/meta.xml", "/files.xml"), ("", "", "1.0", "2"), "preRemove"]
