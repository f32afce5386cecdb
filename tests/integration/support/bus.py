# SPDX-License-Identifier: MIT
"""D-Bus for tests: calls, several at once, and signals, each with a deadline."""

from gi.repository import Gio, GLib

NAME = "tr.org.pardus.comar"
SERVICE = f"{NAME}.System.Service"
PREFIX = f"{NAME}."


class BusError(Exception):
    """An error reply. `name` is the part after "tr.org.pardus.comar." where it is one of comar's."""

    def __init__(self, error):
        full = Gio.DBusError.get_remote_error(error) or f"{error.domain}:{error.code}"
        self.full_name = full
        self.name = full.removeprefix(PREFIX)
        self.message = error.message.removeprefix(f"GDBus.Error:{full}: ")
        super().__init__(f"{self.name}: {self.message}")


class Pending:
    """A call under way."""

    def __init__(self):
        self._reply = None
        self._error = None
        self._done = False

    def _finish(self, connection, result):
        try:
            self._reply = connection.call_finish(result).unpack()
        except GLib.Error as error:
            self._error = BusError(error)
        self._done = True

    @property
    def done(self):
        """Whether the reply has come; looks at what has arrived, never waits."""
        while GLib.MainContext.default().iteration(False):
            pass
        return self._done

    def result(self, within=60):
        """The reply: None, the one value, or a tuple of several. Raises BusError."""
        wait_until(lambda: self._done, within, "the reply to a D-Bus call")
        if self._error:
            raise self._error
        return self._reply[0] if len(self._reply) == 1 else self._reply or None


class Bus:
    """One connection, with a unique name of its own."""

    def __init__(self, address):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.connection.set_exit_on_close(False)

    @property
    def unique_name(self):
        return self.connection.get_unique_name()

    def close(self):
        try:
            self.connection.close_sync(None)
        except GLib.Error as error:
            # comard may have gone before us, and by then, or just now, so has the connection.
            if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED):
                raise

    def begin(self, path, interface, method, signature="", *args):
        """Sends a call and returns at once; `signature` as in "ss"."""
        pending = Pending()
        body = GLib.Variant(f"({signature})", args)
        self.connection.call(NAME, path, interface, method, body, None, Gio.DBusCallFlags.NONE,
                             GLib.MAXINT, None, pending._finish)
        return pending

    def call(self, path, interface, method, signature="", *args, within=60):
        return self.begin(path, interface, method, signature, *args).result(within)

    def get(self, path, interface, name):
        """The value of one property."""
        return self.call(path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)

    def get_all(self, path, interface):
        return self.call(path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface)

    def introspect(self, path):
        return self.call(path, "org.freedesktop.DBus.Introspectable", "Introspect")

    # The object "/".

    def register(self, app, script_path, model="System.Service"):
        """The classical register; raises BusError when the script is refused."""
        return self.call("/", NAME, "register", "sss", app, model, str(script_path))

    def remove(self, app):
        return self.call("/", NAME, "remove", "s", app)

    def applications(self, model="System.Service"):
        return self.call("/", NAME, "listModelApplications", "s", model)

    def models(self, app):
        return self.call("/", NAME, "listApplicationModels", "s", app)

    def set_locale(self, language):
        return self.call("/", NAME, "setLocale", "s", language)

    def manager(self, method, signature="", *args, within=60):
        """A call of the interface that classical COMAR lacks."""
        return self.call("/", f"{NAME}.Manager", method, signature, *args, within=within)

    def list_services(self, **options):
        """Rows as dicts; options as in docs/dbus.md, all strings."""
        columns = ("name", "type", "state", "startup", "description", "pid")
        packed = {key: GLib.Variant("s", value) for key, value in options.items()}
        return [dict(zip(columns, row)) for row in self.manager("ListServices", "a{sv}", packed)]

    def service(self, app):
        return Service(self, app)

    def sync(self):
        """When this returns, all signals sent before have arrived."""
        self.call("/", "org.freedesktop.DBus.Peer", "Ping")


class Service:
    """System.Service of one app. Methods wait; begin("start") does not."""

    def __init__(self, bus, app):
        self.bus = bus
        self.path = f"/package/{app}"

    def begin(self, method, signature="", *args):
        return self.bus.begin(self.path, SERVICE, method, signature, *args)

    def call(self, method, signature="", *args, within=100):
        return self.begin(method, signature, *args).result(within)

    def start(self):
        return self.call("start")

    def stop(self):
        return self.call("stop")

    def reload(self):
        return self.call("reload")

    def ready(self):
        return self.call("ready")

    def info(self):
        """(type, description, state)"""
        return self.call("info")

    def set_state(self, state):
        return self.call("setState", "s", state)

    def register_state(self):
        return self.call("registerState")

    @property
    def state(self):
        """The state that info() reports."""
        return self.info()[2]

    @property
    def supervision(self):
        """All properties of tr.org.pardus.comar.Supervision as a dict."""
        return self.bus.get_all(self.path, f"{NAME}.Supervision")


class Signals:
    """Collects signals of one interface from the moment it is made, on a connection of its own."""

    def __init__(self, address, interface=SERVICE, member="Changed"):
        self.seen = []          # the arguments of each, in order
        self._next = 0
        self._bus = Bus(address)
        self._bus.connection.signal_subscribe(
            None, interface, member, None, None, Gio.DBusSignalFlags.NONE, self._take)
        self._bus.sync()

    def _take(self, connection, sender, path, interface, member, parameters):
        self.seen.append(parameters.unpack())

    def wait_for(self, *arguments, within=60):
        """Waits for a signal with these first arguments, after those already waited for."""
        wait_until(lambda: self._find(arguments), within, lambda: f"{arguments}; seen {self.seen}")
        self._next = self._find(arguments)

    def _find(self, arguments):
        for index in range(self._next, len(self.seen)):
            if self.seen[index][:len(arguments)] == arguments:
                return index + 1
        return 0

    def all(self):
        """All signals that were sent before this call."""
        self._bus.sync()
        return list(self.seen)

    def close(self):
        self._bus.close()


def wait_until(condition, within, what):
    """Handles D-Bus messages until `condition()`; fails after `within` seconds."""
    context = GLib.MainContext.default()
    late = []
    timer = GLib.timeout_source_new(int(within * 1000))
    timer.set_callback(lambda *_: late.append(True))
    timer.attach(context)
    try:
        while not condition():
            assert not late, f"waited {within} s for {what() if callable(what) else what}"
            context.iteration(True)
    finally:
        timer.destroy()
