# SPDX-License-Identifier: MIT
"""Calls at random, from root and from nobody, on comard's socket and on a message bus.

COMAR_FUZZ_SEED chooses other calls, and COMAR_FUZZ_CALLS how many of them (of each user in each test).
"""

import contextlib
import os

import pytest
from gi.repository import GLib

from support.bus import NAME, SERVICE
from support.footprint import Footprint
from support.fuzz import BASIC, DBUS, DRIVER, SHAPES, Fuzz, FuzzWire, Target, reported, walk
from support.scripts import service_script
from support.wire import Wire, user

SEED = int(os.environ.get("COMAR_FUZZ_SEED", "20261126"))
CALLS = int(os.environ.get("COMAR_FUZZ_CALLS", "240"))
AT_ONCE = 12
MEGABYTE = 1024     # in the kB of /proc

# Every type of D-Bus, alone and within others: what comes goes back.
TYPES = {
    "byte": "y", "boolean": "b", "int16": "n", "uint16": "q", "int32": "i", "uint32": "u", "int64": "x",
    "uint64": "t", "real": "d", "text": "s", "path": "o", "signature": "g", "any": "v", "bytes": "ay",
    "texts": "as", "options": "a{sv}", "numbers": "a{ut}", "record": "(ybnqiuxtdsogv)",
    "rows": "a(sa{s(ab)}v)", "cube": "aaai", "many": "sa{sv}v",
}

ECHO = "".join(f"""
def {name}(*values):
    return values[0] if len(values) == 1 else values
""" for name in TYPES)

SERVICE_SCRIPT = """
def start():
    notify("System.Service", "Changed", (script(), "started"))

def stop():
    notify("System.Service", "Changed", (script(), "stopped"))

def reload():
    fail("it will not")

def setState(state):
    print(state)

def status():
    return False
"""

USERS_SCRIPT = """
def userList():
    return [(1, "a", "b")]

def addUser(*values):
    return values

def setUser(*values):
    return values

def listUserAuthorizations(uid):
    return [(uid, "a", "b", 1, True)]
"""


def model_of_all_types():
    methods = []
    for name, signature in TYPES.items():
        types = ["s", "a{sv}", "v"] if name == "many" else [signature]
        arguments = "".join(f'<arg name="{way}{index}" type="{each}" direction="{way}"/>'
                            for way in ("in", "out") for index, each in enumerate(types))
        methods.append(f'<method name="{name}">{arguments}</method>')
    return f'<node><interface name="{NAME}.Fuzz.Types">{"".join(methods)}</interface></node>\n'


@pytest.fixture
def comard(start_comard, place, message_bus):
    models = place.own_prefix() / "share/comar/models"
    (models / "Fuzz.Types.xml").write_text(model_of_all_types())
    comard = start_comard({"calls": {"start_seconds": 20, "info_seconds": 20}, "host": {"idle_seconds": 1}},
                          program=place.own_prefix() / "bin/comard", arguments=["--bus", message_bus.address])
    message_bus.wait_for_comard()
    return comard


@pytest.fixture
def apps(comard):
    """What is registered: {name: (model, script)}."""
    texts = {"service": ("System.Service", SERVICE_SCRIPT), "users": ("User.Manager", USERS_SCRIPT),
             "types": ("Fuzz.Types", ECHO), "witness": ("System.Service", SERVICE_SCRIPT)}
    return {app: (model, comard.write_script(app, service_script(text)))
            for app, (model, text) in texts.items()}


@pytest.fixture
def scripts(comard, apps):
    """Files to register; most are none that could be."""
    folder = comard.root + "/scripts"
    os.symlink("loop", f"{folder}/loop")
    return [*(script for _, script in apps.values()), folder, f"{folder}/nothing", f"{folder}/loop",
            str(comard.gate("never")), comard.write("/scripts/old.py", "def start():\n    print 'x'\n"),
            comard.write("/scripts/broken.py", "def start(:\n"),
            comard.write("/scripts/zero.py", "\0" * 1000),
            comard.write("/scripts/deep.py", "x = " + "(" * 5000), f"{folder}/" + "x" * 5000]


def restore(comard, apps):
    """Removes all that is registered, and registers ours anew: nothing of them has run then."""
    wire = Wire(comard.address)
    paths = {target.path for target in walk(wire) if target.path.startswith("/package/")}
    wire.close()
    for path in sorted(paths):
        comard.bus.remove(path.removeprefix("/package/"))
    for app, (model, script) in apps.items():
        comard.bus.register(app, script, model)


def targets_of(wire, on_socket):
    """What there is to call, without the service that must be there for the witness."""
    targets = walk(wire)
    if on_socket:
        targets += walk(wire, DRIVER, DBUS)
    return [target for target in targets if target.path != "/package/witness"]


def check_witness(witness):
    assert witness.ask("/", f"{DBUS}.Peer", "Ping") == ()
    assert witness.ask("/package/witness", SERVICE, "info") == ("server", "Server", "off")


def check_answer(call, answer, is_root):
    """An error says what is wrong, and nobody changes anything."""
    error = answer.get_error_name()
    if error:
        assert error.startswith((f"{NAME}.", f"{DBUS}.Error.")), f"{error} for {call}"
        assert isinstance(answer.get_body().unpack()[0], str), call
    else:
        is_change = call.is_of_its_target and not call.target.is_open
        assert is_root or not is_change, f"nobody may {call}"


def exchange(wires, witness, calls):
    """Makes the calls of each connection, a few at once, while another client is served too.

    Returns what root's calls did without an error: {method}.
    """
    done = set()
    for first in range(0, len(calls[0]), AT_ONCE):
        begun = [wire.begin(some[first:first + AT_ONCE]) for wire, some in zip(wires, calls)]
        check_witness(witness)
        for wire, one in zip(wires, begun):
            for call, answer in wire.end(one):
                check_answer(call, answer, is_root=wire is wires[0])
                if wire is wires[0] and not answer.get_error_name():
                    done.add((call.interface, call.member))
        check_witness(witness)
    return done


def memory(comard):
    return int(comard.process.status("VmRSS")[0])


def test_every_call_has_its_answer_and_nothing_is_leaked(comard, address, apps, scripts):
    restore(comard, apps)
    with user("nobody"):
        nobody, witness = FuzzWire(address), Wire(address)
    wires = [FuzzWire(address), nobody]
    fuzz = Fuzz(SEED, scripts)

    def make(count):
        targets = targets_of(nobody, address == comard.address)
        count = max(count, len(targets))
        done = exchange(wires, witness, [fuzz.calls(targets, count) for _ in wires])
        restore(comard, apps)
        # They are no calls that are refused at the door.
        assert len(done) > 20, done

    with reported(SEED, wires):
        make(100)    # all that comard holds from its first calls on is there after these
        footprint, before = Footprint(comard), memory(comard)
        make(CALLS)
        footprint.wait_restored()
        assert memory(comard) < before + 16 * MEGABYTE
    for wire in (*wires, witness):
        wire.close()


def test_calls_of_which_some_bytes_are_changed_harm_only_their_sender(comard, apps, scripts):
    restore(comard, apps)
    with user("nobody"):
        witness = Wire(comard.address)
    fuzz = Fuzz(SEED, scripts)
    targets = targets_of(witness, on_socket=True)
    for number, call in enumerate(fuzz.calls(targets, CALLS)[::2]):
        with user("nobody" if number % 2 else "root"):
            wire = FuzzWire(comard.address)
        wire.owed[2] = call
        with reported(SEED, [wire]):
            with contextlib.suppress(BrokenPipeError):
                wire.send(fuzz.broken(call, 2))
            wire.finish()
            # Whatever it is taken for, comard has done with it when it hangs up.
            wire.until_closed()
            check_witness(witness)
        wire.close()
    witness.close()
    restore(comard, apps)


@pytest.mark.parametrize("length, is_answered", [(254, True), (255, False)])
def test_a_call_with_the_longest_signature_of_d_bus_harms_nobody(comard, address, length, is_answered):
    """One of 255 never reaches comard: sd-bus drops it, docs/dbus.md."""
    wire = Wire(address)
    first = wire.call("/", f"{DBUS}.Peer", "Ping", "i" * length, *[1] * length)
    # What is sent after it is answered after it.
    last = wire.call("/", f"{DBUS}.Peer", "Ping")
    assert (first in wire.answers([last])) == is_answered
    wire.close()


# The fuzzer itself


def fake_targets():
    return [Target("/package/a", f"{NAME}.A", f"m{number}", (("x", signature),), False)
            for number, signature in enumerate(TYPES.values()) if len(signature) < 4]


def test_a_seed_gives_the_same_calls_again_and_another_one_others():
    def calls(seed):
        return [call.blob(1) for call in Fuzz(seed, ["/x"]).calls(fake_targets(), 100)]

    assert calls(1) == calls(1)
    assert calls(1) != calls(2)


def test_the_calls_are_of_all_shapes_and_types_and_of_each_method():
    targets = fake_targets()
    calls = Fuzz(SEED, ["/x"]).calls(targets, 500)
    assert {call.target for call in calls[:len(targets)]} == set(targets)
    assert {call.shape for call in calls} == set(SHAPES)
    types = "".join(call.body.get_type_string() for call in calls)
    assert set(types) >= set(BASIC + "v(){}a")
    assert max(call.body.get_size() for call in calls) >= 500_000
    for call in calls:
        signature = GLib.VariantType(f"({''.join(each for _, each in call.target.inputs)})")
        assert call.shape != "right" or call.body.is_of_type(signature)
