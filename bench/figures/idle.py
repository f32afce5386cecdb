# SPDX-License-Identifier: MIT
"""comard with 500 services and nothing to do: its memory, and what it does in 20 seconds."""

import time

from bench import Row
from board import Board
from comard import Comard
from processes import proportional_set_size
from samples import Samples

TITLE = "Idle with 500 services"

_SERVICES = 500
_SECONDS = 20
_MEBIBYTE = 1 << 20
_SETTINGS = "[host]\nidle_seconds = 1\n"
_GONE_SECONDS = 60


def measure(bench):
    found = bench.repeat(lambda: _once(bench))
    memory, switches, ticks = (Samples(values) for values in zip(*found))
    return [
        Row("all that supervises them (PSS), the script host gone", memory.text(1 / _MEBIBYTE, "MiB"),
            target="≤ 10 MiB", is_met=memory.median <= 10 * _MEBIBYTE),
        Row("context switches in 20 s", switches.text(1, ""), target="0", is_met=switches.median == 0),
        Row("processor time in 20 s, in ticks of 10 ms", ticks.text(1, ""), target="0", is_met=ticks.median == 0),
    ]


def _once(bench):
    names = [f"service{number:03}" for number in range(_SERVICES)]
    with bench.folder() as folder, Comard(bench.programs, folder, _SETTINGS) as comard:
        comard.register_services(names, Board(folder / "board", _SERVICES))
        comard.run("start", *names)
        comard.host_gone(_GONE_SECONDS)
        time.sleep(2)    # what is put off for a moment is done then
        before = _work(comard.pid)
        time.sleep(_SECONDS)
        after = _work(comard.pid)
        return (sum(proportional_set_size(pid) for pid in comard.own_pids()), after[0] - before[0],
                after[1] - before[1])


def _work(pid):
    """Context switches and ticks so far."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        switches = sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return switches, int(fields[11]) + int(fields[12])
