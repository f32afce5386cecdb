# SPDX-License-Identifier: MIT
"""Why a service is as it is: `comar explain`, and the causes that comard tells."""

import pytest

from support.bus import BusError
from support.scripts import service_script
from support.supervised import main_of, supervised, until_state

FAILING = """
    serviceRestart = "on-failure"
    serviceRestartLimit = (1, 1000)

    def start():
        startService(command="/bin/sh", args=["-c", "echo no such disk >&2; exit 3"], detach=True)
    """
NEEDY = """
    def start():
        startDependencies("disk", "gone")
        fail("there is no disk")
    """


def explain(comard, name):
    return comard.cli("explain", name).stdout.splitlines()


def test_who_has_asked_and_for_what_is_told(comard):
    service = comard.register("app", supervised(comard.program("server")))
    cause = lambda: service.supervision["Cause"]
    assert comard.cli("start", "app").returncode == 0
    assert cause().startswith("start asked for by uid 0 (comar, process ")
    first = cause()
    service.start()
    assert cause() == first, "it ran already"
    assert comard.cli("restart", "app").returncode == 0
    assert cause().startswith("restart asked for by uid 0 (comar, process ")
    assert comard.cli("stop", "app").returncode == 0
    assert cause().startswith("stop asked for by uid 0 (comar, process ")
    comard.register("other", service_script("def start():\n    call('app', 'System.Service', 'start')\n"))
    comard.service("other").start()
    assert cause() == "start asked for by start() of other"
    service.stop()


def test_a_name_that_is_no_text_does_no_harm(comard):
    service = comard.register("app", supervised(comard.program("server")))
    with open("/proc/self/comm", "r+b", buffering=0) as comm:
        before = comm.read()
        comm.write(b"\xff\n\x1b[2J")
        try:
            caller = comard.connect()    # the name is asked for when one connects
            caller.service("app").start()
            caller.close()
        finally:
            comm.write(before.strip())
    assert service.supervision["Cause"].startswith("start asked for by uid 0 (\ufffd??[2J, process ")
    comard.kill()
    comard.start()
    assert comard.service("app").supervision["State"] == "running"
    comard.service("app").stop()


def test_the_chain_of_causes_is_walked(comard):
    disk = comard.register("disk", service_script(FAILING))
    app = comard.register("app", service_script(NEEDY))
    with pytest.raises(BusError):
        app.start()
    comard.until(lambda: "comar reset disk" in disk.supervision["LastError"], "the end of all restarts")
    lines = explain(comard, "app")
    assert lines[0].startswith("app is failed since ")
    failed = lines.index("  failed: there is no disk; it printed:")
    assert any("cannot start gone, going on" in line for line in lines[failed + 1:]), "what its script has printed"
    needs = next(line for line in lines if line.startswith("  it needs disk, which is failed since "))
    below = lines[lines.index(needs):]
    assert "    its main process ended last with exit code 3" in below
    assert "no such disk" in [line.strip() for line in below], "what it has printed last"
    assert "    app needs it" in below
    assert "  it needs gone, which is not registered" in below


def test_a_start_that_was_refused_is_no_work_of_an_older_stop(comard):
    disk = comard.register("disk", supervised(comard.program("server")))
    app = comard.register("app", supervised(comard.program("other"), serviceRequires="disk"))
    app.start()
    app.stop()
    disk.stop()
    comard.cli("remove", "disk")
    with pytest.raises(BusError) as refused:
        app.start()
    lines = explain(comard, "app")
    assert lines[0].startswith("app is failed since ") and "stop asked for" not in lines[0]
    assert lines[1] == "  failed: " + refused.value.message
    assert any(line.startswith("  what was done with it last: stop asked for by uid 0") for line in lines)


def test_what_is_needed_and_well_is_not_told(comard):
    disk = comard.register("disk", supervised(comard.program("server")))
    app = comard.register("app", service_script("""
        def start():
            startDependencies("disk")
            startService(command=OTHER, detach=True)
        """, OTHER=comard.program("other")))
    app.start()
    assert len(explain(comard, "app")) == 1
    main_of(disk).kill()
    until_state(comard, disk, "failed")
    lines = explain(comard, "app")
    assert lines[0].startswith("app is running since ")
    assert lines[1].startswith("  it needs disk, which is failed since ")
    app.stop()


def test_what_a_start_has_printed_is_told_once_and_line_by_line(comard):
    app = comard.register("app", service_script("""
        serviceReadiness = "notify"

        def start():
            startService(command="/bin/sh", args=["-c", "echo one; echo two; exit 1"], detach=True)
        """))
    with pytest.raises(BusError):
        app.start()
    lines = explain(comard, "app")
    assert lines[lines.index("      one") + 1] == "      two"
    assert lines.count("      one") == 1


def test_who_was_never_started_says_so(comard):
    comard.register("app", service_script("def start():\n    pass\n"))
    assert "  nobody has started it; its start-up state is off" in explain(comard, "app")
