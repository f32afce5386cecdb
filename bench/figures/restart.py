# SPDX-License-Identifier: MIT
"""Services that are killed: until they run again. One alone, and 200 at once."""

import os
import signal
import time

import processes
from bench import Row
from board import Board
from peers.comar import Comar
from peers.floor import KeepingFloor
from peers.runit import Runit
from peers.s6 import S6
from peers.supervisord import Supervisord
from samples import Samples, ratios, together

TITLE = "Crash to running again"

_SERVICES = 200
_SECONDS = 120
_SETTLE_SECONDS = 1.5   # longer than any peer punishes a short life
_SINGLES = 5            # each of another service, so that none of them has just crashed

# Healthy as soon as the peers take a service for that.
_SETTINGS = 'serviceRestart = "always"\nserviceRestartReset = 1\n'
_CASES = {
    "one": "one service, after a while",
    "again": "the same one at once, a second time",
    "all": "200 services killed at once, until all run",
}
_TARGETS = {"one": "at most runit's", "all": "at most runit's"}


def measure(bench):
    managers = [KeepingFloor(bench.programs), Comar(bench.programs, _SETTINGS), Runit(), S6(), Supervisord()]
    present = [manager for manager in managers if not manager.lacking()]
    for manager in managers:
        if manager not in present:
            bench.say(f"   without {manager.name}: {', '.join(manager.lacking())} not installed")
    rounds = bench.repeat(lambda: {one.name: _once(bench, one) for one in present})
    return [row for case in _CASES for row in _case_rows(case, present, rounds)]


def _once(bench, manager):
    with bench.folder() as folder:
        board = Board(folder / "board", _SERVICES)
        manager.configure(folder, {
            f"service{line:03}": [bench.programs.service, board.path, str(line)]
            for line in range(_SERVICES)})
        manager.bring_up()
        board.wait_for(_SERVICES, _SECONDS)
        time.sleep(_SETTLE_SECONDS)
        singles = sorted(_kill(board, [line]) for line in range(_SINGLES))
        again = _kill(board, [0])
        time.sleep(_SETTLE_SECONDS)
        everything = _kill(board, range(_SERVICES))
        manager.tear_down()
        processes.end_below()
    return {"one": singles[len(singles) // 2], "again": again, "all": everything}


def _kill(board, lines):
    """Seconds until the last of these services runs again."""
    pids = board.pids()
    before = board.starts()
    began_at = time.monotonic_ns()
    for line in lines:
        os.kill(pids[line], signal.SIGKILL)
    board.wait_for(before + len(lines), _SECONDS)
    return (board.last_start() - began_at) / 1e9


def _case_rows(case, managers, rounds):
    each = {one.name: [Samples([times[one.name][case]]) for times in rounds] for one in managers}
    floor = together(each["floor"])
    rows = []
    for manager in managers:
        mine = each[manager.name]
        row = Row(f"{manager.name}, {_CASES[case]}", together(mine).text(1000, "ms"), floor.text(1000, "ms"),
                  ratios(mine, each["floor"]).text())
        if manager.name == "comar" and case in _TARGETS and "runit" in each:
            row.target = _TARGETS[case]
            row.is_met = together(mine).median <= together(each["runit"]).median
        rows.append(row)
    return rows
