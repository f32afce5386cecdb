# SPDX-License-Identifier: MIT
"""A comard of a test's own, and what a test says to it."""

import os
import pathlib
import select
import shlex
import signal
import socket
import subprocess
import time

from support.bus import SERVICE, Bus, Signals
from support.place import BUILD
from support.processes import Process

SECONDS = 60    # how long anything may take before a test gives up on it

# Nothing of the caller's environment reaches comard.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}


class Daemon:
    """comard --root, in a Place. The place's write functions, gates and programs are here too."""

    def __init__(self, place, user=None, environment=None, arguments=(), mounts=(), program=None,
                 network=False):
        self.place = place
        self.user = user
        self.root = str(place.root)
        self.log_path = place.folder / "comard.log"
        self.address = f"unix:path={self.root}/run/comar/bus"
        self._command = [*_inside(mounts, network), str(program or BUILD / "bin/comard"), "--root", self.root,
                         *arguments]
        self._environment = {**ENVIRONMENT, **(environment or {})}
        self._child = None
        self._bus = None
        self._signals = []

    def __getattr__(self, name):
        return getattr(self.place, name)

    # Its life.

    def launch(self):
        """Starts comard without waiting for anything."""
        assert not self.running, "comard runs already"
        notify = self._notify_socket()
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                self._command, env={**self._environment, "NOTIFY_SOCKET": notify.getsockname()},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self.user,
                preexec_fn=self.place.cgroup.join, cwd="/")
        return notify

    def start(self):
        """Starts comard and waits until it serves (READY=1, sd_notify(3))."""
        with self.launch() as notify:
            self.wait_ready(notify)
        return self

    def _notify_socket(self):
        path = self.place.folder / "notify"
        path.unlink(missing_ok=True)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        notify.bind(str(path))
        path.chmod(0o666)
        return notify

    def wait_ready(self, notify):
        pidfd = os.pidfd_open(self.pid)
        poll = select.poll()
        poll.register(notify, select.POLLIN)
        poll.register(pidfd, select.POLLIN)
        try:
            while True:
                events = dict(poll.poll(SECONDS * 1000))
                assert events, f"comard is not ready after {SECONDS} s"
                if notify.fileno() in events and b"READY=1" in notify.recv(65536).split(b"\n"):
                    return
                assert pidfd not in events, f"comard ended with {self._child.wait()}\n{self.log}"
        finally:
            os.close(pidfd)

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self):
        return self._child.pid

    @property
    def process(self):
        return Process(self.pid)

    @property
    def log(self):
        """What comard has written to stderr, all runs of it."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait(self):
        """Waits until comard has ended by itself; returns its exit code."""
        self.disconnect()
        return self._child.wait(SECONDS)

    def stop(self):
        """SIGTERM; comard must end in order."""
        self.disconnect()
        self._child.send_signal(signal.SIGTERM)
        code = self._child.wait(SECONDS)
        assert code == 0, f"comard ended with {code} after SIGTERM"

    def kill(self):
        """SIGKILL, as when it crashes."""
        self.disconnect()
        self._child.kill()
        self._child.wait()

    # Talking to it.

    @property
    def bus(self):
        """The connection that the shorthands below use."""
        if self._bus is None:
            self._bus = Bus(self.address)
        return self._bus

    def until(self, condition, what, within=SECONDS):
        """Waits for what comard learns by itself and tells nobody, such as an exit code.

        Asks again after each round trip over the bus.
        """
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, (
                f"waited {within} s for {what() if callable(what) else what}")
            self.bus.sync()

    def connect(self):
        """One more connection: another caller for comard."""
        return Bus(self.address)

    def state_text(self):
        """What it has written down for another comard."""
        return (self.place.root / "run/comar/state").read_text(errors="replace")

    def service_log(self, app):
        """What comard has read so far of what the service and its script printed."""
        # Whatever was in its FIFOs before the first is in the log after the second.
        self.bus.sync()
        self.bus.sync()
        path = self.place.root / f"var/log/comar/{app}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def file(self, path):
        """A file as comard sees it, whatever is mounted there."""
        return pathlib.Path(f"/proc/{self.pid}/root/{path}")

    def disconnect(self):
        for thing in [self._bus, *self._signals]:
            if thing is not None:
                thing.close()
        self._bus, self._signals = None, []

    def signals(self, interface=SERVICE, member="Changed"):
        """Collects signals from now on."""
        self._signals.append(Signals(self.address, interface, member))
        return self._signals[-1]

    def service(self, app):
        return self.bus.service(app)

    def register(self, app, text, model="System.Service"):
        """Writes and registers a script; returns its Service. `text` as for write_script."""
        self.bus.register(app, self.place.write_script(app, text), model)
        return self.service(app)

    def cli(self, *arguments, language="en", user=None, input=None, environment=None, name="comar"):
        """Runs `comar ARGUMENTS…` against this comard; stdout, stderr and returncode are in the answer.

        `name` is what the program is called as (argv[0]).
        """
        return subprocess.run(
            [name, *map(str, arguments)], executable=BUILD / "bin/comar", cwd="/",
            env=self._cli_environment(language, environment), user=user, input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=2 * SECONDS,
            check=False)

    def launch_cli(self, *arguments):
        """The same, without waiting for its end."""
        return subprocess.Popen(["comar", *map(str, arguments)], executable=BUILD / "bin/comar", cwd="/",
                                env=self._cli_environment("en"), stdin=subprocess.DEVNULL)

    def _cli_environment(self, language, more=None):
        return {**ENVIRONMENT, "LANG": f"{language}.UTF-8", "COMAR_ROOT": self.root, **(more or {})}


def _inside(mounts, network):
    """The command that runs another one with these mounts, as for mount(8), and a network of its own."""
    options = [*(["--mount"] if mounts else []), *(["--net"] if network else [])]
    if not options:
        return []
    commands = [shlex.join(["mount", *map(str, words)]) for words in mounts]
    commands += ["ip link set lo up"] if network else []
    return ["unshare", *options, "--", "sh", "-c", " && ".join([*commands, 'exec "$@"']), "sh"]
