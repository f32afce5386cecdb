# SPDX-License-Identifier: MIT
"""`comar status NAME`, the whole command, of a service that runs."""

from bench import Row, limit_row
from board import Board
from comard import Comard
from programs import FloorServer
from samples import ratios, together

TITLE = "The command line tool"

# dinitctl took 2.3 ms where the floor took 0.66 ms; twice that ratio.
_MOST = 7


def measure(bench):
    with bench.folder() as folder, Comard(bench.programs, folder) as comard, \
            FloorServer(bench.programs, folder) as floor:
        comard.register_services(["measured"], Board(folder / "board", 1))
        comard.run("start", "measured")
        things = {
            "floor": ["run", bench.programs.floor, "ask", floor.socket],
            "status": ["run", *comard.command("status", "measured")],
            "version": ["run", *comard.command("version")],
        }
        times = bench.repeat(lambda: bench.programs.take_turns(bench.rounds, things, comard.address))
    each = {name: [one[name] for one in times] for name in things}
    text = together(each["floor"]).text(1000, "ms")
    return [
        limit_row("`comar status NAME`, from its start to its end",
                  together(each["status"]).text(1000, "ms"), text,
                  ratios(each["status"], each["floor"]), _MOST),
        Row("`comar version`: what of it is loading the program",
            together(each["version"]).text(1000, "ms"), text,
            ratios(each["version"], each["floor"]).text()),
    ]
