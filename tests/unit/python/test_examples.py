# SPDX-License-Identifier: MIT
"""The examples that need no root, each through its life in one call, below a folder of the test."""

import pathlib
import shutil
import socket
import textwrap

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"

# Written in place of the example's own method, which it may call as `own`.
LIFE = """
own = globals().get("{method}")

def {method}():
    seen = [status()]
    start()
    seen.append(status())
{probe}
    stop()
    seen.append(status())
    return seen
"""


class Service:
    """An example with its settings."""

    def __init__(self, comard, name, /, **settings):
        self.root = comard.folder / "root"
        for folder in ("var/lib/comar", "run"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        conf = pathlib.Path(comard.paths["conf"])
        (conf / name).write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        self._comard = comard
        self._name = name
        self._paths = {**comard.paths, "data": str(self.root / "var/lib/comar")}

    def run(self, method, more="", **parts):
        text = (EXAMPLES / f"{self._name}.py").read_text() + more
        return self._comard.run(text, method, app=self._name, paths=self._paths, **parts)

    def live(self, probe, method="life"):
        """Starts it, runs the lines of `probe`, and stops it. All that was seen, and told."""
        lines = textwrap.indent(textwrap.dedent(probe), "    ")
        outcome = self.run(method, LIFE.format(method=method, probe=lines))
        return outcome.value, [each["args"] for each in outcome.told("notify")]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_greeting_is_done_and_undone(comard):
    greeting = Service(comard, "greeting", name="you")
    seen, told = greeting.live("seen.append(open(FILE).read())")
    assert seen == [False, True, "Hello, you!\n", False]
    assert told == [["greeting", "started"], ["greeting", "stopped"]]


def test_greeting_speaks_the_language_of_its_caller(comard):
    greeting = Service(comard, "greeting", name="dünya")
    assert greeting.run("start", language="tr").stderr == "Merhaba, dünya!\n"


def test_webfiles_has_the_pid_file_that_comar_writes(comard):
    webfiles = Service(comard, "webfiles", port=free_port(), user="root")
    seen, told = webfiles.live(
        """
        pid = int(open(PIDFILE).read())
        seen.append(open("/proc/%d/cmdline" % pid).read().split("\\0")[:3])
        """
    )
    assert seen == [False, True, ["/usr/bin/python3", "-m", "http.server"], False]
    assert told == [["webfiles", "started"], ["webfiles", "stopped"]]


@needs("nginx")
def test_nginx_serves_and_reloads(comard):
    port = free_port()
    nginx = Service(
        comard, "nginx", address="127.0.0.1", port=port, directory="/usr/share/common-licenses"
    )
    seen, told = nginx.live(
        f"""
        import urllib.request
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
        with opener.open("http://127.0.0.1:{port}/GPL-3", timeout=60) as reply:
            seen.append("GNU GENERAL PUBLIC LICENSE" in reply.read().decode())
        before = open(PIDFILE).read()
        own()
        seen.append(status() and open(PIDFILE).read() == before)
        """,
        method="reload",
    )
    assert seen == [False, True, True, True, False]
    assert told == [["nginx", "started"], ["nginx", "stopped"]]


@needs("nginx")
def test_nginx_refuses_wrong_settings_in_its_own_words(comard):
    name, message = Service(comard, "nginx", port="none").run("start").error
    assert name == "Exception"
    assert "nginx.conf" in message


@needs("redis-server")
def test_redis_answers_when_start_returns(comard):
    port = free_port()
    redis = Service(comard, "redis", port=port, user="root")
    seen, told = redis.live(
        f"""
        with socket.create_connection(("127.0.0.1", {port}), timeout=60) as connection:
            connection.sendall(b"PING\\r\\n")
            seen.append(connection.recv(64).decode())
        """
    )
    assert seen == [False, True, "+PONG\r\n", False]
    assert told == [["redis", "started"], ["redis", "stopped"]]
