# SPDX-License-Identifier: MIT
"""The other end of a worker's socket, in a test's hands."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import textwrap

from comar import _native

# A script host for one worker. Exits like the worker, with 128 + N for one that signal N has ended.
HOST = """
import os, sys
sys.path.insert(0, sys.argv[1])
import comar.worker
fd = int(sys.argv[2])
if sys.argv[3:] == ["warm"]:
    comar.worker.warm_up()
worker = os.fork()
if worker == 0:
    comar.worker.serve(fd)
os.close(fd)
code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
os._exit(code if code >= 0 else 128 - code)
"""
ENDS_A_CALL = ("return", "error")
QUESTIONS = ("call", "lock", "owner", "set_state")
PATIENCE_SECONDS = 60


class FakeComard:
    """Starts workers, writes scripts, and makes requests with defaults.

    `paths` and `service` go into each request.
    """

    def __init__(self, folder, package_parent):
        self.folder = pathlib.Path(folder)
        self._package_parent = package_parent
        self._workers = []
        self._strangers = []
        self.paths = {name: self._make(name) for name in ("conf", "data", "models", "lock")}
        self.paths["profile_env"] = str(self.folder / "profile.env")
        self.service = {"startup": "off", "running": None, "processes": [], "tracked": False}

    def _make(self, name):
        (self.folder / name).mkdir()
        return str(self.folder / name)

    def close(self):
        for worker in self._workers:
            worker.close()
        for stranger in self._strangers:
            stranger.kill()
            stranger.wait()

    def write(self, name, text, mode=0o644):
        """A file of the test; returns its path."""
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        path.chmod(mode)
        return str(path)

    def program(self, name, text=None):
        """A program: a shell script, or without a text a copy of sleep(1), which takes seconds."""
        if text is not None:
            return self.write(name, "#!/bin/sh\n" + textwrap.dedent(text), 0o755)
        path = self.folder / name
        if not path.exists():
            path.write_bytes(pathlib.Path("/bin/sleep").read_bytes())
            path.chmod(0o755)
        return str(path)

    def stranger(self, *arguments):
        """A process that no worker has started; it is ended with the test."""
        child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
        self._strangers.append(child)
        return child

    def request(self, script, method="start", **parts):
        """A `run` request for a script with that text."""
        path = self.write(f"{parts.get('app', 'web')}.py", script)
        return {
            "op": "run",
            "app": "web",
            "model": "System.Service",
            "method": method,
            "args": [],
            "script": path,
            "language": "en",
            "sender": ":1.42",
            "service": self.service,
            "cgroup": None,
            "join_cgroup": False,
            "output": None,
            "paths": self.paths,
            "interface": "tr.org.pardus.comar",
            "seconds": 60,
            "output_limit": 1 << 20,
            **parts,
        }

    def worker(self, warm=False):
        """A worker that waits for its request; `warm`: its host has rehearsed."""
        stderr = self.folder / f"stderr-{len(self._workers)}"
        worker = Worker(self._package_parent, stderr, ["warm"] if warm else [])
        self._workers.append(worker)
        return worker

    def begin(self, script, method="start", **parts):
        """A worker that runs a script."""
        worker = self.worker()
        worker.send(self.request(script, method, **parts))
        return worker

    def run(self, script, method="start", replies=None, **parts):
        """Runs a script to the end; returns what came of it, an Outcome."""
        return self.begin(script, method, **parts).finish(replies)

    def value(self, script, method="start", **parts):
        """Runs a script that must not fail; returns the value."""
        return self.run(script, method, **parts).value


class Outcome:
    """What a worker said, and how it ended."""

    def __init__(self, messages, fds, code, stderr):
        self.messages = messages
        self.fds = fds
        self.code = code
        self.stderr = stderr

    @property
    def last(self):
        return self.messages[-1]

    @property
    def value(self):
        assert self.last["op"] == "return", (self.last, self.stderr)
        return self.last["value"]

    @property
    def error(self):
        """(name, message)"""
        assert self.last["op"] == "error", self.last
        return self.last["name"], self.last["message"]

    @property
    def left(self):
        return [pid for pid, _ in self.last["left"]]

    def told(self, op):
        return [message for message in self.messages if message["op"] == op]


class Worker:
    """One worker below a host of its own, and our end of its socket."""

    def __init__(self, package_parent, stderr_path, arguments):
        self._stderr_path = stderr_path
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE_SECONDS)
        self._fds = []
        self._messages = []
        command = ["/usr/bin/python3", "-c", HOST, str(package_parent), str(theirs.fileno()), *arguments]
        with open(stderr_path, "wb") as stderr, theirs:
            self.host = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, env={"LANG": "C.UTF-8"},
            )

    def send(self, message):
        text = json.dumps(message).encode()
        self._socket.sendall(len(text).to_bytes(4, "little") + text)

    def receive(self):
        """The next message; None when the worker has closed. Descriptors are put aside."""
        length = self._receive(4)
        if length is None:
            return None
        message = json.loads(self._receive(int.from_bytes(length, "little")))
        self._messages.append(message)
        return message

    def receive_until(self, op):
        """The next message of that kind."""
        while (message := self.receive()) is not None:
            if message["op"] == op:
                return message
        raise AssertionError(f"no {op!r} among {self._messages}: {self.stderr()}")

    def finish(self, replies=None):
        """Answers all questions, from `replies` by op or else with null, until the call has ended."""
        while (message := self.receive()) is not None and message["op"] not in ENDS_A_CALL:
            if message["op"] in QUESTIONS:
                reply = (replies or {}).get(message["op"], {"value": None})
                self.send({"op": "reply", **reply})
        # A worker that offers to serve again is told that there is nothing more.
        self._socket.shutdown(socket.SHUT_WR)
        code = self.end()
        assert self.receive() is None
        return Outcome(self._messages, list(self._fds), code, self.stderr())

    def end(self):
        """Waits for the end of the worker; returns its exit code."""
        return self.host.wait(PATIENCE_SECONDS)

    def stderr(self):
        return self._stderr_path.read_text(errors="replace")

    def close_socket(self):
        self._socket.close()

    def close(self):
        self.close_socket()
        while self._fds:
            os.close(self._fds.pop())
        if self.host.poll() is None:
            for pid, _ in _native.descendants(self.host.pid):
                os.kill(pid, signal.SIGKILL)
            self.host.wait()

    def _receive(self, size):
        received = b""
        while len(received) < size:
            chunk, fds, _, _ = socket.recv_fds(self._socket, size - len(received), 4)
            self._fds += fds
            if not chunk:
                assert not received, "the worker closed within a message"
                return None
            received += chunk
        return received


def is_pipe(fd):
    return stat.S_ISFIFO(os.fstat(fd).st_mode)


def start_time(pid):
    return _native.open_process(pid).start_time
