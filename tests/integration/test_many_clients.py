# SPDX-License-Identifier: MIT
"""A thousand clients that come and vanish, more than may come, and a bus that dies while they call."""

import contextlib
import signal

import pytest

from support.bus import NAME, SERVICE, Bus, BusError
from support.footprint import Footprint
from support.message_bus import MessageBus
from support.scripts import service_script
from support.wire import Wire, message, user

CLIENTS = 1000
WAVE = 100
LIMIT = 512
LIMIT_OF_A_USER = 256
RESERVED = 32           # for root
MEGABYTE = 1024         # in the kB of /proc
OBJECT = "/package/app"
INFO = (OBJECT, SERVICE, "info")
OFF = ("server", "Server", "off")

# Its start is held up until the test opens the gate.
HELD = """
    def start():
        tell("start")
        os.read(os.open(GATE, os.O_RDONLY), 1)
        tell("done")

    def status():
        return False
    """


@pytest.fixture
def gate(place):
    return place.gate("gate")


def register_held(comard, told, gate):
    service = comard.register("app", service_script("import os\n" + HELD.replace("\n    ", "\n"), told=told,
                                                    GATE=gate))
    comard.register("quick", service_script("def status():\n    return False\n"))
    return service


def connections(comard):
    """How many connections comard has, those that wait to be accepted among them."""
    path = comard.address.removeprefix("unix:path=")
    with open("/proc/net/unix") as table:
        return sum(line.rstrip("\n").endswith(f" {path}") for line in table) - 1    # the one that listens


def memory(comard):
    return int(comard.process.status("VmRSS")[0])


# Vanishing


def only_connects(address):
    return Wire(address, is_client=False)


def stops_within_its_introduction(address):
    wire = Wire(address, is_client=False)
    wire.send(b"\0AUTH EXTERNAL 3")
    return wire


def introduces_itself_and_hears_nothing(address):
    wire = Wire(address, is_client=False)
    wire.introduce()
    return wire


def asks_for_info(address):
    wire = Wire(address)
    wire.call(*INFO)
    return wire


def asks_for_a_start(address):
    wire = Wire(address)
    wire.call(OBJECT, SERVICE, "start")
    return wire


def stops_within_a_message(address):
    wire = Wire(address)
    call = message(2, OBJECT, SERVICE, "setState", "s", "x" * 5000)
    wire.send(call[:len(call) // 2])
    return wire


def stops_within_a_header(address):
    wire = Wire(address)
    wire.send(message(2, *INFO)[:9])
    return wire


def asks_for_much_and_reads_nothing(address):
    wire = Wire(address)
    calls, _ = wire.many(20, "/", f"{NAME}.Manager", "ListServices", "a{sv}", {})
    wire.push(calls)
    return wire


def speaks_turkish_and_listens(address):
    wire = Wire(address)
    assert wire.ask("/", NAME, "setLocale", "s", "tr") == ()
    serial = wire.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", "type='signal'",
                       destination="org.freedesktop.DBus")
    assert wire.answers([serial])[serial].get_error_name() is None
    return wire


def is_answered(address):
    wire = Wire(address)
    assert wire.ask("/package/quick", SERVICE, "info") == OFF
    return wire


WAYS = [only_connects, stops_within_its_introduction, introduces_itself_and_hears_nothing, asks_for_info,
        asks_for_a_start, stops_within_a_message, stops_within_a_header, asks_for_much_and_reads_nothing,
        speaks_turkish_and_listens, is_answered]


def vanish(address, count):
    """So many clients, of all ways and of two users, are there at once, and then no longer."""
    wires = []
    for number in range(count):
        who = user("nobody") if number // len(WAYS) % 2 else contextlib.nullcontext()
        with who:
            wires.append(WAYS[number % len(WAYS)](address))
    for wire in wires:
        wire.close()


def begin_start_and_vanish(comard, told):
    wire = Wire(comard.address)
    wire.call(OBJECT, SERVICE, "start")
    assert told.value() == "start"
    wire.close()


def run_wave(comard, told, gate, count):
    """They come while a start runs that nobody waits for any more."""
    witness = Wire(comard.address)
    comard.bus.sync()
    usual = connections(comard)
    begin_start_and_vanish(comard, told)
    vanish(comard.address, count)
    assert witness.ask("/package/quick", SERVICE, "info") == OFF
    assert witness.ask("/", NAME, "listModelApplications", "s", "System.Service") == (["app", "quick"],)
    # What they have said was read when comard has closed them.
    comard.until(lambda: connections(comard) == usual, lambda: f"{usual} connections")
    gate.open()
    assert told.value() == "done"
    # The next start would join one that is not quite over.
    comard.until(lambda: comard.bus.call("/", NAME, "listRunning", "b", True) == [], "the end of the start")
    witness.close()


def test_a_thousand_clients_that_vanish_leave_nothing_and_the_jobs_are_finished(start_comard, told, gate):
    comard = start_comard({"host": {"idle_seconds": 1}})
    app = register_held(comard, told, gate)
    run_wave(comard, told, gate, WAVE)
    assert app.state == "off"
    footprint, before = Footprint(comard), memory(comard)
    for _ in range(CLIENTS // WAVE):
        run_wave(comard, told, gate, WAVE)
    assert app.state == "off"
    footprint.wait_restored()
    assert memory(comard) < before + 8 * MEGABYTE
    # No call of those who vanished comes to life later.
    assert told.lines() == []
    assert comard.bus.call("/", NAME, "listRunning", "b", True) == []


# Limits


def is_let_in(wire):
    """Whether comard talks to it, or has hung up."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        wire.introduce()
        if wire.line().startswith("OK "):
            assert wire.answers([1])[1].get_error_name() is None
            return True
    return False


def come(address, count):
    """So many clients; all are let in."""
    return [Wire(address) for _ in range(count)]


def one_more_is_let_in(address):
    wire = Wire(address, is_client=False)
    let_in = is_let_in(wire)
    wire.close()
    return let_in


def close_all(wires):
    for wire in wires:
        wire.close()


def wait_let_in(address):
    """comard hears by itself that somebody has left."""
    for _ in range(10_000):
        if one_more_is_let_in(address):
            return
    raise AssertionError("nobody is let in though there is room")


def test_more_clients_than_may_be_there_are_hung_up_on_and_the_others_go_on(comard, told, gate):
    register_held(comard, told, gate)
    comard.bus.sync()
    usual = connections(comard)
    wires = []
    while len(wires) <= LIMIT:
        wire = Wire(comard.address, is_client=False)
        if not is_let_in(wire):
            wire.close()
            break
        wires.append(wire)
    assert usual == 1
    assert len(wires) == LIMIT - usual
    assert all(wire.ask("/", "org.freedesktop.DBus.Peer", "Ping") == () for wire in wires)
    assert wires[-1].ask("/package/quick", SERVICE, "info") == OFF
    wires.pop().close()
    wait_let_in(comard.address)
    close_all(wires)


def test_a_user_who_has_all_the_connections_that_a_user_may_have_keeps_no_other_out(comard, told, gate):
    register_held(comard, told, gate)
    with user("nobody"):
        wires = come(comard.address, LIMIT_OF_A_USER)
        assert not one_more_is_let_in(comard.address)
    with user("daemon"):
        others = come(comard.address, 1)
    root = come(comard.address, RESERVED)
    for wire in (wires[0], wires[-1], *others, *root):
        assert wire.ask("/package/quick", SERVICE, "info") == OFF
    wires.pop().close()
    with user("nobody"):
        wait_let_in(comard.address)
    close_all([*wires, *others, *root])


def test_what_is_kept_for_root_no_crowd_of_users_takes(comard, told, gate):
    register_held(comard, told, gate)
    comard.bus.sync()
    with user("nobody"):
        crowd = come(comard.address, LIMIT_OF_A_USER)
    with user("daemon"):
        crowd += come(comard.address, LIMIT - RESERVED - LIMIT_OF_A_USER - 1)
        assert not one_more_is_let_in(comard.address)
    with user("bin"):
        assert not one_more_is_let_in(comard.address)
    root = come(comard.address, RESERVED)
    assert not one_more_is_let_in(comard.address)
    assert root[-1].ask("/package/quick", SERVICE, "info") == OFF
    close_all([*crowd, *root])


# A bus that dies and comes again


def flood(address, count=60):
    """A client with so many questions under way: (wire, serials, what is unsent)."""
    wire = Wire(address)
    calls, serials = wire.many(count, "/package/quick", SERVICE, "info")
    return wire, serials, wire.push(calls)


def check_flood(wire, serials, unsent):
    answers = wire.answers(serials, unsent)
    assert {answer.get_body().unpack() for answer in answers.values()} == {OFF}
    wire.close()


def outlive_the_bus(comard, message_bus, told, gate):
    """The bus dies while calls of it and of the socket are under way."""
    caller = Bus(message_bus.address)
    start = caller.service("app").begin("start")
    assert told.value() == "start"
    drowned = flood(message_bus.address)[0]
    private = [flood(comard.address) for _ in range(3)]
    joined = comard.service("app").begin("start")
    message_bus.stop(signal.SIGKILL)
    with pytest.raises(BusError):
        start.result()
    drowned.wait_closed()
    drowned.close()
    for one in (*private, flood(comard.address)):
        check_flood(*one)
    message_bus.start()
    message_bus.wait_for_comard()
    # Who joins after the bus is back has the answer of the same run.
    after = Bus(message_bus.address)
    again = after.service("app").begin("start")
    after.sync()
    assert not joined.done
    gate.open()
    assert told.value() == "done"
    assert joined.result() is None
    assert again.result() is None
    check_flood(*flood(message_bus.address))
    assert told.lines() == []
    after.close()


def test_a_bus_that_dies_five_times_disturbs_no_call_of_the_socket_and_no_later_one(
        start_comard, place, told, gate):
    message_bus = MessageBus(place).start()
    comard = start_comard({"host": {"idle_seconds": 1}}, arguments=["--bus", message_bus.address])
    register_held(comard, told, gate)
    message_bus.wait_for_comard()
    outlive_the_bus(comard, message_bus, told, gate)
    footprint, before = Footprint(comard), memory(comard)
    for _ in range(4):
        outlive_the_bus(comard, message_bus, told, gate)
    footprint.wait_restored()
    assert memory(comard) < before + 8 * MEGABYTE
