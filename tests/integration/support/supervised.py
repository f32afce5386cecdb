# SPDX-License-Identifier: MIT
"""Services with settings, and what is asked about them again and again."""

import socket
import textwrap

from support.processes import Process, processes_that_mention
from support.scripts import DETACHED, service_script

# What a test waits for by name, and never by the clock.
LONG = 1000


def with_settings(body, told=None, names=None, **settings):
    """A script with `settings` (serviceRestart="always") above the methods in `body`."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    return service_script(lines + "\n" + textwrap.dedent(body).lstrip("\n"), told, **(names or {}))


def supervised(server, args="", body="", **settings):
    """A service whose program stays in the foreground; `body` is more, above its methods."""
    return with_settings(textwrap.dedent(body) + DETACHED,
                         names={"SERVER": server, "ARGS": args}, **settings)


def main_of(service):
    """Its main process; None where there is none."""
    pid = service.supervision["MainPID"]
    return Process(pid) if pid else None


def processes_of(service):
    return [Process(pid) for pid in service.supervision["PIDs"]]


def servers_of(comard, name="server"):
    """All that run the program of that name, wherever they hang, as the kernel knows them."""
    return [process for process in processes_that_mention(comard.place.folder)
            if (process.argv or [""])[0].endswith("/" + name)]


def until_state(comard, service, *states):
    comard.until(lambda: service.supervision["State"] in states,
                 lambda: f"{service.path} to be {states}; it is {service.supervision}")


def is_waiting(service):
    """It is going to be started again."""
    return service.supervision["RetryUsec"] > 0


def assert_stays_down(service):
    """Nothing runs, and nothing waits to be started: there is no timer, so no clock is needed."""
    supervision = service.supervision
    assert supervision["PIDs"] == []
    assert supervision["RetryUsec"] == 0
    assert supervision["State"] in ("stopped", "failed")


def free_port():
    """One that the kernel has just given out, and will not give out again soon."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]
