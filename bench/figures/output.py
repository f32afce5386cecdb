# SPDX-License-Identifier: MIT
"""Output of one service that writes as fast as it can: lines of 100 bytes, 4 KiB a write, rotated at 10 MiB. comard and
s6-log put time stamps before the lines; the floor copies."""

import fcntl
import os
import shutil
import struct
import subprocess
import termios
import time

from bench import Row
from cgroup import Cgroup
from comard import EMPTY_SCRIPT, Comard
from samples import Samples, ratios

TITLE = "Output of a service"

_BYTES = 1 << 30
_BYTES_OF_PEERS = 1 << 28    # they take their time
_GIB = 1 << 30
_SCRIPT = EMPTY_SCRIPT + "\n\ndef start():\n    pass\n"
_SETTINGS = "[log]\nfile_bytes = 10485760\nkept_files = 10\n"


def measure(bench):
    found = bench.repeat(lambda: _once(bench))
    each = {name: [one[name] for one in found] for name in found[0]}
    rows = []
    for name, speed_factor, cost_factor in (("s6-log with time stamps", 2, 0.5), ("a plain copy", None, None)):
        if name in each:
            rows += _rows(each["comard"], each[name], name, speed_factor, cost_factor)
    return rows


def _once(bench):
    """{who: (bytes a second, processor seconds a GiB)} as Samples."""
    found = {"comard": _of_comard(bench)}
    if shutil.which("s6-log"):
        found["s6-log with time stamps"] = _of_reader(
            bench, _BYTES_OF_PEERS, lambda folder: ["s6-log", "T", "n10", "s10485760", str(folder / "log")])
    found["a plain copy"] = _of_reader(
        bench, _BYTES, lambda folder: [bench.programs.output, "copy", str(folder / "log")])
    return {name: tuple(Samples([value]) for value in values) for name, values in found.items()}


def _of_comard(bench):
    with Cgroup() as cgroup, bench.folder() as folder, Comard(bench.programs, folder, _SETTINGS) as comard:
        comard.register("printing", _SCRIPT)
        comard.run("start", "printing")    # it has its FIFOs now
        fifo = os.open(comard.root / "run/comar/output/printing.out", os.O_RDWR)
        before = cgroup.processor_seconds()
        begin = time.monotonic()
        spent = _write(bench, _BYTES, fifo)
        while _bytes_in(fifo):
            time.sleep(0.0005)
        seconds = time.monotonic() - begin
        used = cgroup.processor_seconds()
        os.close(fifo)
    return _BYTES / seconds, (used - before - spent) / (_BYTES / _GIB)


def _of_reader(bench, size, command_in):
    with bench.folder() as folder:
        inner, outer = os.pipe()
        reader = subprocess.Popen(command_in(folder), stdin=inner, close_fds=True)
        os.close(inner)
        begin = time.monotonic()
        _write(bench, size, outer)
        os.close(outer)
        _, status, usage = os.wait4(reader.pid, 0)
        seconds = time.monotonic() - begin
    assert status == 0, f"{reader.args} ended with {status}"
    return size / seconds, (usage.ru_utime + usage.ru_stime) / (size / _GIB)


def _write(bench, size, fd):
    """Runs the writer; its processor seconds."""
    writer = subprocess.Popen([bench.programs.output, "write", str(size)], stdout=fd)
    _, status, usage = os.wait4(writer.pid, 0)
    assert status == 0, f"the writer ended with {status}"
    return usage.ru_utime + usage.ru_stime


def _bytes_in(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def _rows(ours, theirs, name, speed_factor, cost_factor):
    speed = ratios([one[0] for one in ours], [one[0] for one in theirs])
    cost = ratios([one[1] for one in ours], [one[1] for one in theirs])
    return [
        Row("Speed, with time stamps", _together(ours, 0).text(1e-6, "MB/s"),
            f"{name}: {_together(theirs, 0).text(1e-6, 'MB/s')}", speed.text(),
            f"≥ {speed_factor:g} × {name}" if speed_factor else "",
            speed.median >= speed_factor if speed_factor else None),
        Row("Processor time for a GiB", _together(ours, 1).text(1, "s"),
            f"{name}: {_together(theirs, 1).text(1, 's')}", cost.text(),
            f"≤ {cost_factor:g} × {name}" if cost_factor else "",
            cost.median <= cost_factor if cost_factor else None),
    ]


def _together(samples, which):
    return Samples(value for one in samples for value in one[which].values)
