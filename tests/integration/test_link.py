# SPDX-License-Identifier: MIT
"""The client library: `import comar`, over comard's own socket and over a message bus."""

import gc
import os
import subprocess
import sys
import threading

import pytest
from gi.repository import Gio, GLib

from support.bus import NAME, SERVICE, Bus, wait_until
from support.place import BUILD
from support.scripts import service_script
from support.wire import user

sys.path.insert(0, str(BUILD / "lib/comar/python"))

import comar  # noqa: E402

SCRIPT = service_script("""
    def start():
        notify("System.Service", "Changed", (script(), "started"))

    def stop():
        fail({"en": "no luck", "tr": "olmadı"})

    def status():
        return False
    """)

# Its start() lasts until the gate opens.
SLOW = """
    def start():
        tell("here")
        open(GATE).read(1)
        tell("over")

    def stop():
        pass
    """

FIREWALL = """
    def getState():
        return "on"

    def setState(state):
        notify("Network.Firewall", "stateChanged", state)

    def listModules():
        return ["one", "two"]

    def moduleInfo(module):
        return (module, "title", "icon")

    def setModuleParameters(module, parameters):
        if parameters != {"port": "80"}:
            fail("got %r" % parameters)

    def moduleParameters(module):
        return [("a", "b", "c", {"d": "e"})]

    def getModuleParameters(module):
        return {"a": "b"}
    """


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


@pytest.fixture
def links():
    """Makes links that are closed at the end: links(socket=…)."""
    made = []

    def make(*arguments, **keywords):
        made.append(comar.Link(*arguments, **keywords))
        return made[-1]

    yield make
    for link in made:
        link.close()


@pytest.fixture
def link(address, links):
    return links(socket=address)


@pytest.fixture
def service(comard, link):
    comard.register("my-app", SCRIPT)
    return link.System.Service["my-app"]


@pytest.fixture
def firewall(comard, link):
    comard.register("wall", FIREWALL, model="Network.Firewall")
    return link.Network.Firewall["wall"]


@pytest.fixture
def slow(comard, told):
    """The gate that its start() waits at."""
    gate = comard.gate("gate")
    comard.register("slow", service_script(SLOW, told=told, GATE=gate))
    return gate


class Answers(list):
    """A callback that keeps what it gets."""

    def __call__(self, *answer):
        self.append(answer)

    def wait(self, count=1):
        wait_until(lambda: len(self) >= count, 60, lambda: f"{count} answers, got {self}")
        return list(self)


def plain(value):
    """Whether it is made of Python's own types and nothing derived from them."""
    if type(value) is dict:
        return all(plain(each) for item in value.items() for each in item)
    if type(value) in (list, tuple):
        return all(map(plain, value))
    return type(value) in (str, int, bool, float, type(None))


# Calls.


def test_a_call_returns_what_the_method_returns(service):
    assert service.start() is None
    assert service.info() == ("server", "Server", "off")


def test_a_name_with_dashes_and_its_safe_form_are_one(service, link):
    assert link.System.Service["my_app"].info() == service.info()
    assert "my-app" in link.System.Service


def test_results_are_plain_python(firewall):
    results = {
        "getState": "on",
        "listModules": ["one", "two"],
        "moduleInfo": ("m", "title", "icon"),
        "moduleParameters": [("a", "b", "c", {"d": "e"})],
        "getModuleParameters": {"a": "b"},
    }
    for method, result in results.items():
        arguments = ["m"] if method.startswith(("module", "getModule")) else []
        found = getattr(firewall, method)(*arguments)
        assert found == result and plain(found)


def test_arguments_are_packed_as_the_model_wants_them(firewall):
    firewall.setModuleParameters("m", {"port": "80"})
    with pytest.raises(TypeError, match="Network.Firewall.setModuleParameters: argument 2 .* 'a{ss}'"):
        firewall.setModuleParameters("m", {"port": 80})
    with pytest.raises(TypeError, match=r"takes 2 arguments \(sa{ss}\), got 1"):
        firewall.setModuleParameters("m")


def test_a_model_iterates_over_its_packages(link, service, firewall):
    assert list(link.System.Service) == ["my_app"]
    assert [package for package in link.Network.Firewall] == ["wall"]
    assert list(link.System.Package) == []
    assert [link.System.Service[package].info()[0] for package in link.System.Service] == ["server"]


def test_the_old_order_of_arguments_finds_the_socket(comard, links):
    comard.register("app", SCRIPT)
    assert list(links(f"{comard.root}/run/comar/bus").System.Service) == ["app"]
    assert list(links("2", f"{comard.root}/run/comar/bus").System.Service) == ["app"]


def test_the_system_bus_is_where_the_environment_says(comard, message_bus, links, monkeypatch):
    comard.register("app", SCRIPT)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", message_bus.address)
    assert list(links().System.Service) == ["app"]


def test_the_alternate_name_is_another_comard(start_comard, message_bus, links):
    other = start_comard(arguments=["--bus", message_bus.address, "--bus-name", f"{NAME}2"])
    with message_bus.watch(f"{NAME}2") as watch:
        watch.wait_owned()
    link = links(socket=message_bus.address, alternate=True)
    link.register("app", "System.Service", other.write_script("app", SCRIPT))
    changes = Answers()
    link.listenSignals("System.Service", changes)
    assert list(link.System.Service) == ["app"]
    link.System.Service["app"].setState("on")
    assert changes.wait() == [("app", "Changed", ("app", "on"))]
    with pytest.raises(comar.Unreachable):
        links(socket=message_bus.address).listRunning()


# Errors.


def test_errors_have_short_names(service, link):
    for call, name, text in (
            (service.reload, "Missing", "reload"),
            (service.stop, "Exception", "no luck"),
            (service.explode, "Invalid", "explode"),
            (lambda: service.explode(1), "Invalid", "explode"),
            (link.System.Service["nobody"].start, "Internal", "Unable to find"),
            (lambda: link.System.Service["nobody"].setState("on"), "Internal", "Unable to find"),
            (link.No.Model["my-app"].start, "Invalid", "start"),
            (lambda: list(link.No.Model), "Invalid", "No.Model")):
        with pytest.raises(comar.Error, match=text) as caught:
            call()
        assert caught.value.name == name
        assert caught.value.full_name == f"{NAME}.{name}"


def test_who_may_not_is_told_the_action(comard, message_bus, links):
    comard.register("app", SCRIPT)
    with user("nobody"):
        link = links(socket=message_bus.address)
        assert link.System.Service["app"].info() == ("server", "Server", "off")
    answers = Answers()
    with pytest.raises(comar.PolicyKitError) as caught:
        link.System.Service["app"].start()
    assert caught.value.name == "Comar.PolicyKit"
    assert caught.value.action == "tr.org.pardus.comar.system.service.set"
    link.System.Service["app"].start(callback=answers)
    (package, error, results), = answers.wait()
    assert (package, type(error), results) == ("app", comar.PolicyKitError, ())


def test_a_timeout_ends_the_waiting_but_not_the_call(slow, told, link):
    with pytest.raises(comar.Error, match="System.Service.start of /package/slow") as caught:
        link.System.Service["slow"].start(timeout=0.1)
    assert caught.value.name == "TimedOut"
    assert told.value() == "here"
    assert f"{SERVICE}.start" in link.listRunning()
    slow.open()
    assert told.value() == "over"


# Calls with a callback.


def test_a_callback_gets_package_error_and_results(service):
    answers = Answers()
    assert service.info(callback=answers) is None
    service.stop(**{"async": answers})
    service.setState("on", callback=answers)
    service.setState("perhaps", callback=answers)
    answers.wait(4)
    by_error = {error.name if error else len(results): (package, results)
                for package, error, results in answers}
    assert by_error[3] == ("my_app", ("server", "Server", "off"))
    assert by_error[0] == ("my_app", ())
    assert len(by_error) > 2    # the failures
    assert [results for _, error, results in answers if error] == [(), ()]


def test_without_a_package_each_is_asked(comard, link):
    for name in ("one", "two", "three"):
        comard.register(name, SCRIPT)
    answers = Answers()
    link.System.Service.info(callback=answers)
    link.System.Service.info(**{"async": answers})
    answers.wait(6)
    assert sorted(package for package, _, _ in answers) == sorted(2 * ["one", "two", "three"])
    assert {(error, results) for _, error, results in answers} == {(None, ("server", "Server", "off"))}


def test_calls_leave_in_the_order_in_which_they_were_made(start_comard, links):
    # One at a time, so that they are over in the order in which they came.
    comard = start_comard(settings={"calls": {"concurrency": 1}})
    comard.register("app", SCRIPT)
    link = links(socket=comard.address)
    service = link.System.Service["app"]
    changes, answers = Answers(), Answers()
    link.listenSignals("System.Service", changes)
    # The library does not know the types of setState() yet.
    service.setState("on", callback=answers)
    service.start(callback=answers)
    service.setState("off", callback=answers)
    assert [args[1] for _, _, args in changes.wait(3)] == ["on", "started", "off"]
    answers.wait(3)


# Signals.


def test_signals_tell_package_name_and_arguments(service, firewall, link):
    services, walls = Answers(), Answers()
    link.listenSignals("System.Service", services)
    link.listenSignals("Network.Firewall", walls)
    service.start()
    service.setState("on")
    firewall.setState("off")
    assert services.wait(2) == [("my_app", "Changed", ("my_app", "started")), ("my_app", "Changed", ("my_app", "on"))]
    assert walls.wait() == [("wall", "stateChanged", ("off",))]
    assert plain(list(services))


def test_listening_can_end(service, link):
    first, second = Answers(), Answers()
    stop = link.listenSignals("System.Service", first)
    link.listenSignals("System.Service", second)
    service.start()
    first.wait()
    stop()
    stop()
    service.start()
    second.wait(2)
    assert len(first) == 1


def test_who_only_listens_need_not_keep_the_link(comard, address):
    comard.register("app", SCRIPT)
    changes = Answers()
    stop = comar.Link(socket=address).listenSignals("System.Service", changes)
    gc.collect()
    comard.service("app").start()
    assert changes.wait() == [("app", "Changed", ("app", "started"))]
    stop()


def test_signals_of_others_are_not_believed(service, link, message_bus):
    changes = Answers()
    link.listenSignals("System.Service", changes)
    liar = Bus(message_bus.address)
    liar.connection.emit_signal(None, "/package/my_app", SERVICE, "Changed",
                                GLib.Variant("(ss)", ("my_app", "a lie")))
    liar.sync()    # its signal went out before
    liar.close()
    service.start()
    assert changes.wait()[0][2] == ("my_app", "started")


# What else a link does.


def test_each_link_speaks_its_language(service, link, links, address, monkeypatch):
    turkish = links(socket=address)
    turkish.setLocale("tr")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    users = links(socket=address)
    users.setLocale()
    for speaker, word, reason in ((link, "Server", "no luck"), (turkish, "Sunucu", "olmadı"),
                                  (users, "Sunucu", "olmadı")):
        assert speaker.System.Service["my-app"].info()[1] == word
        with pytest.raises(comar.Error, match=reason):
            speaker.System.Service["my-app"].stop()


def test_packages_are_registered_and_removed(comard, link, monkeypatch):
    path = comard.write_script("app", SCRIPT)
    monkeypatch.chdir(os.path.dirname(path))
    link.register("my-app", "System.Service", "app.py")
    assert link.listModelApplications("System.Service") == ["my_app"]
    assert link.listApplicationModels("my-app") == ["System.Service"]
    link.remove("my-app")
    assert link.listModelApplications("System.Service") == []
    with pytest.raises(comar.Error) as caught:
        link.register("my-app", "System.Service", comard.write_script("bad", "def start():\n"))
    assert caught.value.name == "Invalid"


def test_a_link_ends_its_own_calls(slow, told, link, links, address):
    answers = Answers()
    link.System.Service["slow"].start(callback=answers)
    assert told.value() == "here"
    assert link.listRunning() == link.listRunning(all=False) == [f"{SERVICE}.start"]
    other = links(socket=address)
    assert other.listRunning() == [f"{SERVICE}.start"]
    assert other.listRunning(False) == []
    assert other.cancel() == 0
    assert link.cancel("stop") == 0
    assert link.cancel() == 1
    (package, error, _), = answers.wait()
    assert (package, error.name) == ("slow", "Cancelled")


def test_another_thread_can_cancel_what_one_waits_for(slow, told, link):
    errors = []

    def start():
        try:
            link.System.Service["slow"].start()
        except comar.Error as error:
            errors.append(error.name)

    thread = threading.Thread(target=start)
    thread.start()
    assert told.value() == "here"
    assert link.cancel("System.Service.start") == 1
    thread.join()
    assert errors == ["Cancelled"]


class FakeComard:
    """Has the name of the second comard, and notes whether it might have asked for a password."""

    XML = f'<node><interface name="{SERVICE}"><method name="start"/></interface></node>'

    def __init__(self, message_bus):
        self.may_ask = []
        self._bus = Bus(message_bus.address)
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        self._bus.connection.register_object("/package/app", interface, self._answer, None, None)
        self._bus.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (f"{NAME}2", 0)), None, Gio.DBusCallFlags.NONE, -1, None)

    def _answer(self, *call):
        invocation = call[-1]
        flags = invocation.get_message().get_flags()
        self.may_ask.append(bool(flags & Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION))
        invocation.return_value(None)

    def close(self):
        self._bus.close()


def test_who_uses_an_agent_may_be_asked(message_bus, links):
    fake = FakeComard(message_bus)
    link = links(socket=message_bus.address, alternate=True)
    answers = Answers()
    start = link.System.Service["app"].start
    start(callback=answers)
    link.useAgent()
    start(callback=answers)
    start(callback=answers, quiet=True)
    link.useAgent(False)
    start(callback=answers)
    assert answers.wait(4) == 4 * [("app", None, ())]
    assert fake.may_ask == [False, True, False, False]
    fake.close()


# comard comes and goes.


def test_a_comard_that_was_away_is_found_again(comard, service, link):
    link.setLocale("tr")
    changes = Answers()
    link.listenSignals("System.Service", changes)
    comard.stop()
    with pytest.raises(comar.Unreachable, match="cannot reach comard at unix:path="):
        service.info()
    comard.start()
    # On a message bus the connection is the same, so the main loop has to hear of the new comard.
    wait_until(lambda: is_served(service) and service.info()[1] == "Sunucu", 60, "a comard that speaks Turkish")
    service.start()
    assert changes.wait() == [("my_app", "Changed", ("my_app", "started"))]


def is_served(package):
    try:
        package.info()
    except comar.Unreachable:
        return False
    return True


def test_a_call_in_flight_ends_with_its_comard(comard, slow, told, link):
    answers = Answers()
    link.System.Service["slow"].start(callback=answers)
    assert told.value() == "here"
    comard.kill()
    (package, error, results), = answers.wait()
    assert (package, type(error), results) == ("slow", comar.Unreachable, ())
    comard.start()


def test_a_message_bus_that_was_away_is_found_again(comard, message_bus, links):
    comard.register("app", SCRIPT)
    link = links(socket=message_bus.address)
    link.setLocale("tr")
    changes = Answers()
    link.listenSignals("System.Service", changes)
    message_bus.stop()
    with pytest.raises(comar.Unreachable):
        link.System.Service["app"].info()
    message_bus.start()
    message_bus.wait_for_comard()
    assert link.System.Service["app"].info()[1] == "Sunucu"
    link.System.Service["app"].start()
    assert changes.wait() == [("app", "Changed", ("app", "started"))]


def test_a_closed_link_opens_again(service, link):
    service.info()
    link.close()
    link.close()
    assert service.info() == ("server", "Server", "off")


def test_there_may_be_no_bus_at_all(links, place):
    link = links(socket=place.folder / "nothing")
    for call in (link.listRunning, link.setLocale, link.System.Service["a"].start,
                 lambda: link.System.Service["a"].start(callback=print),
                 lambda: link.listenSignals("System.Service", print)):
        with pytest.raises(comar.Unreachable, match=f"cannot reach comard at unix:path={place.folder}/nothing"):
            call()


def test_links_that_nobody_uses_leave_nothing(comard, address):
    comard.register("app", SCRIPT)

    def use():
        link = comar.Link(socket=address)
        link.setLocale("tr")
        link.System.Service["app"].info()

    def files():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    before = files()
    for _ in range(20):
        use()
    # GLib closes connections in a thread of its own.
    comard.until(lambda: files() <= before + 1, lambda: f"{files()} open files, {before} before")


# Installed.


def test_the_systems_python_imports_it_where_it_is_installed(tmp_path):
    subprocess.run(["cmake", "-P", BUILD / "python/cmake_install.cmake"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": str(tmp_path)})
    (line,) = tmp_path.rglob("comar.pth")
    program = f"import site; site.addsitedir({str(line.parent)!r}); import comar; print(comar.__file__, comar.Link)"
    result = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.startswith(str(tmp_path)) and "comar.client.link.Link" in result.stdout
