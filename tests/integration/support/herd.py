# SPDX-License-Identifier: MIT
"""Many services at once, and what the world hears of them."""

import os

from support.processes import Process, all_pids
from support.supervised import supervised


class Herd:
    """`count` services with one program; each process of it has the name of its service in its command line."""

    def __init__(self, comard, count, **settings):
        self.comard = comard
        self.program = comard.program("herded")
        self.names = [f"app{number}" for number in range(count)]
        for name in self.names:
            comard.register(name, supervised(self.program, f"--more {name}", **settings))

    def start_all(self):
        pending = [self.comard.service(name).begin("start") for name in self.names]
        for each in pending:
            each.result()

    def board(self):
        """Living processes by service, as the kernel knows them and not comard."""
        board = {name: [] for name in self.names}
        needle = os.fsencode(self.program)
        for process in map(Process, all_pids()):
            argv = process._read("cmdline").split(b"\0")
            if argv[0] == needle and len(argv) > 2 and process.alive:
                board[argv[2].decode()].append(process)
        return board

    def is_settled(self, running):
        """Whether those, and no others, run: one process each, and comard says the same."""
        board = self.board()
        if any(len(board[name]) != (name in running) for name in self.names):
            return False
        return all(self.agrees(name, board[name]) for name in self.names)

    def agrees(self, name, processes):
        supervision = self.comard.service(name).supervision
        return (supervision["PIDs"] == [process.pid for process in processes]
                and (supervision["State"] == "running") == bool(processes)
                and supervision["RetryUsec"] == 0)

    def disagreement(self, running):
        board = self.board()
        wrong = []
        for name in self.names:
            if len(board[name]) != (name in running) or not self.agrees(name, board[name]):
                supervision = self.comard.service(name).supervision
                wrong.append((name, name in running, board[name], supervision))
        return f"{len(wrong)} services to be as they should: {wrong[:3]}"


def untruths(seen):
    """Services that were said to start, or to stop, twice in a row."""
    last, wrong = {}, []
    for app, state in seen:
        if last.get(app) == state:
            wrong.append((app, state))
        last[app] = state
    return wrong, last
