# SPDX-License-Identifier: MIT
"""Clients that know nothing of comar but its D-Bus interfaces, on its socket and on a message bus."""

import ast
import contextlib
import json
import os
import re
import signal
import subprocess
import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import pytest
from gi.repository import GLib

from support.bus import NAME, SERVICE, Bus, BusError, Signals, wait_until
from support.message_bus import MessageBus
from support.scripts import service_script
from support.wire import NO_REPLY, Wire, message, user

MANAGER = f"{NAME}.Manager"
SUPERVISION = f"{NAME}.Supervision"
DBUS = "org.freedesktop.DBus"
OBJECT = "/package/app"
DENIED = "Comar.PolicyKit"

# All that comard needs for it is a start-up state; what a start does, it tells.
SCRIPT = """
    def start():
        tell("start")
        notify("System.Service", "Changed", (script(), "started"))

    def stop():
        tell("stop")
        notify("System.Service", "Changed", (script(), "stopped"))

    def status():
        return False
    """

RULE = f"type='signal',interface='{SERVICE}'"

MONITORS = {
    "gdbus": ["monitor", "--address", "{address}", "--dest", NAME],
    "dbus-monitor": ["--address", "{address}", RULE],
    "busctl": ["--address={address}", "monitor", f"--match={RULE}"],
}


@pytest.fixture
def message_bus(place):
    return MessageBus(place).start()


@pytest.fixture
def comard(start_comard, message_bus):
    """One that serves on a message bus, too."""
    comard = start_comard(arguments=["--bus", message_bus.address])
    message_bus.wait_for_comard()
    return comard


@pytest.fixture(params=["socket", "bus"])
def address(request, comard, message_bus):
    """Where the clients of a test are: comard's own socket, or the message bus."""
    return comard.address if request.param == "socket" else message_bus.address


@pytest.fixture
def service(comard, told):
    return comard.register("app", service_script(SCRIPT, told=told))


@pytest.fixture(params=["/", "/package"])
def object_manager(request, client):
    return dbus.Interface(client.get_object(NAME, request.param), f"{DBUS}.ObjectManager")


@pytest.fixture
def client(address):
    """A connection of python3-dbus."""
    connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
    yield connection
    connection.close()


def run(*command, **options):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, **options)


def busctl(address, *words, **options):
    return run("busctl", f"--address={address}", *words, **options)


def gdbus(address, verb, *words, path=OBJECT, **options):
    return run("gdbus", verb, "--address", address, "--dest", NAME, "--object-path", path, *words,
               **options)


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


# A message bus


def test_calls_and_signals_go_over_the_bus(comard, message_bus, told, service):
    caller, listener = Bus(message_bus.address), Signals(message_bus.address)
    caller.service("app").start()
    assert told.value() == "start"
    listener.wait_for("app", "started")
    # Whoever calls, all hear of it, on the socket and on the bus.
    changed = comard.signals()
    caller.service("app").stop()
    changed.wait_for("app", "stopped")
    service.start()
    listener.wait_for("app", "started")
    assert listener.all() == [("app", "started"), ("app", "stopped"), ("app", "started")]
    listener.close()
    caller.close()


def test_each_sender_has_a_language_of_its_own(address, service):
    turkish, english = Bus(address), Bus(address)
    turkish.set_locale("tr")
    assert turkish.service("app").info()[1] == "Sunucu"
    assert english.service("app").info()[1] == "Server"
    assert service.info()[1] == "Server"
    turkish.close()
    english.close()


def test_a_language_is_forgotten_when_its_sender_leaves(address, service):
    # comard keeps 10000 of them.
    for _ in range(201):
        choose_languages(address, 50)
    last = Bus(address)
    last.set_locale("tr")
    assert last.service("app").info()[1] == "Sunucu"
    last.close()


def choose_languages(address, count):
    """So many clients come, choose one and leave."""
    choice = message(2, "/", NAME, "setLocale", "s", "tr")
    wires = [Wire(address, is_client=False) for _ in range(count)]
    for wire in wires:
        wire.introduce(choice)
    for wire in wires:
        wire.welcome()
        assert wire.answers([2])[2].get_error_name() is None
        wire.close()


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_comard_follows_a_bus_that_dies_and_comes_again(comard, message_bus, service, signo):
    for _ in range(2):
        message_bus.stop(signo)
        assert service.state == "off"
        message_bus.start()
        message_bus.wait_for_comard()
        caller, listener = Bus(message_bus.address), Signals(message_bus.address)
        caller.service("app").start()
        listener.wait_for("app", "started")
        listener.close()
        caller.close()


def test_a_call_goes_on_when_its_bus_dies(comard, message_bus, told):
    gate = comard.gate("go")
    comard.register("app", service_script("""
        def start():
            tell("start")
            open(GATE).read(1)
            tell("done")
        """, told=told, GATE=gate))
    caller = Bus(message_bus.address)
    start = caller.service("app").begin("start")
    assert told.value() == "start"
    message_bus.stop(signal.SIGKILL)
    with pytest.raises(BusError):
        start.result()
    message_bus.start()
    message_bus.wait_for_comard()
    gate.open()
    assert told.value() == "done"
    caller = Bus(message_bus.address)
    assert caller.service("app").state == "off"
    caller.close()


def test_comard_serves_before_there_is_a_bus(start_comard, place, told):
    message_bus = MessageBus(place)
    comard = start_comard(arguments=["--bus", message_bus.address])
    service = comard.register("app", service_script(SCRIPT, told=told))
    service.start()
    assert told.value() == "start"
    message_bus.start()
    message_bus.wait_for_comard()
    caller = Bus(message_bus.address)
    assert caller.applications() == ["app"]
    caller.close()


def test_a_bus_that_gives_comard_no_name_is_complained_about(start_comard, place):
    strict = MessageBus(place, knows_comar=False).start()
    comard = start_comard(arguments=["--bus", strict.address])
    comard.until(lambda: f"cannot own the name {NAME}" in comard.log, lambda: comard.log)
    assert comard.bus.applications() == []


def test_a_second_name_is_for_a_second_comard(start_comard, message_bus):
    comard = start_comard(arguments=["--bus", message_bus.address, "--bus-name", f"{NAME}2"])
    with message_bus.watch(f"{NAME}2") as second, message_bus.watch() as first:
        second.wait_owned()
        assert first.owner is None
    for address in (comard.address, message_bus.address):
        called = busctl(address, "call", f"{NAME}2", "/", NAME, "listModelApplications", "s",
                        "System.Service")
        assert called.stdout == "as 0\n"


def test_comard_says_that_its_name_is_taken_and_takes_it_when_it_is_free(start_comard, message_bus):
    other = Bus(message_bus.address)
    assert ask_bus(other, "RequestName", "su", NAME, 0) == 1
    comard = start_comard(arguments=["--bus", message_bus.address])
    comard.until(lambda: "another program owns it" in comard.log, lambda: comard.log)
    assert comard.bus.applications() == []
    with message_bus.watch() as watch:
        assert watch.owner == other.unique_name
        assert ask_bus(other, "ReleaseName", "s", NAME) == 1
        wait_until(lambda: watch.owner not in (None, other.unique_name), 20, "comard to own its name")
    assert other.applications() == []
    other.close()


def ask_bus(bus, method, signature, *arguments):
    answer = bus.connection.call_sync(DBUS, "/org/freedesktop/DBus", DBUS, method,
                                      GLib.Variant(f"({signature})", arguments), None, 0, -1, None)
    return answer.unpack()[0]


def test_whoever_has_the_name_of_a_sender_after_a_restart_is_somebody_else(
        comard, message_bus, service):
    before = nth_client(message_bus, 20)
    before.set_locale("tr")
    before.service("app").start()
    assert before.service("app").info()[1] == "Sunucu"
    message_bus.stop()
    before.close()
    message_bus.start()
    message_bus.wait_for_comard()
    with user("nobody"):
        after = nth_client(message_bus, 20)
    assert after.unique_name == before.unique_name
    assert after.service("app").info()[1] == "Server"
    with pytest.raises(BusError) as refused:
        after.service("app").start()
    assert refused.value.name == DENIED
    after.close()


def nth_client(message_bus, number):
    """The client with that number in its unique name, after as many others as it takes."""
    while True:
        client = Bus(message_bus.address)
        if client.unique_name == f":1.{number}":
            return client
        assert int(client.unique_name.removeprefix(":1.")) < number
        client.close()


# Other users

SET = "tr.org.pardus.comar.system.service.set"
CHANGES = [
    ("/", NAME, "register", "sss", ("new", "System.Service", "/nowhere"), f"{NAME}.register"),
    ("/", MANAGER, "Register", "sss", ("new", "System.Service", "/nowhere"), f"{NAME}.register"),
    ("/", MANAGER, "Restart", "s", ("app",), SET),
    (OBJECT, SERVICE, "start", "", (), SET),
    (OBJECT, SERVICE, "stop", "", (), SET),
    (OBJECT, SERVICE, "reload", "", (), SET),
    (OBJECT, SERVICE, "ready", "", (), SET),
    (OBJECT, SERVICE, "setState", "s", ("on",), SET),
    (OBJECT, SERVICE, "registerState", "", (), SET),
    ("/", NAME, "remove", "s", ("app",), f"{NAME}.remove"),
]


def test_another_user_may_change_nothing(address, told, service):
    with user("nobody"):
        nobody = Wire(address)
    for path, interface, method, signature, arguments, action in CHANGES:
        # The interface may be missing in a call.
        for named in (interface, None):
            name, text = nobody.ask(path, named, method, signature, *arguments)
            assert name == DENIED, method
            assert text == action
    assert told.lines() == []
    assert nobody.ask("/", NAME, "listModelApplications", "s", "System.Service") == (["app"],)
    assert service.state == "off"
    nobody.close()


def test_a_method_whose_model_names_no_action_needs_one_of_its_own(comard, address, told):
    comard.register("pkg", service_script("""
        def preRemove():
            tell("preRemove")
        """, told=told), model="System.Package")
    call = ("/package/pkg", f"{NAME}.System.Package", "preRemove")
    with user("nobody"):
        nobody = Wire(address)
    assert nobody.ask(*call) == (DENIED, "tr.org.pardus.comar.system.package.preremove")
    assert told.lines() == []
    root = Wire(address)
    assert root.ask(*call) == ()
    assert told.value() == "preRemove"
    nobody.close()
    root.close()


def test_another_user_may_read(address, service):
    with user("nobody"):
        nobody = Bus(address)
    nobody.set_locale("tr")
    assert nobody.service("app").info() == ("server", "Sunucu", "off")
    assert [row["description"] for row in nobody.list_services()] == ["Sunucu"]
    assert nobody.applications() == ["app"]
    assert nobody.models("app") == ["System.Service"]
    assert nobody.get(OBJECT, SUPERVISION, "State") == "stopped"
    assert nobody.get_all("/", MANAGER)["Version"]
    assert '"Changed"' in nobody.introspect(OBJECT)
    nobody.sync()
    nobody.close()


def test_another_user_hears_of_changes(address, service):
    with user("nobody"):
        changed = Signals(address)
    service.start()
    changed.wait_for("app", "started")
    changed.close()


def test_root_may_do_all(address, told, service):
    root = Wire(address)
    answers = {method: root.ask(path, interface, method, signature, *arguments)
               for path, interface, method, signature, arguments, _ in CHANGES}
    assert answers.pop("register")[0] == "Invalid"
    assert answers.pop("Register")[0][0][0] == "error"
    assert answers.pop("reload")[0] == "Missing"
    assert set(answers.values()) == {()}
    assert [ast.literal_eval(line) for line in told.lines()] == ["stop", "start", "start", "stop"]
    assert root.ask("/", NAME, "listModelApplications", "s", "System.Service") == ([],)
    root.close()


def test_the_tools_of_another_user_are_told_why(comard, address, told, service):
    called = gdbus(address, "call", "--method", f"{SERVICE}.start", user="nobody")
    assert called.returncode != 0
    assert f"GDBus.Error:{NAME}.{DENIED}: {SET}" in called.stderr
    assert gdbus(address, "call", "--method", f"{SERVICE}.info", user="nobody").returncode == 0
    registered = comard.cli("register", "new", comard.root + "/scripts/app.py", user="nobody")
    assert registered.returncode != 0
    assert f"{NAME}.register" in registered.stderr
    assert comard.cli("info", "app", user="nobody").returncode == 0
    assert told.lines() == []


def test_a_user_who_claims_to_be_root_is_not_believed(comard):
    with user("nobody"):
        liar, anonymous, honest = [Wire(comard.address, is_client=False) for _ in range(3)]
    assert liar.authenticate(0).startswith("REJECTED")
    assert anonymous.authenticate("trace", "ANONYMOUS").startswith("REJECTED")
    assert honest.authenticate(65534).startswith("OK")


# Calls that make no sense


NONSENSE = [
    ("Invalid", OBJECT, SERVICE, "start", "s", "x"),
    ("Invalid", OBJECT, SERVICE, "setState", ""),
    ("Invalid", OBJECT, SERVICE, "setState", "i", 1),
    ("Invalid", OBJECT, SERVICE, "setState", "v", GLib.Variant("s", "on")),
    ("Invalid", OBJECT, SERVICE, "setState", "ss", "on", "on"),
    ("Invalid", OBJECT, SERVICE, "explode", ""),
    ("Invalid", OBJECT, None, "explode", ""),
    ("Invalid", OBJECT, f"{NAME}.Nothing", "start", ""),
    ("Invalid", OBJECT, f"{NAME}.System.Package", "preRemove", ""),
    ("Invalid", OBJECT, NAME, "remove", "s", "app"),
    ("Invalid", "/", SERVICE, "start", ""),
    ("Invalid", "/package", SERVICE, "start", ""),
    ("Invalid", "/elsewhere", SERVICE, "start", ""),
    ("Invalid", "/", NAME, "explode", ""),
    ("Invalid", "/", NAME, "register", "s", "app"),
    ("Invalid", "/", NAME, "register", "sss", "a", "No.Such.Model", "/"),
    ("Invalid", "/", NAME, "listModelApplications", "s", "No.Such.Model"),
    ("Internal", "/", NAME, "remove", "s", "nobody"),
    ("Internal", "/package/nobody", SERVICE, "start", ""),
    ("Internal", "/package/app/deeper", SERVICE, "start", ""),
    (f"{DBUS}.Error.UnknownObject", "/package/nobody", f"{DBUS}.Introspectable", "Introspect", ""),
    (f"{DBUS}.Error.UnknownProperty", OBJECT, f"{DBUS}.Properties", "Get", "ss", SUPERVISION, "No"),
    (f"{DBUS}.Error.UnknownInterface", OBJECT, f"{DBUS}.Properties", "GetAll", "s", "no.such"),
]


def test_a_call_that_makes_no_sense_has_its_error(address, told, service):
    wire = Wire(address)
    for error, *call in NONSENSE:
        name, text = wire.ask(*call)
        assert name == error, call
        assert error != "Internal" or text.startswith("Unable to find")
    assert wire.ask(OBJECT, SERVICE, "info") == ("server", "Server", "off")
    assert told.lines() == []
    wire.close()


def test_an_unknown_method_of_a_standard_interface_is_no_unknown_object(address, service):
    wire = Wire(address)
    assert wire.ask(OBJECT, f"{DBUS}.Properties", "Explode")[0] == f"{DBUS}.Error.UnknownMethod"
    wire.close()


def test_a_huge_text_is_passed_on_or_refused(address, service):
    bus = Bus(address)
    huge = "x" * 900_000
    with pytest.raises(BusError) as caught:
        bus.service("app").set_state(huge)
    assert caught.value.name == "Exception"
    assert "x" * 1000 in caught.value.message
    for method, arguments in (("setLocale", [huge]), ("register", [huge, "System.Service", "/x"]),
                              ("register", ["x", huge, "/x"]), ("remove", [huge])):
        with pytest.raises(BusError) as caught:
            bus.call("/", NAME, method, "s" * len(arguments), *arguments)
        assert caught.value.name in ("Invalid", "Internal")
    assert bus.service("app").info() == ("server", "Server", "off")
    bus.close()


def test_a_text_larger_than_comard_takes_harms_only_its_sender(address, service):
    sender, other = Bus(address), Bus(address)
    call = sender.service("app").begin("setState", "s", "x" * 30_000_000)
    assert other.service("app").state == "off"
    with pytest.raises(BusError) as refused:
        call.result()
    # comard may hang up before it knows what to answer.
    assert refused.value.name == "Invalid" or sender.connection.is_closed()
    assert other.service("app").state == "off"
    sender.close()
    other.close()


@pytest.mark.parametrize("wrong, right", [
    (b"/package/app", b"/package/a p"),
    (b"/package/app", b"/package//pp"),
    (b"/package/app", b"package//app"),
    (b".System.Service", b".System..ervice"),
    (b"start", b"st-rt"),
    (b"l\1", b"x\1"),
    (b"l\1", b"l\7"),
], ids=["space", "empty", "relative", "interface", "member", "endian", "type"])
def test_a_malformed_message_runs_nothing_and_harms_only_its_sender(
        comard, told, service, wrong, right):
    wire, other = Wire(comard.address), Wire(comard.address)
    blob = message(100, OBJECT, SERVICE, "start")
    assert wrong in blob
    wire.send(blob.replace(wrong, right, 1))
    wire.finish()
    # Whatever it says is about this call, and no success.
    for answer in wire.until_closed():
        assert answer.get_reply_serial() != 100 or answer.get_error_name()
    assert other.ask(OBJECT, SERVICE, "info") == ("server", "Server", "off")
    assert told.lines() == []
    wire.close()
    other.close()


def test_noise_instead_of_messages_harms_only_its_sender(comard, service):
    for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5000, b"\0AUTH EXTERNAL zz\r\nBEGIN\r\n",
                  b"\0BEGIN\r\n", b"\0" + b"x" * 100_000, os.urandom(5000)):
        wire = Wire(comard.address, is_client=False)
        with contextlib.suppress(BrokenPipeError):
            wire.send(noise)
        wire.finish()
        wire.wait_closed()
        wire.close()
    assert service.state == "off"


def test_who_wants_no_reply_gets_none(start_comard, told):
    # One at a time, so that they are over in the order in which they came.
    comard = start_comard(settings={"calls": {"concurrency": 1}})
    comard.register("app", service_script(SCRIPT, told=told))
    wire = Wire(comard.address)
    for path, interface, method, signature, *arguments in (
            (OBJECT, SERVICE, "start", ""),
            (OBJECT, SERVICE, "reload", ""),
            (OBJECT, SERVICE, "setState", "s", "perhaps"),
            (OBJECT, SERVICE, "info", ""),
            (OBJECT, SERVICE, "setState", "i", 1),
            (OBJECT, SERVICE, "explode", ""),
            ("/package/nobody", SERVICE, "start", ""),
            ("/", NAME, "listModelApplications", "s", "System.Service"),
            ("/", f"{DBUS}.Peer", "Ping", "")):
        wire.call(path, interface, method, signature, *arguments, flags=NO_REPLY)
    last = wire.call(OBJECT, SERVICE, "info")
    assert list(wire.answers([last])) == [last]
    assert told.value() == "start"
    wire.close()


def test_ten_thousand_calls_at_once_do_not_stop_the_others(address, service):
    flood = Wire(address)
    calls, serials = flood.many(10_000, "/", NAME, "listModelApplications", "s", "System.Service")
    unsent = flood.push(calls)
    other = Bus(address)
    for _ in range(10):
        assert other.service("app").info()[2] == "off"
        unsent = flood.push(unsent)
    answers = flood.answers(serials, unsent)
    assert all(answer.get_body().unpack() == (["app"],) for answer in answers.values())
    flood.close()
    other.close()
