# SPDX-License-Identifier: MIT
"""Fixtures of the integration tests; tests/README.md shows how to use them."""

import signal

import pytest

from support.daemon import Daemon
from support.message_bus import MessageBus
from support.place import BUILD, Place
from support.processes import processes_that_mention

# Who runs in the background ignores SIGINT, and so would the programs that tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

DAEMONS = pytest.StashKey[list]()
FAILED = pytest.StashKey[bool]()


def pytest_configure(config):
    missing = [name for name in ("bin/comard", "bin/comar", "bin/comar-script-host",
                                 "tests/bin/stand-in") if not (BUILD / name).exists()]
    if missing:
        pytest.exit(f"cannot test: {BUILD} lacks {', '.join(missing)}; run script/build", 1)


@pytest.fixture
def place(request):
    """A folder and a cgroup; at the end of a test that passes nothing may be left but files."""
    it = Place()
    try:
        yield it
        it.close_things()
        left = it.leftovers()
    finally:
        it.remove()
    assert not left or request.node.stash.get(FAILED, False), f"left behind: {left}"


@pytest.fixture
def start_comard(place, request):
    """Starts a comard in the test's place: start_comard(settings={"calls": {"start_seconds": 2}})."""
    daemons = request.node.stash.setdefault(DAEMONS, [])

    def start(settings=None, **keywords):
        if settings:
            place.write_settings(settings)
        daemon = Daemon(place, **keywords)
        daemons.append(daemon)
        return daemon.start()

    yield start
    for daemon in daemons:
        if daemon.running:
            daemon.stop()


@pytest.fixture
def start(start_comard):
    """As start_comard, for many services: in the end all are stopped, and what is left is killed."""
    daemons = []

    def launch(*arguments, **more):
        daemons.append(start_comard(*arguments, **more))
        return daemons[-1]

    yield launch
    for daemon in daemons[-1:]:
        if not daemon.running:
            daemon.start()
        daemon.cli("shutdown")
        for process in processes_that_mention(f"{daemon.root}/usr/bin"):
            process.kill()
            process.wait_gone()
        daemon.stop()


@pytest.fixture
def comard(start_comard):
    """A comard that serves, with default settings."""
    return start_comard()


@pytest.fixture
def message_bus(place):
    """A message bus like that of the system."""
    return MessageBus(place).start()


@pytest.fixture
def comard_on_bus(start_comard, message_bus):
    """A comard that serves on the message bus, too."""
    comard = start_comard(arguments=["--bus", message_bus.address])
    message_bus.wait_for_comard()
    return comard


@pytest.fixture(params=["socket", "bus"])
def address(request, comard, message_bus):
    """Where clients are: at comard's own socket, or on the message bus. For modules whose comard is on both."""
    return comard.address if request.param == "socket" else message_bus.address


@pytest.fixture
def told(place):
    """A mailbox for what scripts and programs tell the test."""
    return place.mailbox("told")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows what its comard said."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.stash[FAILED] = True
        for daemon in item.stash.get(DAEMONS, []):
            report.sections.append(("comard's log", daemon.log[-20000:]))
