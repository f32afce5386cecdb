# SPDX-License-Identifier: MIT
"""A message bus of a test's own, with the policy of a system bus and the file that comar ships for it."""

import os
import signal

from gi.repository import Gio

from support.bus import NAME, Bus, wait_until
from support.place import REPOSITORY

SHIPPED = REPOSITORY / "data/dbus/tr.org.pardus.comar.conf"

# What matters of /usr/share/dbus-1/system.conf: who may own a name, and who may call whom.
_CONFIG = """\
<busconfig>
  <type>{kind}</type>
  <auth>EXTERNAL</auth>
  <listen>{address}</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  {shipped}
  <!-- By default the bus itself refuses much of what comard is to be asked here. -->
  <limit name="max_replies_per_connection">100000</limit>
</busconfig>
"""


class MessageBus:
    """dbus-daemon at `address`; it can die and come again."""

    def __init__(self, place, knows_comar=True, extra=(), services=None):
        """One that does not know comar gives it no name. `extra`: files of policy, for other services.

        `services`: a folder of files about programs that it starts. That of a system bus has a helper do that, which
        knows the folders of the machine only; so it becomes a session bus, which starts them itself.
        """
        self._kind = "session" if services else "system"
        self._place = place
        files = [*([SHIPPED] if knows_comar else []), *extra]
        self._shipped = "".join(f"<include>{file}</include>" for file in files)
        if services:
            self._shipped += f"<servicedir>{services}</servicedir>"
        self._folder = place.folder / "message-bus"
        self._process = None
        self.address = f"unix:path={self._folder}/socket"

    def configure(self):
        """Writes its configuration; returns what dbus-daemon is to be started with."""
        self._folder.mkdir(exist_ok=True)
        config = self._folder / "bus.conf"
        config.write_text(_CONFIG.format(kind=self._kind, address=self.address, shipped=self._shipped))
        return [f"--config-file={config}", "--nofork", "--nopidfile"]

    def start(self):
        """Starts it, and waits until it listens."""
        arguments = self.configure()
        reader, writer = os.pipe()
        log = self._folder / "log"
        with open(reader) as listening, open(log, "a") as errors:
            self._process = self._place.stranger(
                "dbus-daemon", *arguments, f"--print-address={writer}", pass_fds=[writer], stderr=errors)
            os.close(writer)
            assert listening.readline().startswith(self.address), log.read_text()
        return self

    def stop(self, signo=signal.SIGTERM):
        self._process.signal(signo)
        self._process.wait_gone()

    def watch(self, name=NAME):
        """Follows the owner of a name, from now on."""
        return NameWatch(self.address, name)

    def wait_for_comard(self):
        """Waits until comard has its name; returns comard's unique name."""
        with self.watch() as watch:
            return watch.wait_owned()


class NameWatch:
    """Who owns a name on a bus: `owner` is a unique name, or None."""

    def __init__(self, address, name):
        self.name = name
        self.owner = None
        self._is_known = False
        self._bus = Bus(address)
        self._id = Gio.bus_watch_name_on_connection(
            self._bus.connection, name, Gio.BusNameWatcherFlags.NONE, self._appeared, self._vanished)
        wait_until(lambda: self._is_known, 60, f"the owner of {name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Gio.bus_unwatch_name(self._id)
        self._bus.close()

    def _appeared(self, connection, name, owner):
        self.owner, self._is_known = owner, True

    def _vanished(self, connection, name):
        self.owner, self._is_known = None, True

    def wait_owned(self, within=60):
        wait_until(lambda: self.owner, within, f"somebody to own {self.name}")
        return self.owner

    def wait_free(self, within=60):
        wait_until(lambda: not self.owner, within, f"{self.name} to be free")
