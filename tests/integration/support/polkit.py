# SPDX-License-Identifier: MIT
"""polkit on a test's message bus, with the actions that comar ships and rules of the test's own."""

import os
import shlex
import signal

from gi.repository import Gio, GLib

from support.bus import Bus, wait_until
from support.message_bus import NameWatch
from support.place import REPOSITORY

NAME = "org.freedesktop.PolicyKit1"
AUTHORITY = "/org/freedesktop/PolicyKit1/Authority"
INTERFACE = f"{NAME}.Authority"
ACTIONS = REPOSITORY / "data/polkit"
PROGRAM = "/usr/lib/polkit-1/polkitd"


class Polkit:
    """polkitd; it can die and come again. Rules are JavaScript, polkit(8)."""

    def __init__(self, place, message_bus):
        self._place = place
        self._bus = message_bus
        self._rules = place.folder / "polkit-rules"
        self._rules.mkdir()
        self._log = place.folder / "polkit.log"
        self.process = None

    def write_rule(self, text):
        """One that counts from the next start on."""
        (self._rules / "50-test.rules").write_text(text)

    def start(self):
        """Starts it, and waits until it has its name."""
        mounts = [("--bind", ACTIONS, "/usr/share/polkit-1/actions"),
                  ("--bind", self._rules, "/etc/polkit-1/rules.d")]
        commands = " && ".join(shlex.join(["mount", *map(str, words)]) for words in mounts)
        with open(self._log, "a") as log:
            self.process = self._place.stranger(
                "unshare", "--mount", "--", "sh", "-c", f"{commands} && exec {PROGRAM} --no-debug",
                env={"DBUS_SYSTEM_BUS_ADDRESS": self._bus.address, "PATH": os.environ["PATH"]},
                stdout=log, stderr=log)
        with NameWatch(self._bus.address, NAME) as watch:
            watch.wait_owned()
        return self

    def stop(self, signo=signal.SIGTERM):
        with NameWatch(self._bus.address, NAME) as watch:
            self.process.signal(signo)
            self.process.wait_gone()
            watch.wait_free()


class Agent:
    """Answers polkit's dialogs for one process, as the desktop does once it has the password."""

    XML = """
    <node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
      <method name="BeginAuthentication">
        <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
        <arg type="a{ss}" direction="in"/><arg type="s" direction="in"/>
        <arg type="a(sa{sv})" direction="in"/>
      </method>
      <method name="CancelAuthentication"><arg type="s" direction="in"/></method>
    </interface></node>
    """

    def __init__(self, address, process, answers=True):
        """For what `process` wants. With answers=False the person never comes."""
        self.asked = []         # (action, message)
        self.cancelled = []     # cookies
        self._answers = answers
        self._bus = Bus(address)
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        self._bus.connection.register_object("/agent", interface, self._called, None, None)
        subject = ("unix-process", {"pid": GLib.Variant("u", process.pid),
                                    "start-time": GLib.Variant("t", process.start_time)})
        self._authority("RegisterAuthenticationAgent", "((sa{sv})ss)", (subject, "C", "/agent"))

    def _authority(self, method, signature, arguments):
        return self._bus.connection.call_sync(
            NAME, AUTHORITY, INTERFACE, method, GLib.Variant(signature, arguments), None,
            Gio.DBusCallFlags.NONE, -1, None)

    def _called(self, connection, sender, path, interface, method, parameters, invocation):
        if method == "CancelAuthentication":
            self.cancelled.append(parameters.unpack()[0])
            return invocation.return_value(None)
        action, message, _, _, cookie, identities = parameters.unpack()
        self.asked.append((action, message))
        if not self._answers:
            return None     # polkit waits
        kind, properties = identities[0]
        identity = (kind, {"uid": GLib.Variant("u", properties["uid"])})
        connection.call(
            NAME, AUTHORITY, INTERFACE, "AuthenticationAgentResponse2",
            GLib.Variant("(us(sa{sv}))", (os.geteuid(), cookie, identity)), None,
            Gio.DBusCallFlags.NONE, -1, None, lambda *_: invocation.return_value(None))
        return None

    def wait_asked(self, count=1):
        wait_until(lambda: len(self.asked) >= count, 60, "polkit to ask the person")

    def wait_cancelled(self):
        wait_until(lambda: self.cancelled, 60, "polkit to close the dialog")

    def close(self):
        self._bus.close()
