# SPDX-License-Identifier: MIT
"""The script of SPEC.md, to the letter, with a real program at its path."""

import pytest

from support.processes import Process

SEED = '''\
serviceType = "server"
serviceDesc = _({"en": "Server",
                 "tr": "Sunucu"})

from comar.service import *

@synchronized
def start():
    startService(command="/usr/bin/myserver",
                 args="start",
                 pidfile="/var/run/sunucu.pid",
                 donotify=True)

@synchronized
def stop():
    stopService(command="/usr/bin/myserver",
                args="stop",
                donotify=True)

def status():
    return isServiceRunning("/var/run/myserver.pid")
'''

# A daemon as the script has it in mind: it forks, and `stop` ends what the pidfile names.
PROGRAM = '''\
#!/bin/sh
case "$1" in
    start) exec {stand_in} --fork --pidfile /var/run/myserver.pid ;;
    stop) kill "$(cat /var/run/myserver.pid)" && rm /var/run/myserver.pid ;;
esac
'''


@pytest.fixture
def comard(place, start_comard):
    """A comard that sees /usr/bin/myserver and a /run of its own."""
    bin_folder = place.folder / "bin"
    for folder in (bin_folder, place.folder / "work", place.folder / "run"):
        folder.mkdir()
    stand_in = place.program("stand-in")
    program = bin_folder / "myserver"
    program.write_text(PROGRAM.format(stand_in=stand_in))
    program.chmod(0o755)
    place.root.joinpath("run/comar").mkdir(parents=True)
    return start_comard(mounts=[
        ("-t", "overlay", "overlay", "-o", f"lowerdir={bin_folder}:/usr/bin", "/usr/bin"),
        ("--bind", place.folder / "run", "/run"),
    ])


def test_the_seed_script_runs_unchanged(comard):
    service = comard.register("sunucu", SEED)
    assert service.info() == ("server", "Server", "off")
    changed = comard.signals()

    service.start()
    changed.wait_for("sunucu", "started")
    comard.until(lambda: service.state == "started", "status() to see the pidfile")
    main = Process(service.supervision["MainPID"])
    assert main.alive
    comard.bus.set_locale("tr")
    assert service.info() == ("server", "Sunucu", "started")

    service.stop()
    changed.wait_for("sunucu", "stopped")
    main.wait_gone()
    assert service.state == "off"
    assert changed.all() == [("sunucu", "started"), ("sunucu", "stopped")]
