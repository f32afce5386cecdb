# SPDX-License-Identifier: MIT
"""Calls at random: of every method that introspection tells, with whatever D-Bus can express."""

import contextlib
import dataclasses
import random
import re
import xml.etree.ElementTree

from gi.repository import Gio, GLib

from support.bus import NAME
from support.wire import Wire

DBUS = "org.freedesktop.DBus"
DRIVER = "/org/freedesktop/DBus"
OPEN = f"{NAME}.Open"
STANDARD = f"{DBUS}."    # its interfaces are open to all

HUGE = 500_000           # bytes; with the rest of a message below the 1 MiB that comard takes
BASIC = "ybnqiuxtdsogh"
RANGES = {"y": (0, 8), "n": (1, 15), "q": (0, 16), "i": (1, 31), "u": (0, 32), "x": (1, 63),
          "t": (0, 64), "h": (0, 3)}    # whether it is signed, and bits

TEXTS = ("", " ", "/", ".", "..", "*",
         "\n", "\t", "\x01\x7f", "%s%n%s", "../../x", "tr", "en_US.UTF-8",
         "on", "off", "start", "İıŞğ", "e\u0301\u0301", "\u202egnp", "\ufffe", "\ufdd0", "\U0010ffff",
         "\U0001f427", "a\\b\"c'd", "x" * 255, "x" * 256, "é" * 300, "1e999", "-1", "{}", "None")
PATHS = ("/", "/_", "/0", "/package", "/package/_", "/package/0", "/package/a/b", "/package/nobody",
         "/package_", "/org/freedesktop/DBus", "/" + "x" * 300, "/x" * 200, "/package/" + "y" * 5000)
INTERFACES = (None, NAME, f"{NAME}.Manager", f"{NAME}.Supervision", f"{NAME}.System.Service", "a.b",
              "_._0", ".".join(["x"] * 128), "x." + "y" * 253, f"{DBUS}.Properties", f"{DBUS}.Peer")
MEMBERS = ("x", "_", "_0", "__init__", "__class__", "print", "exit", "start", "stop", "info", "Get", "Set",
           "Ping", "x" * 255, "register", "script", "call", "fail")
SIGNATURES = ("", "y", "sss", "v", "av", "a{sv}", "ay", "(s)", "as", "aas", "a{s(iv)}", "h", "ah", "vvvv",
              "a" * 32 + "s", "(" * 32 + "y" + ")" * 32, "a{o" * 5 + "g" + "}" * 5, "i" * 254)
SHAPES = {"right": 12, "nearly": 3, "other": 3, "huge": 1, "deep": 1, "astray": 3}


@dataclasses.dataclass(frozen=True)
class Target:
    """A method that introspection tells. `inputs`: [(name, signature)]."""
    path: str
    interface: str
    member: str
    inputs: tuple
    is_open: bool
    destination: str = NAME


@dataclasses.dataclass
class Call:
    """A call to make; what is printed of it is what matters to find a failure again."""
    number: int
    shape: str
    target: Target
    path: str
    interface: str | None
    member: str
    body: GLib.Variant
    flags: Gio.DBusMessageFlags
    byte_order: Gio.DBusMessageByteOrder

    def __str__(self):
        values = repr(self.body.unpack())
        return (f"call {self.number} ({self.shape}): {self.path[:100]} {(self.interface or '-')[:100]}."
                f"{self.member[:100]} {self.body.get_type_string()[:100]} {values[:300]} ({len(values)})")

    def blob(self, serial):
        call = Gio.DBusMessage.new_method_call(
            self.target.destination, self.path, self.interface, self.member)
        call.set_byte_order(self.byte_order)
        call.set_body(self.body)
        call.set_flags(self.flags)
        call.set_serial(serial)
        return bytes(call.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING))

    @property
    def is_of_its_target(self):
        """Whether it asks for what introspection tells, with arguments that fit."""
        return self.shape == "right"


class FuzzWire(Wire):
    """A connection that knows what it has asked and what was answered."""

    def __init__(self, address):
        self.owed = {}    # serial number -> call
        super().__init__(address)

    def begin(self, calls):
        """Sends what comard takes at once; end() sends the rest."""
        data = b""
        for call in calls:
            self._last_serial += 1
            self.owed[self._last_serial] = call
            data += call.blob(self._last_serial)
        return dict(self.owed), self.push(data)

    def end(self, begun):
        """Waits for the answers to what was begun: [(call, answer)]."""
        calls, unsent = begun
        answers = self.answers(calls, unsent)
        return [(call, answers[serial]) for serial, call in calls.items()]

    def receive(self):
        answer = super().receive()
        if answer is not None:
            self.owed.pop(answer.get_reply_serial(), None)
        return answer


@contextlib.contextmanager
def reported(seed, wires):
    """A failure tells the seed and the calls that have no answer yet."""
    try:
        yield
    except Exception as error:
        owed = [str(call) for wire in wires for call in wire.owed.values()]
        raise AssertionError("\n".join([f"COMAR_FUZZ_SEED={seed}: {error}", "without an answer:",
                                        *(owed or ["nothing"])])) from error


def walk(wire, path="/", destination=NAME):
    """All methods of the object and of those below it."""
    serial = wire.call(path, f"{DBUS}.Introspectable", "Introspect", destination=destination)
    answer = wire.answers([serial])[serial]
    assert answer.get_error_name() is None, (path, answer.get_body())
    node = xml.etree.ElementTree.fromstring(answer.get_body().unpack()[0])
    targets = [_target(path, interface, method, destination)
               for interface in node.findall("interface") for method in interface.findall("method")
               if method.get("name") not in _ENDS_CONNECTIONS]
    for child in node.findall("node"):
        targets += walk(wire, f"{path.rstrip('/')}/{child.get('name')}", destination)
    return targets


# Its answer is the last thing that they say: tests/integration/test_replacing.py.
_ENDS_CONNECTIONS = frozenset(("Reexec",))


def _target(path, interface, method, destination):
    inputs = tuple((arg.get("name"), arg.get("type")) for arg in method.findall("arg")
                   if arg.get("direction", "in") == "in")
    notes = {note.get("name"): note.get("value") for note in method.findall("annotation")}
    name = interface.get("name")
    is_open = name.startswith(STANDARD) or notes.get(OPEN) == "true" or destination != NAME
    return Target(path, name, method.get("name"), inputs, is_open, destination)


class Fuzz:
    """A source of calls; the same seed and the same targets give the same calls."""

    def __init__(self, seed, scripts):
        """`scripts`: the files that may be registered."""
        self._random = random.Random(seed)
        self._scripts = list(map(str, scripts))
        self._names = list(TEXTS)
        self._count = 0

    def calls(self, targets, count):
        """So many calls, of each target once before it is the turn of one a second time."""
        targets = list(targets)
        words = {word for target in targets
                 for word in (target.path.rpartition("/")[2], target.interface, target.member)}
        models = {target.interface.removeprefix(f"{NAME}.") for target in targets}
        self._names = [*TEXTS, *sorted(words | models)]
        order = []
        while len(order) < count:
            self._random.shuffle(targets)
            order += targets
        return [self._call(target, "right" if index < len(targets) else None)
                for index, target in enumerate(order[:count])]

    def broken(self, call, serial):
        """The bytes of the call with a few of them changed, and perhaps without its end."""
        blob = bytearray(call.blob(serial))
        for _ in range(self._random.randint(1, 4)):
            blob[self._random.randrange(len(blob))] = self._random.randrange(256)
        return bytes(blob[:self._random.choice((len(blob), self._random.randrange(len(blob))))])

    def _call(self, target, shape):
        self._count += 1
        shape = shape or self._random.choices(list(SHAPES), SHAPES.values())[0]
        path, interface, member = target.path, target.interface, target.member
        if shape == "astray":
            path = self._random.choice((path, path, *PATHS))
            interface = self._random.choice((interface, *INTERFACES))
            member = self._random.choice((member, *MEMBERS))
        order = self._random.choice((Gio.DBusMessageByteOrder.LITTLE_ENDIAN,
                                     Gio.DBusMessageByteOrder.BIG_ENDIAN))
        flags = self._random.choice((Gio.DBusMessageFlags.NONE, Gio.DBusMessageFlags.NO_AUTO_START,
                                     Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION))
        return Call(self._count, shape, target, path, interface, member, self._body(target, shape), flags,
                    order)

    def _body(self, target, shape):
        signatures = [signature for _, signature in target.inputs]
        if shape in ("right", "astray"):
            return self._right(target)
        if shape == "nearly":
            signatures = self._altered(signatures)
        elif shape == "other":
            signatures = _split(self._random.choice((*SIGNATURES, self._signature(3), self._signature(6))))
        elif shape == "huge":
            return self._huge(target)
        elif shape == "deep":
            return GLib.Variant("(v)", [self._deep(self._random.choice((5, 31, 32, 33, 45, 60)))])
        return GLib.Variant(f"({''.join(signatures)})", [self.value(each) for each in signatures])

    def _right(self, target):
        values = [self._random.choice(self._scripts) if name == "script_path" else self.value(signature)
                  for name, signature in target.inputs]
        return GLib.Variant(f"({''.join(signature for _, signature in target.inputs)})", values)

    def _altered(self, signatures):
        """One argument more, fewer, or of another type."""
        signatures = list(signatures)
        place = self._random.randrange(len(signatures) + 1)
        signatures[place:place + self._random.randrange(2)] = (
            [self._signature(2)] if self._random.randrange(3) else [])
        return signatures

    def _huge(self, target):
        """The first argument that can be huge is."""
        size = self._random.choice((70_000, HUGE))
        word = self._random.choice(("x", "é", "\U0001f427", "\n", "/", "../", "{'"))
        text = word * (size // len(word.encode()))
        for index, (name, signature) in enumerate(target.inputs):
            if signature == "s":
                values = [self.value(each) for _, each in target.inputs]
                values[index] = self._scripts[0] + text if name == "script_path" else text
                return GLib.Variant(f"({''.join(each for _, each in target.inputs)})", values)
        data = GLib.Variant.new_from_bytes(GLib.VariantType("ay"), GLib.Bytes.new(bytes(size)), True)
        return GLib.Variant.new_tuple(self._random.choice((
            GLib.Variant("s", text), data, GLib.Variant("as", ["x"] * (size // 500)))))

    def _deep(self, depth):
        """A variant in a variant in an array of variants and so on."""
        value = GLib.Variant("s", self.text())
        for _ in range(depth):
            value = GLib.Variant("v", value)
        return value

    def _signature(self, depth):
        """Any single complete type."""
        kind = self._random.choice("bbbbbva(e" if depth else "b")
        if kind == "b":
            return self._random.choice(BASIC)
        if kind == "v":
            return "v"
        if kind == "a":
            return "a" + self._signature(depth - 1)
        if kind == "e":
            return f"a{{{self._random.choice(BASIC)}{self._signature(depth - 1)}}}"
        return f"({''.join(self._signature(depth - 1) for _ in range(self._random.randint(1, 3)))})"

    def value(self, signature, depth=3):
        """A value of that type, as GLib.Variant takes it."""
        kind = signature[0]
        if kind in RANGES:
            return self._integer(*RANGES[kind])
        if kind == "b":
            return self._random.random() < 0.5
        if kind == "d":
            return self._random.choice((0.0, -0.0, 1e308, 5e-324, float("nan"), float("-inf"), 0.1))
        if kind == "s":
            return self.text()
        if kind == "o":
            return self._random.choice(PATHS)
        if kind == "g":
            return self._random.choice(SIGNATURES)
        if kind == "v":
            inner = self._signature(depth - 1 if depth > 0 else 0)
            return GLib.Variant(inner, self.value(inner, depth - 1))
        return self._container(signature, depth)

    def _container(self, signature, depth):
        if signature[0] == "(":
            return tuple(self.value(each, depth) for each in _split(signature[1:-1]))
        count = self._random.choice((0, 1, 2, 5)) if depth > 0 else 0
        if signature[1] == "{":
            key, value = signature[2], signature[3:-1]
            return {self.value(key): self.value(value, depth - 1) for _ in range(count)}
        return [self.value(signature[1:], depth - 1) for _ in range(count)]

    def _integer(self, is_signed, bits):
        least, most = -is_signed << bits, (1 << bits) - 1
        return self._random.choice((0, 1, least, most, self._random.randint(least, most)))

    def text(self):
        if self._random.random() < 0.7:
            return self._random.choice(self._names)
        letters = (chr(self._random.choice((self._random.randint(1, 127), self._random.randint(128, 0xd7ff),
                                            self._random.randint(0xe000, 0x10ffff)))) for _ in range(12))
        return "".join(letters)


def _split(signature):
    """Its complete types."""
    types = []
    while signature:
        size = _size(signature)
        types.append(signature[:size])
        signature = signature[size:]
    return types


def _size(signature):
    """How long the first complete type is."""
    arrays = len(re.match("a*", signature)[0])
    depth, size = 0, arrays
    while True:
        depth += (signature[size] in "({") - (signature[size] in ")}")
        size += 1
        if depth == 0:
            return size
