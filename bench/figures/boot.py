# SPDX-License-Identifier: MIT
"""Boot and shutdown of many services: how far from the least that the machine allows."""

import os
import signal
import subprocess
import time

import processes
from bench import Row
from board import Board
from peers import find
from peers.comar import BootingComar
from peers.floor import Floor
from peers.runit import Runit
from peers.s6 import S6
from peers.supervisord import Supervisord
from samples import Samples, ratios, together

TITLE = "Boot and shutdown"

_SERVICES = 500
_CHAIN = 100
_LAYERS = (10, 50)
_SCALES = (200, 2000)
_SECONDS = 300
_SETTLE_SECONDS = 1.5


def measure(bench):
    managers = [Floor(bench.programs), BootingComar(bench.programs), Runit(), S6(), Supervisord()]
    managers = [one for one in managers if not one.lacking()]
    rounds = bench.repeat(lambda: {one.name: _start_and_stop(bench, one, _names(_SERVICES)) for one in managers})
    rows = _beside(managers, rounds, "boot", f"{_SERVICES} services, from nothing")
    rows += _beside(managers, rounds, "stop", f"stop of {_SERVICES}")
    return rows + _ordered(bench) + _scale(bench)


def _names(count):
    return [f"service{line:04}" for line in range(count)]


def _start_and_stop(bench, manager, names, needs=None):
    """Seconds until the last service runs, and until the last one is gone."""
    with bench.folder() as folder:
        board = Board(folder / "board", len(names))
        commands = {name: [bench.programs.service, board.path, str(line)] for line, name in enumerate(names)}
        if needs is None:
            manager.configure(folder, commands)
        else:
            manager.configure(folder, commands, needs)
        began_at = time.monotonic_ns()
        manager.bring_up()
        board.wait_for(len(names), _SECONDS)
        booted = (board.last_start() - began_at) / 1e9
        time.sleep(_SETTLE_SECONDS)
        planning = manager.planning_share()
        stopped = _stop(board, manager)
        manager.tear_down()
        processes.end_below()
    return {"boot": booted, "stop": stopped, "planning": planning}


def _stop(board, manager):
    command = manager.stop_all()
    pids = board.pids()
    began_at = time.monotonic()
    if command is None:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
    else:
        subprocess.Popen([find(command[0]), *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    processes.wait_gone(pids, _SECONDS)
    return time.monotonic() - began_at


def _beside(managers, rounds, case, what):
    each = {one.name: [Samples([times[one.name][case]]) for times in rounds] for one in managers}
    peers = [together(each[one.name]).median for one in managers if one.name not in ("floor", "comar")]
    runit = together(each["runit"]).median if "runit" in each else None
    rows = []
    for manager in managers:
        row = _row(f"{manager.name}, {what}", each[manager.name], each["floor"])
        if manager.name == "comar" and peers:
            row.target = "ahead of the others" if case == "boot" else "at most runit's"
            mine = together(each["comar"]).median
            row.is_met = mine < min(peers) if case == "boot" else runit is None or mine <= runit
        rows.append(row)
    return rows


def _ordered(bench):
    """Order kept: a service is up when its program runs."""
    chain = _names(_CHAIN)
    layers, width = _LAYERS
    graph = _names(layers * width)
    cases = [
        (f"a chain of {_CHAIN}", chain, {name: [before] for before, name in zip(chain, chain[1:])}),
        (f"{layers} layers of {width}, each service requires all of the one below", graph,
         {name: graph[(line // width - 1) * width:line // width * width]
          for line, name in enumerate(graph) if line >= width}),
    ]
    rows = []
    for what, names, needs in cases:
        rounds = bench.repeat(lambda names=names, needs=needs: {
            "floor": _start_and_stop(bench, Floor(bench.programs), names),
            "comar": _start_and_stop(bench, BootingComar(bench.programs), names, needs)})
        mine, floor = ([Samples([times[name]["boot"]]) for times in rounds] for name in ("comar", "floor"))
        rows.append(_row(f"comar, {what}; compared with as many in no order", mine, floor))
    return rows


def _scale(bench):
    few, many = _SCALES
    rounds = bench.repeat(lambda: {
        count: _start_and_stop(bench, BootingComar(bench.programs), _names(count)) for count in _SCALES})
    mine, base = ([Samples([times[count]["boot"] / count]) for times in rounds] for count in (many, few))
    planning = together([Samples([times[many]["planning"]]) for times in rounds])
    row = Row(f"comar, boot of {many}, per service; compared with {few}", together(mine).text(1000, "ms"),
              together(base).text(1000, "ms"), ratios(mine, base).text(), "≤ 1.2 × that")
    row.is_met = ratios(mine, base).median <= 1.2
    share = Row(f"comar, planning of a boot of {many}: part of its time", planning.text(100, "%"), "", "", "under 5 %")
    share.is_met = planning.median < 0.05
    return [row, share]


def _row(what, mine, floor):
    return Row(what, together(mine).text(1000, "ms"), together(floor).text(1000, "ms"),
               ratios(mine, floor).text())
