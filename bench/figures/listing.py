# SPDX-License-Identifier: MIT
"""`comar list` with 500 registered services, of which 200 run: when comard tracks all of them, and
when 200 scripts must be asked; and what other callers notice of it."""

import signal
import subprocess

from bench import Row, limit_row
from board import Board
from comard import Comard, info_call, list_call, ping_call
from programs import FloorServer
from samples import ratios, together

TITLE = "`comar list` with 500 services"

_ALL = 500
_RUNNING = 200
_FEWER = 4    # a list takes longer than what it is compared with, and needs fewer rounds


def measure(bench):
    names = [f"service{number:03}" for number in range(_ALL)]
    running, stopped = names[:_RUNNING], names[_RUNNING:]
    with bench.folder() as folder, Comard(bench.programs, folder) as comard, \
            FloorServer(bench.programs, folder) as floor:
        bench.say(f"   registering {_ALL} scripts")
        comard.register_services(names, Board(folder / "board", _ALL))
        comard.run("stop", *stopped)    # what comar has stopped, it knows
        asked = bench.repeat(lambda: _asked(bench, comard, running[0]))
        others = bench.repeat(lambda: _others(bench, comard, running[0], stopped[0]))
        comard.run("start", *running)
        tracked = bench.repeat(lambda: _tracked(bench, comard, floor))
    return _tracked_rows(tracked) + _asked_rows(asked) + _other_rows(others)


def _tracked(bench, comard, floor):
    things = {
        "floor": ["run", bench.programs.floor, "ask", floor.socket],
        "list": ["run", *comard.command("list")],
        "call": list_call(),
    }
    return bench.programs.take_turns(bench.rounds // _FEWER, things, comard.address)


def _asked(bench, comard, unknown):
    things = {
        "script call": info_call(unknown),
        "list": ["run", *comard.command("list")],
        "call": list_call(),
    }
    return bench.programs.take_turns(bench.rounds // _FEWER, things, comard.address)


def _others(bench, comard, unknown, known):
    """What others get while somebody lists as fast as comard answers, and while nobody does."""
    things = {"ping": ping_call(), "script call": info_call(unknown)}
    rounds = bench.rounds // _FEWER
    alone = bench.programs.take_turns(rounds, things, comard.address)
    lister = subprocess.Popen(bench.programs.turns_command(1 << 30, [list_call()], comard.address),
                              stdout=subprocess.DEVNULL)
    try:
        beside = bench.programs.take_turns(rounds, things, comard.address)
    finally:
        lister.send_signal(signal.SIGKILL)
        lister.wait()
    return {"alone": alone, "beside": beside}


def _tracked_rows(times):
    each = {name: [one[name] for one in times] for name in times[0]}
    floor = together(each["floor"]).text(1000, "ms")
    return [
        limit_row("`comar list`, all 500 tracked, 200 of them running",
                  together(each["list"]).text(1000, "ms"), floor,
                  ratios(each["list"], each["floor"]), 10),
        Row("its D-Bus call alone", together(each["call"]).text(1000, "ms"), floor,
            ratios(each["call"], each["floor"]).text()),
    ]


def _asked_rows(times):
    each = {name: [one[name] for one in times] for name in times[0]}
    call = together(each["script call"]).text(1000, "ms")
    return [
        limit_row("`comar list`, 200 scripts to be asked",
                  together(each["list"]).text(1000, "ms"), call,
                  ratios(each["list"], each["script call"]), 25, "× one script call"),
        Row("its D-Bus call alone", together(each["call"]).text(1000, "ms"), call,
            ratios(each["call"], each["script call"]).text()),
    ]


def _other_rows(times):
    rows = []
    for name, what in (("ping", "`Ping`"), ("script call", "`info` of an untracked service")):
        alone = [one["alone"][name] for one in times]
        beside = [one["beside"][name] for one in times]
        rows.append(Row(f"{what} while such lists go on without a pause",
                        together(beside).text(1000, "ms"), together(alone).text(1000, "ms"),
                        ratios(beside, alone).text()))
    return rows
