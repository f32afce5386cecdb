#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What script/demo shows: real daemons under a private comard, from registering to nothing left.

usage: demo.py [--keep] [--build FOLDER]
"""

import argparse
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

EXAMPLES = pathlib.Path(__file__).resolve().parent
SERVICES = ("nginx", "redis", "webfiles", "greeting")
DAEMONS = SERVICES[:3]
SECONDS = 30    # how long anything may take


class Failed(Exception):
    """The demonstration did not show what it should."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="leave comard and its services running")
    parser.add_argument("--build", type=pathlib.Path, default=EXAMPLES.parent / "build")
    options = parser.parse_args()
    demo = Demo(options.build / "bin")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        demo.show()
        if options.keep:
            demo.tell_how_to_go_on()
            return 0
        demo.finish()
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(f"\ndemo: failed: {error}\n\ncomard said:\n{demo.log()}")
        demo.clean_up()
        return 1
    except (KeyboardInterrupt, SystemExit):
        demo.clean_up()
        return 130
    print("\ndemo: all of it worked, and nothing is left")
    return 0


class Demo:
    def __init__(self, programs):
        self.programs = programs
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="comar-demo-"))
        self.folder.chmod(0o755)    # daemons that change their user must get through
        self.root = self.folder / "root"
        self.comard = None
        self.ports = {}
        self.cgroups = set()

    def show(self):
        title("A private comard, as user " + str(os.getuid()))
        self.start_comard()
        title("Registering scripts")
        self.configure()
        for name in SERVICES:
            self.comar("register", name, EXAMPLES / f"{name}.py")
        title("Starting them")
        for name in SERVICES:
            self.comar("start", name)
        title("Each of them answers")
        self.prove_answers()
        title("What comar knows")
        self.comar("list")
        self.comar("status", "nginx")
        title("The same in Turkish")
        self.comar("list", language="tr_TR.UTF-8")
        self.comar("status", "nginx", language="tr_TR.UTF-8")
        title("A daemon dies unasked, and comar tells whoever listens")
        self.show_a_crash()

    def finish(self):
        title("Stopping")
        self.remember_cgroups()
        self.comar("stop", *DAEMONS)
        self.comar("list")
        self.stop_comard()
        self.prove_nothing_is_left()

    def tell_how_to_go_on(self):
        title("All of it goes on running")
        print(f"    export COMAR_ROOT={self.root} PATH={self.programs}:$PATH\n"
              "    comar list\n"
              "    comar monitor\n\n"
              f"To end it:\n\n    comar stop {' '.join(DAEMONS)}; kill {self.comard.pid}; rm -r {self.folder}")

    # comard

    def start_comard(self):
        """Starts comard and waits for READY=1, sd_notify(3)."""
        print(f"$ comard --root {self.root} &")
        path = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(path))
            notify.settimeout(SECONDS)
            with open(self.folder / "comard.log", "wb") as log:
                self.comard = subprocess.Popen(
                    [self.programs / "comard", "--root", self.root], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True, env={**os.environ, "NOTIFY_SOCKET": str(path)})
            while b"READY=1" not in notify.recv(65536).split(b"\n"):
                pass
        path.unlink()

    def stop_comard(self):
        print("$ kill %comard")
        self.comard.terminate()
        code = self.comard.wait(SECONDS)
        if code != 0:
            raise Failed(f"comard ended with {code}")

    def log(self):
        path = self.folder / "comard.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # Services

    def configure(self):
        """Settings that keep the daemons below the root and on ports that nobody else has."""
        folder = self.root / "etc/conf.d"
        folder.mkdir(parents=True, exist_ok=True)
        (self.root / "www").mkdir()
        (self.root / "www/index.html").write_text("<h1>Served under comar</h1>\n")
        self.ports = dict(zip(DAEMONS, free_ports(len(DAEMONS))))
        for name in DAEMONS:
            (folder / name).write_text(f'address="127.0.0.1"\nport="{self.ports[name]}"\n'
                                       f'directory="{self.root}/www"\n')

    def comar(self, *words, language="en_US.UTF-8", quiet=False):
        """Runs the command, shows it and what it says, and returns that."""
        environment = {**os.environ, "COMAR_ROOT": str(self.root), "LC_ALL": language}
        if not quiet:
            print(f"$ {'LANG=tr_TR.UTF-8 ' if language.startswith('tr') else ''}comar",
                  *(word.relative_to(EXAMPLES.parent) if isinstance(word, pathlib.Path) else word
                    for word in words), flush=True)
        result = subprocess.run([self.programs / "comar", *words], env=environment, text=True,
                                stdout=subprocess.PIPE, timeout=100, check=False)
        if not quiet and result.stdout:
            print(result.stdout, flush=True)
        if result.returncode != 0 and words[0] != "status":
            raise Failed(f"comar {' '.join(map(str, words))} ended with {result.returncode}")
        return result.stdout

    def status(self, name):
        return json.loads(self.comar("status", name, "--json", quiet=True))

    def prove_answers(self):
        for name in DAEMONS:
            wait_for_port(self.ports[name])
        for name in ("nginx", "webfiles"):
            print(f"{name}: HTTP {http_status(self.ports[name])} on port {self.ports[name]}")
        print(f"redis: PING on port {self.ports['redis']}, {redis_ping(self.ports['redis'])}")
        greeting = (self.root / "var/log/comar/greeting.log").read_text().strip()
        print(f"greeting: wrote to its log: {greeting}")
        if not greeting:
            raise Failed("greeting has said nothing")

    def show_a_crash(self):
        with Monitor(self.programs / "comar", self.root) as monitor:
            monitor.wait_for(lambda: self.comar("on", "nginx"), "nginx")
            pid = self.status("redis")["main_pid"]
            print(f"$ kill -9 {pid}      # redis")
            os.kill(pid, signal.SIGKILL)
            print("comar monitor says:", monitor.wait_for(None, "redis"))
        self.comar("status", "redis")
        self.comar("start", "redis")

    # The end

    def remember_cgroups(self):
        found = (self.status(name)["control_group"] for name in DAEMONS)
        self.cgroups = {path for group in found if group for path in (group, os.path.dirname(group))}

    def prove_nothing_is_left(self):
        for name, port in self.ports.items():
            if answers(port):
                raise Failed(f"{name} still answers on port {port}")
        left = [f"process {pid}" for pid in processes_below(self.folder)]
        left += [group for group in self.cgroups if pathlib.Path(group).exists()]
        self.remove_folder()
        left += [str(self.folder)] if self.folder.exists() else []
        if left:
            raise Failed("left behind: " + ", ".join(left))
        print("No process, no cgroup and no file is left.")

    def clean_up(self):
        """Ends everything, whatever state it is in."""
        if self.comard and self.comard.poll() is None:
            self.stop_daemons()
            self.comard.terminate()
            self.comard.wait(SECONDS)
        for pid in processes_below(self.folder):
            os.kill(pid, signal.SIGKILL)
        self.remove_folder()

    def stop_daemons(self):
        """As far as that is possible."""
        try:
            subprocess.run([self.programs / "comar", "--root", self.root, "stop", *DAEMONS], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=100)
        except (OSError, subprocess.SubprocessError):
            pass

    def remove_folder(self):
        subprocess.run(["rm", "-rf", self.folder], check=True)


class Monitor:
    """A running `comar monitor`, read line by line."""

    def __init__(self, program, root):
        print("$ comar monitor &")
        self._child = subprocess.Popen([program, "--root", root, "monitor"], stdout=subprocess.PIPE, bufsize=0)
        self._pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.terminate()
        self._child.wait(SECONDS)
        self._child.stdout.close()

    def wait_for(self, cause, word):
        """The first line with that word. `cause` is done again until it shows: monitor may still be connecting."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if cause:
                cause()
            line = self._line_with(word, 1 if cause else SECONDS)
            if line:
                return line
        raise Failed(f"comar monitor has told nothing of {word}")

    def _line_with(self, word, seconds):
        while True:
            line, newline, rest = self._pending.partition(b"\n")
            if newline:
                self._pending = rest
                if word in line.decode():
                    return line.decode()
            elif select.select([self._child.stdout], [], [], seconds)[0]:
                self._pending += self._child.stdout.read(65536)
            else:
                return None


def title(text):
    print(f"\n== {text}\n", flush=True)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
        return True
    except ConnectionRefusedError:
        return False


def wait_for_port(port):
    """A detached program runs a moment before it listens."""
    deadline = time.monotonic() + SECONDS
    while not answers(port):
        if time.monotonic() > deadline:
            raise Failed(f"nobody answers on port {port}")
        time.sleep(0.02)


def http_status(port):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/", timeout=SECONDS) as reply:
        return reply.status


def redis_ping(port):
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(b"PING\r\n")
        reply = connection.recv(64)
    if reply != b"+PONG\r\n":
        raise Failed(f"redis answered {reply!r}")
    return "PONG"


def processes_below(folder):
    """Pids of living processes that have the folder in their command line, environment, or as a working folder."""
    needle = os.fsencode(folder)
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if pid != os.getpid() and mentions(pid, needle)]


def mentions(pid, needle):
    try:
        about = pathlib.Path(f"/proc/{pid}")
        return needle in (about / "cmdline").read_bytes() + (about / "environ").read_bytes() or os.fsencode(
            os.readlink(about / "cwd")).startswith(needle)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
