# SPDX-License-Identifier: MIT
"""Calls that make no sense, messages that are none, and more of them than anybody needs."""

import contextlib
import os

import pytest
from gi.repository import GLib

from support.bus import NAME, SERVICE, Bus, BusError
from support.clients import DBUS, OBJECT, SCRIPT, SUPERVISION, register_teller
from support.scripts import service_script
from support.wire import NO_REPLY, Wire, message


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


@pytest.fixture
def service(comard, told):
    return register_teller(comard, told)


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
