# SPDX-License-Identifier: MIT
"""A machine that boots with comar: busybox is its init, its services are real, its console tells what came of it."""

import json
import os
import pathlib
import platform
import re

import pytest

from image import Image, kernel

# An emulated machine, and perhaps beside other work.
pytestmark = [pytest.mark.timeout(900),
              pytest.mark.skipif(platform.machine() != "x86_64", reason="the machine that is emulated is an x86-64 one")]

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COMAR_BUILD", REPOSITORY / "build")).resolve()
PYTHON = "/usr/bin/python3"

INITTAB = """\
::sysinit:/etc/mounts
::respawn:/usr/sbin/comard --boot --replace --log-level warning
::once:/etc/story
::shutdown:/usr/bin/comar shutdown
"""

MOUNTS = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mkdir -p /dev/shm
busybox mount -t tmpfs shm /dev/shm
busybox mount -t tmpfs -o mode=755 run /run
busybox mount -t cgroup2 cgroup /sys/fs/cgroup
busybox ip link set lo up
"""

DBUS = """\
serviceType = "local"
serviceDesc = _({"en": "Message bus", "tr": "İleti veri yolu"})
serviceReadiness = "unix:/run/dbus/system_bus_socket"

from comar.service import *

def start():
    os.makedirs("/run/dbus", exist_ok=True)
    startService(command="/usr/bin/dbus-daemon", args="--system --nofork --nopidfile", detach=True, donotify=True)

def stop():
    stopService(command="/usr/bin/dbus-daemon", donotify=True)
    say("stopped dbus")

def say(what):
    with open("/dev/console", "w") as console:
        print("TOLD", what, file=console)
"""

# busybox goes by the name that it is called with.
SERVER = """\
serviceType = "server"
serviceDesc = _({{"en": "Server", "tr": "Sunucu"}})
{settings}

from comar.service import *

def start():
    startService(command="/bin/busybox", args=["httpd", "-f", "-p", "127.0.0.1:{port}", "-h", "/etc"],
                 pidfile="/run/{name}.pid", makepid=True, detach=True, donotify=True)

def stop():
    stopService(pidfile="/run/{name}.pid", donotify=True)
    with open("/dev/console", "w") as console:
        print("TOLD stopped {name}", file=console)
"""

# In the order in which they start: login has a head start.
SERVICES = {
    "dbus": DBUS,
    "login": SERVER.format(name="login", port=8001, settings=""),
    "web": SERVER.format(name="web", port=8002, settings='serviceRequires = "dbus"\nserviceReadiness = "tcp:8002"'),
    "shop": SERVER.format(name="shop", port=8003, settings='serviceRequires = "web"'),
}

# What an administrator does after the boot. Each answer is a line of the console. Whatever goes wrong, the machine is
# switched off: what the console says then tells more than a time limit.
STORY = """\
#!/usr/bin/python3
import json, os, signal, subprocess, time, traceback

def comar(*words):
    return subprocess.run(["/usr/bin/comar", *words], capture_output=True, text=True)

def until(ask):
    while not (answer := ask()):
        time.sleep(0.1)
    return answer

def tell(what, value):
    with open("/dev/console", "w") as console:
        print("TOLD", what, json.dumps(value), file=console, flush=True)

def processes():
    listed = json.loads(comar("list", "--json").stdout or "[]")
    return {one["name"]: json.loads(comar("status", "--json", one["name"]).stdout) for one in listed}

def boot_record():
    asked = comar("analyze", "blame", "--json")
    return asked.returncode == 0 and json.loads(asked.stdout)

def is_comard(pid):
    try:
        name, rest = open(f"/proc/{pid}/stat").read().split("(", 1)[1].rsplit(")", 1)
    except OSError:    # it has ended since it was listed
        return False
    return name == "comard" and int(rest.split()[1]) in (0, 1)

def comards():
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and is_comard(pid)]

def story():
    tell("boot", until(boot_record))
    tell("services", processes())
    comar("stop", "shop")
    before = processes()
    old = comards()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    until(lambda: comards() and not set(comards()) & set(old) and comar("list").returncode == 0)
    tell("before", before)
    tell("after", until(processes))
    tell("cgroups", {str(pid): open(f"/proc/{pid}/cgroup").read().strip() for pid in comards()})

try:
    story()
except Exception:
    tell("failure", traceback.format_exc())
finally:
    subprocess.run(["/bin/busybox", "poweroff"])
"""


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    image = Image(tmp_path_factory.mktemp("machine"))
    image.install(BUILD)
    image.add(os.path.realpath(PYTHON))
    image.link(PYTHON, os.path.realpath(PYTHON))
    image.add_tree("/usr/lib/python3.11", without=("test", "idlelib", "tkinter", "lib2to3", "config-*"))
    image.add_tree("/usr/lib/python3/dist-packages/fissix")
    image.add("/usr/bin/dbus-daemon")
    image.add_tree("/usr/share/dbus-1", without=("services", "interfaces"))
    image.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/run/dbus:/bin/false\n")
    image.write("/etc/group", "root:x:0:\nmessagebus:x:100:\n")
    image.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n")
    image.write("/etc/inittab", INITTAB)
    image.write("/etc/mounts", MOUNTS, 0o755)
    image.write("/etc/story", STORY, 0o755)
    for name, text in SERVICES.items():
        image.write(f"/var/lib/comar/scripts/System.Service/{name}.py", text)
        image.write(f"/etc/mudur/services/enabled/{name}", "")
    return image


@pytest.fixture(scope="session")
def kernel_image():
    return kernel(BUILD / "vm-kernel")


def told(console):
    """What the story tells, by its first word, and in which order services were stopped."""
    lines = re.findall(r"TOLD (\w+) (.*)$", console, re.MULTILINE)
    answers = {word: json.loads(rest) for word, rest in lines if word != "stopped"}
    return answers, [rest for word, rest in lines if word == "stopped"]


def test_it_boots_keeps_its_services_when_comard_crashes_and_shuts_down_in_order(image, kernel_image):
    console = image.boot(kernel_image, "comar=head_start:login")
    answers, stopped = told(console)
    assert "cgroups" in answers and "failure" not in answers, answers.get("failure", console[-4000:])
    services = sorted(answers["boot"], key=lambda one: one["began_microseconds"])
    assert [one["name"] for one in services] == ["login", "dbus", "web", "shop"]
    assert {one["fate"] for one in services} == {"succeeded"}, console[-4000:]
    states = {app: one["state"] for app, one in answers["services"].items()}
    assert states == dict.fromkeys(SERVICES, "running")
    running = {"dbus", "login", "web"}
    before, after = ({app: answers[when][app]["main_pid"] for app in running} for when in ("before", "after"))
    assert before == after, "a crash of comard restarts nothing"
    assert answers["after"]["shop"]["state"] == "stopped", "what was stopped stays so"
    assert set(answers["cgroups"].values()) == {"0::/"}, "whoever has started comard"
    assert stopped[0] == "shop" and stopped.index("web") < stopped.index("dbus")
    assert set(stopped) == set(SERVICES)
    assert "Power down" in console or "System halted" in console


def test_it_boots_safely_when_it_is_told_to(image, kernel_image):
    image.write("/etc/comar/comard.toml", '[boot]\nessential = ["login"]\n')
    image.repack()
    answers, _ = told(image.boot(kernel_image, "comar=safe"))
    assert [one["name"] for one in answers["boot"]] == ["login"]
