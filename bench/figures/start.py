# SPDX-License-Identifier: MIT
"""Start of 100 services in one go: with the manager from nothing, and under one that runs."""

import os
import signal
import subprocess
import time

import processes
from bench import Row
from board import Board
from cgroup import Cgroup
from peers import find
from peers.comar import Comar
from peers.floor import Floor
from peers.runit import Runit
from peers.s6 import S6
from peers.supervisord import Supervisord
from samples import Samples, ratios, together

TITLE = "Start of 100 services in one go"

_SERVICES = 100
_SECONDS = 120          # for any of it
_SETTLE_SECONDS = 1.5   # longer than any peer punishes a short life

_CASES = {
    "cold": "from nothing, the manager included",
    "warm": "under a running manager",
}


def measure(bench):
    managers = [Floor(bench.programs), Comar(bench.programs), Runit(), S6(), Supervisord()]
    present = [manager for manager in managers if not manager.lacking()]
    for manager in managers:
        if manager not in present:
            bench.say(f"   without {manager.name}: {', '.join(manager.lacking())} not installed")
    rounds = bench.repeat(lambda: {one.name: _once(bench, one) for one in present})
    rows = [row for case in _CASES for row in _case_rows(case, present, rounds)]
    return rows + _cost_rows(present, rounds)


def _once(bench, manager):
    with Cgroup() as cgroup, bench.folder() as folder:
        board = Board(folder / "board", _SERVICES)
        manager.configure(folder, {
            f"service{line:03}": [bench.programs.service, board.path, str(line)]
            for line in range(_SERVICES)})
        before = cgroup.processor_seconds()
        cold = _time_start(board, _SERVICES, manager.bring_up)
        spent = None if before is None else cgroup.processor_seconds() - before
        time.sleep(_SETTLE_SECONDS)
        _stop(board, manager)
        time.sleep(_SETTLE_SECONDS)
        warm = _time_start(board, 2 * _SERVICES, lambda: _launch(manager.start_all()))
        manager.tear_down()
        processes.end_below()
    return {"cold": cold, "warm": warm, "cost": spent}


def _time_start(board, starts, begin):
    """Seconds from the command until the last service runs."""
    began_at = time.monotonic_ns()
    begin()
    board.wait_for(starts, _SECONDS)
    return (board.last_start() - began_at) / 1e9


def _stop(board, manager):
    command = manager.stop_all()
    if command is None:
        for pid in board.pids():
            os.kill(pid, signal.SIGTERM)
    else:
        _launch(command).wait(_SECONDS)
    processes.wait_gone(board.pids(), _SECONDS)


def _launch(words):
    return subprocess.Popen([find(words[0]), *words[1:]], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def _case_rows(case, managers, rounds):
    each = {one.name: [Samples([times[one.name][case]]) for times in rounds] for one in managers}
    floor = together(each["floor"])
    peers = [together(each[one.name]).median for one in managers if one.name not in ("floor", "comar")]
    rows = []
    for manager in managers:
        mine = each[manager.name]
        row = Row(f"{manager.name}, {_CASES[case]}", together(mine).text(1000, "ms"),
                  floor.text(1000, "ms"), ratios(mine, each["floor"]).text())
        if manager.name == "comar" and peers:
            row.target = "ahead of the others"
            row.is_met = together(mine).median < min(peers)
        rows.append(row)
    return rows


def _cost_rows(managers, rounds):
    """The processor time of a cold start; none where there are no cgroups to tell."""
    rows = []
    for manager in managers:
        costs = [times[manager.name]["cost"] for times in rounds]
        if None not in costs:
            rows.append(Row(f"{manager.name}, processor time per service, from nothing",
                            Samples(costs).text(1000 / _SERVICES, "ms")))
    return rows
