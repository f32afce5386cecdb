# SPDX-License-Identifier: MIT
"""comard on a message bus: senders and their languages, names, and a bus that dies and comes again."""

import signal

import pytest
from gi.repository import GLib

from support.bus import NAME, Bus, BusError, Signals, wait_until
from support.clients import DBUS, DENIED, SCRIPT, busctl, register_teller
from support.message_bus import MessageBus
from support.scripts import service_script
from support.wire import Wire, message, user


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


@pytest.fixture
def service(comard, told):
    return register_teller(comard, told)


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
