# SPDX-License-Identifier: MIT
"""The client library without a comard: names, keywords, values and errors."""

import pickle
import re
import subprocess

import pytest
from gi.repository import GLib
from hypothesis import given
from hypothesis import strategies as st

import comar
from comar.client import errors, values
from comar.client.bus import Call, address_of
from comar.client.caller import Caller
from comar.client.models import Method, Model, Package
from comar.client.names import bus_safe_name, language_of
from comar.client.options import options_of
from conftest import PACKAGE_PARENT


class FakeCaller:
    """Notes what is asked; knows two packages."""

    def __init__(self):
        self.asked = []

    def packages(self, model):
        return [f"{model}_one", f"{model}_two"]

    def ask(self, package, model, method, arguments, options):
        self.asked.append((package, model, method, arguments))
        return options


@pytest.fixture
def caller():
    return FakeCaller()


@pytest.fixture
def system(caller):
    return Model(caller, "System")


def python(program):
    """What a program prints that finds nothing but the package."""
    return subprocess.run(
        ["/usr/bin/python3", "-c", program], env={"PYTHONPATH": str(PACKAGE_PARENT)}, check=True,
        capture_output=True, text=True).stdout.strip()


# Importing.


def test_importing_the_package_loads_nothing():
    loaded = python("""if True:
        import sys
        before = set(sys.modules)
        import comar
        print(*sorted(set(sys.modules) - before - {"__future__", "typing", "comar"}))
        """)
    assert [name for name in loaded.split() if name.partition(".")[0] in ("comar", "gi", "dbus")] == []


def test_an_error_can_be_caught_without_glib():
    assert python("import sys, comar; comar.PolicyKitError; print('gi' in sys.modules)") == "False"


def test_without_pygobject_a_link_says_what_lacks():
    text = python("""if True:
        import sys
        sys.modules["gi"] = None
        import comar
        try:
            comar.Link
        except ImportError as error:
            print(error)
        """)
    assert "python3-gi" in text


def test_the_package_has_what_it_says_and_nothing_else():
    assert {"Link", "Error", "PolicyKitError", "Unreachable"} <= set(dir(comar))
    for name in comar.__all__:
        assert getattr(comar, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'link2'"):
        comar.link2


# Names.


@pytest.mark.parametrize("name, safe", [
    ("apache", "apache"), ("my-app", "my_app"), ("my_app", "my_app"), ("7zip", "_7zip"),
    ("a.b c+d", "a_b_c_d"), ("şu", "_u"), ("", ""), ("-1", "_1"), ("../x", "___x"), ("٣", "_"),
])
def test_packages_have_one_name(name, safe):
    assert bus_safe_name(name) == safe


@given(st.text())
def test_a_safe_name_is_its_own(name):
    assert bus_safe_name(bus_safe_name(name)) == bus_safe_name(name)


def test_a_package_is_named_by_text():
    with pytest.raises(TypeError, match="not int"):
        bus_safe_name(7)


@pytest.mark.parametrize("environment, language", [
    ({}, "en"), ({"LANG": "C"}, "en"), ({"LANG": "C.UTF-8"}, "en"), ({"LANG": "POSIX"}, "en"),
    ({"LANG": "tr_TR.UTF-8"}, "tr_TR"), ({"LANG": "tr"}, "tr"), ({"LANG": "de_DE@euro"}, "de_DE"),
    ({"LANG": "tr_TR", "LC_MESSAGES": "de_DE", "LC_ALL": ""}, "de_DE"),
    ({"LANG": "tr_TR", "LC_MESSAGES": "de_DE", "LC_ALL": "fr_FR"}, "fr_FR"),
])
def test_the_language_is_the_users(environment, language):
    assert language_of(environment) == language


# Attributes.


def test_attributes_are_models_packages_and_methods(system):
    assert repr(system.Service) == "<comar model System.Service>"
    assert repr(system.A.B.C.D) == "<comar model System.A.B.C.D>"
    assert repr(system.Service["my-app"]) == "<comar package my_app of System.Service>"
    assert repr(system.Service["a"].start) == "<comar method System.Service.start of a>"
    assert isinstance(system.Service["a"], Package) and isinstance(system.Service["a"].x, Method)


def test_what_python_itself_looks_for_is_no_model(system):
    for thing in (system, system.Service["a"]):
        assert not hasattr(thing, "__len__")
        assert not hasattr(thing, "_private")


def test_a_call_tells_package_model_method_and_arguments(system, caller):
    system.Service["my-app"].setState("on")
    assert caller.asked == [("my_app", "System.Service", "setState", ("on",))]


def test_a_model_iterates_over_its_packages(system):
    assert list(system.Service) == ["System.Service_one", "System.Service_two"]
    assert [package for package in system.Package] == ["System.Package_one", "System.Package_two"]
    assert "System-Service-one" not in system.Service
    assert "System.Service_one" not in system.Service    # the dot is not safe


def test_a_call_without_a_package_asks_each(system, caller):
    assert system.Service.info(callback=print) is None
    assert [asked[:3] for asked in caller.asked] == [
        ("System.Service_one", "System.Service", "info"),
        ("System.Service_two", "System.Service", "info")]


def test_a_call_without_package_and_callback_is_a_mistake(system, caller):
    with pytest.raises(TypeError, match=r"link\.System\.Service\[package\]\.info\(\)"):
        system.Service.info()
    assert not caller.asked


def test_a_link_has_models_and_no_misspelled_methods():
    link = comar.Link(socket="/nowhere")
    assert repr(link.Network.Firewall) == "<comar model Network.Firewall>"
    for word in ("setlocale", "_x", "__len__"):
        with pytest.raises(AttributeError, match=word):
            getattr(link, word)


# How calls are put together.


class FakeBus:
    """Answers Introspect with `types` of setState, and every other call with `reply` or an error."""

    def __init__(self):
        self.types = "s"
        self.reply = ()
        self.calls = []

    def ask(self, call):
        self.calls.append(call)
        if call.method == "Introspect":
            arguments = "".join(f'<arg type="{each}" direction="in"/>' for each in self.types)
            name = "tr.org.pardus.comar.System.Service"
            return (f'<node><interface name="{name}"><method name="setState">{arguments}</method>'
                    "</interface></node>",)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def begin(self, call, done):
        self.calls.append(call)
        done(*self.reply)

    @property
    def methods(self):
        return [call.method for call in self.calls]


@pytest.fixture
def bus():
    return FakeBus()


@pytest.fixture
def package(bus):
    return Model(Caller(bus), "System").Service["my-app"]


def test_a_call_goes_to_the_packages_object(bus, package):
    package.start(timeout=3)
    assert bus.calls == [Call("/package/my_app", "tr.org.pardus.comar.System.Service", "start", None, 3)]


def test_types_are_asked_for_once_and_only_for_arguments(bus, package):
    package.start()
    package.setState("on")
    package.setState("off")
    assert bus.methods == ["start", "Introspect", "setState", "setState"]
    assert bus.calls[-1].body.unpack() == ("off",)


def test_types_are_asked_for_again_when_comard_wants_others(bus, package):
    package.setState("on")
    bus.types = "i"
    bus.reply = comar.Error("tr.org.pardus.comar.Invalid", "signature")
    with pytest.raises(comar.Error):
        package.setState("on")
    with pytest.raises(TypeError, match="of type 'i'"):
        package.setState("on")
    bus.types, bus.reply = "s", (comar.Error("tr.org.pardus.comar.Invalid", "signature"), ())
    with pytest.raises(TypeError):
        package.setState("on", callback=print)
    package.setState(1, callback=lambda *answer: None)
    package.setState("on", callback=lambda *answer: None)
    assert bus.calls[-1].body.unpack() == ("on",)


def test_a_method_that_is_not_in_the_model_is_comards_to_refuse(bus, package):
    package.explode(object())
    assert bus.calls[-1].method == "explode" and bus.calls[-1].body is None


# Keywords.


def test_async_is_callback():
    for word in ("callback", "async"):
        assert options_of("start", {word: print}).callback is print
    assert options_of("start", {"async": None}).callback is None


def test_other_keywords(system):
    options = system.Service["a"].start(timeout=2.5, quiet=True)
    assert (options.callback, options.timeout, options.quiet) == (None, 2.5, True)


@pytest.mark.parametrize("keywords, complaint", [
    ({"timeuot": 1}, r"start\(\) got an unexpected keyword argument 'timeuot'"),
    ({"callback": 3}, r"start\(\) needs a function"),
    ({"callback": print, "async": print}, "unexpected keyword argument 'async'"),
])
def test_wrong_keywords_are_named(system, keywords, complaint):
    with pytest.raises(TypeError, match=complaint):
        system.Service["a"].start(**keywords)


@pytest.mark.parametrize("seconds, milliseconds", [
    (None, GLib.MAXINT), (-1, GLib.MAXINT), (1e12, GLib.MAXINT), (float("inf"), GLib.MAXINT),
    (0, 1), (0.0001, 1), (2.5, 2500),
])
def test_seconds_become_what_gio_wants(seconds, milliseconds):
    assert Call("/", "a.b", "c", timeout=seconds).words[-1] == milliseconds


# Addresses.


def test_a_socket_is_a_path_or_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert address_of("/run/comar/bus") == "unix:path=/run/comar/bus"
    assert address_of(tmp_path / "a b") == f"unix:path={tmp_path}/a%20b"
    assert address_of("bus") == f"unix:path={tmp_path}/bus"
    assert address_of("unix:path=/run/x,guid=1") == "unix:path=/run/x,guid=1"


# Values.


@pytest.mark.parametrize("signatures, arguments", [
    ("", ()), ("s", ("ş",)), ("bynqiuxtd", (True, 1, -2, 3, -4, 5, -6, 7, 0.5)), ("og", ("/a", "a{sv}")),
    (["as"], (["a", "b"],)), (["a(sssa{ss})"], ([("a", "b", "c", {"d": "e"})],)), (["a{s(sas)}"], ({"a": ("b", [])},)),
    (["a{ib}", "aai"], ({1: False}, [[1], []])),
])
def test_what_fits_comes_back_the_same(signatures, arguments):
    assert values.pack(list(signatures), arguments).unpack() == arguments


def test_lists_and_tuples_take_each_others_place():
    packed = values.pack(["as", "(is)", "ay"], (("a",), [1, "b"], b"\1\2"))
    assert packed.unpack() == (["a"], (1, "b"), [1, 2])


@pytest.mark.parametrize("value, variant", [
    (True, "<true>"), (1, "<1>"), (-2**31 - 1, "<int64 -2147483649>"), (2**63, "<uint64 9223372036854775808>"),
    (0.5, "<0.5>"), ("x", "<'x'>"), (b"x", "<[byte 0x78]>"), ([1, "x"], "<[<1>, <'x'>]>"), ({"a": 1}, "<{'a': <1>}>"),
    (GLib.Variant("q", 7), "<uint16 7>"),
])
def test_a_variant_is_what_its_value_says(value, variant):
    assert values.pack(["v"], (value,)).print_(True) == f"({variant},)"
    assert values.pack(["a{sv}"], ({"k": value},)).print_(True) == f"({{'k': {variant}}},)"


@pytest.mark.parametrize("signature, value", [
    ("s", 5), ("s", None), ("s", b"x"), ("s", "a\0b"), ("i", "3"), ("i", 2**31), ("y", -1), ("u", -1),
    ("b", "no"), ("b", 2), ("o", "no path"), ("o", 1), ("as", "abc"), ("as", {"a": 1}), ("as", [1]), ("as", None),
    ("a{ss}", [("a", "b")]),
    ("a{ss}", {"a": 1}), ("(ss)", ("a",)), ("(ss)", "ab"), ("v", object()), ("v", None), ("v", 2**64),
])
def test_what_does_not_fit_is_named(signature, value):
    with pytest.raises(TypeError, match=re.escape(f"argument 2 should be of type '{signature}': ")):
        values.pack(["s", signature], ("", value))


def test_the_number_of_arguments_is_checked():
    with pytest.raises(TypeError, match=r"takes 2 arguments \(sas\), got 1"):
        values.pack(["s", "as"], ("x",))


@pytest.mark.parametrize("results, result", [((), None), ((1,), 1), (([],), []), ((1, "a"), (1, "a"))])
def test_results_are_unpacked(results, result):
    assert values.result_of(results) == result


# Errors.


@pytest.mark.parametrize("full_name, kind, name", [
    ("tr.org.pardus.comar.Missing", comar.Error, "Missing"),
    ("tr.org.pardus.comar.ValueError", comar.Error, "ValueError"),
    ("tr.org.pardus.comar.Comar.PolicyKit", comar.PolicyKitError, "Comar.PolicyKit"),
    ("org.freedesktop.DBus.Error.AccessDenied", comar.Error, "org.freedesktop.DBus.Error.AccessDenied"),
])
def test_errors_have_a_kind_and_a_name(full_name, kind, name):
    error = errors.error_of(full_name, "text")
    assert type(error) is kind and isinstance(error, comar.Error)
    assert (error.name, error.message, error.full_name) == (name, "text", full_name)
    assert str(error) == f"{full_name}: text"
    assert (error.get_dbus_name(), error.get_dbus_message()) == (full_name, "text")


@pytest.mark.parametrize("name, is_gone", [
    ("ServiceUnknown", True), ("NameHasNoOwner", True), ("NoReply", True), ("Spawn.ChildExited", True),
    ("AccessDenied", False), ("UnknownMethod", False),
])
def test_a_bus_has_its_words_for_a_comard_that_is_not_there(name, is_gone):
    assert errors.means_gone(f"org.freedesktop.DBus.Error.{name}") is is_gone


def test_what_was_refused_is_the_action():
    assert errors.error_of("tr.org.pardus.comar.Comar.PolicyKit", "an.action").action == "an.action"


def test_an_error_can_go_to_another_process():
    error = pickle.loads(pickle.dumps(errors.error_of("tr.org.pardus.comar.Missing", "text")))
    assert (error.name, error.message) == ("Missing", "text")


def test_to_users_of_python_dbus_errors_are_theirs():
    program = """if True:
        import dbus
        import comar
        try:
            raise comar.PolicyKitError("tr.org.pardus.comar.Comar.PolicyKit", "an.action")
        except dbus.DBusException as error:
            print(error, error.get_dbus_name(), error.get_dbus_message(), error._dbus_error_name)
        """
    name = "tr.org.pardus.comar.Comar.PolicyKit"
    assert python(program) == f"{name}: an.action {name} an.action {name}"
