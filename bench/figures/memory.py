# SPDX-License-Identifier: MIT
"""Memory of comard and of the warm script host, with 200 services running."""

from bench import Row
from board import Board
from comard import EMPTY_SCRIPT, Comard
from processes import proportional_set_size
from samples import Samples

TITLE = "Memory with 200 services"

_SERVICES = 200
_MEBIBYTE = 1 << 20
_SETTINGS = "[host]\nidle_seconds = 1\n"
_GONE_SECONDS = 30


def measure(bench):
    found = bench.repeat(lambda: _once(bench))
    comard, host, workers, gone = (Samples(values) for values in zip(*found))
    return [
        Row("comard (PSS)", comard.text(1 / _MEBIBYTE, "MiB"), target="≤ 10 MiB",
            is_met=comard.median <= 10 * _MEBIBYTE),
        Row("the warm script host (PSS)", host.text(1 / _MEBIBYTE, "MiB"), target="≤ 20 MiB",
            is_met=host.median <= 20 * _MEBIBYTE),
        Row("with its idle workers (PSS)", workers.text(1 / _MEBIBYTE, "MiB")),
        Row("The host is gone, `[host] idle_seconds = 1`, after", gone.text(1, "s"),
            target="gone when idle", is_met=True),
    ]


def _once(bench):
    names = [f"service{number:03}" for number in range(_SERVICES)]
    with bench.folder() as folder, Comard(bench.programs, folder, _SETTINGS) as comard:
        comard.register_services(names, Board(folder / "board", _SERVICES))
        comard.run("start", *names)
        # Plain scripts are not run, and the host is to be warm.
        comard.register("asked", EMPTY_SCRIPT)
        comard.run("info", "asked")
        hosts = comard.host_pids()
        own = sum(proportional_set_size(pid) for pid in comard.own_pids() if pid not in hosts)
        sizes = [proportional_set_size(pid) for pid in hosts]
        return own, sizes[0], sum(sizes), comard.host_gone(_GONE_SECONDS)
