# SPDX-License-Identifier: MIT
"""A script call over D-Bus: info() of a script whose status() is empty, and what comard runs
when somebody asks for the state of a service that it does not track."""

import resource
import subprocess

from bench import Row, limit_row
from comard import EMPTY_SCRIPT, Comard, info_call, supervision_call
from processes import processor_seconds
from programs import PYTHON
from samples import Samples, figure, ratios, together

TITLE = "A script call over D-Bus"

_CALLS_FOR_PROCESSOR_TIME = 400
_PYTHONS_FOR_PROCESSOR_TIME = 40


def measure(bench):
    with bench.folder() as folder, Comard(bench.programs, folder) as comard:
        comard.register("empty", EMPTY_SCRIPT)
        times = bench.repeat(lambda: _times(bench, comard))
        costs = bench.repeat(lambda: _costs(bench, comard))
    return _time_rows(times) + _cost_rows(costs)


def _times(bench, comard):
    things = {
        "floor": ["run", bench.programs.floor, "nothing"],
        "info": info_call("empty"),
        "get_all": supervision_call("empty"),
        "python": ["run", PYTHON, "-c", "pass"],
    }
    return bench.programs.take_turns(bench.rounds, things, comard.address)


def _costs(bench, comard):
    """Processor seconds of one call, in comard, host and workers, and of the programs beside it."""
    _call_often(bench, comard, _CALLS_FOR_PROCESSOR_TIME // 10)
    before = _spent_by_comard(comard)
    _call_often(bench, comard, _CALLS_FOR_PROCESSOR_TIME)
    spent = _spent_by_comard(comard) - before
    return {
        "info": Samples([spent / _CALLS_FOR_PROCESSOR_TIME]),
        "floor": _spent_by_program(bench, _CALLS_FOR_PROCESSOR_TIME, bench.programs.floor, "nothing"),
        "python": _spent_by_program(bench, _PYTHONS_FOR_PROCESSOR_TIME, PYTHON, "-c", "pass"),
    }


def _call_often(bench, comard, count):
    bench.programs.take_turns(count, {"info": info_call("empty")}, comard.address)


def _spent_by_comard(comard):
    """Workers that have ended count among their host's children."""
    return processor_seconds(comard.own_pids(), with_children=(comard.pid, comard.host_pid()))


def _spent_by_program(bench, count, *words):
    before = _spent_by_children()
    subprocess.run(bench.programs.turns_command(count, [["run", *words]]), check=True,
                   stdout=subprocess.DEVNULL)
    return Samples([(_spent_by_children() - before) / count])


def _spent_by_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _time_rows(times):
    each = {name: [one[name] for one in times] for name in times[0]}
    floor = together(each["floor"]).text(1000, "ms")
    info = together(each["info"]).text(1000, "ms")
    cheaper = ratios(each["python"], each["info"])
    return [
        limit_row("`info` of a script with an empty `status()`", info, floor,
                  ratios(each["info"], each["floor"]), 3),
        limit_row("Its supervision properties (runs `status()` too)",
                  together(each["get_all"]).text(1000, "ms"), floor,
                  ratios(each["get_all"], each["floor"]), 3),
        Row("`python3 -c pass` beside that `info`", together(each["python"]).text(1000, "ms"), info,
            cheaper.text(), "≥ 8 × the call", cheaper.median >= 8),
    ]


def _cost_rows(costs):
    each = {name: [one[name] for one in costs] for name in costs[0]}
    return [Row("Processor time of that `info`: comard, host and workers",
                together(each["info"]).text(1000, "ms"),
                together(each["floor"]).text(1000, "ms"),
                ratios(each["info"], each["floor"]).text(),
                "(`python3 -c pass`: "
                f"{figure(ratios(each['python'], each['floor']).median)} × the floor)")]
