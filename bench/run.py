#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what comar costs, in turns with the least that the machine allows and with other service
managers, and writes the table in docs/performance.md."""

import argparse
import os
import pathlib
import signal
import sys

import machine
import processes
from bench import Bench
from figures import FIGURES
from programs import REPOSITORY, Programs
from report import Results, rewrite

_ROUND_ROBIN_PRIORITY = 1


def main():
    options = read_options()
    programs = Programs(options.build.resolve())
    if lacking := programs.lacking():
        sys.exit(f"bench: {', '.join(lacking)} not built; script/bench builds them")
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_ROUND_ROBIN_PRIORITY))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    processes.adopt_orphans()
    results = Results(options.results)
    for name in options.figures or FIGURES:
        measure(name, options, programs, results)
    tables = results.tables(FIGURES)
    if options.page:
        rewrite(options.page, tables)
    print(tables)


def read_options():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE",
                        help=f"of {', '.join(FIGURES)}; without one: all. Others keep their results")
    parser.add_argument("--repetitions", type=int, default=5, help="of each figure (5)")
    parser.add_argument("--rounds", type=int, default=100,
                        help="calls and commands in one repetition (100)")
    parser.add_argument("--patience", type=float, default=6,
                        help="seconds to wait for a quiet machine before each repetition (6)")
    parser.add_argument("--realtime", action="store_true",
                        help="measure with real-time priority (SCHED_RR), all sides alike: on a busy"
                        " machine the only way to learn anything; needs root")
    parser.add_argument("--build", type=pathlib.Path, default=REPOSITORY / "build",
                        help="the folder with bin and bench (build)")
    parser.add_argument("--results", type=pathlib.Path,
                        default=REPOSITORY / "bench/results/results.json",
                        help="where the figures are kept (bench/results/results.json)")
    parser.add_argument("--page", type=pathlib.Path, help="rewrite the table in this page")
    options = parser.parse_args()
    if unknown := set(options.figures) - set(FIGURES):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    return options


def measure(name, options, programs, results):
    figure = FIGURES[name]
    bench = Bench(programs, options.repetitions, options.rounds, options.patience)
    bench.say(figure.TITLE)
    before = machine.load()
    rows = figure.measure(bench)
    results.put(name, figure.TITLE, rows, bench.machine.shares, before, programs.version())


if __name__ == "__main__":
    main()
