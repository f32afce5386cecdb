# SPDX-License-Identifier: MIT
"""The machine that measures: what it is, and what else it has to do meanwhile."""

import os
import platform
import time

_WINDOW_SECONDS = 0.2
_QUIET = 0.08    # share of the processors that others may use


class Machine:
    def __init__(self, patience):
        """`patience`: seconds to wait for a quiet moment before each repetition."""
        self._patience = patience
        self.shares = []    # what others used of the processors before each repetition

    def settle(self):
        """Holds a repetition back while others are busy, as long as patience lasts."""
        deadline = time.monotonic() + self._patience
        while (share := self._busy()) > _QUIET and time.monotonic() < deadline:
            pass
        self.shares.append(share)

    @staticmethod
    def _busy():
        before = _processor_times()
        time.sleep(_WINDOW_SECONDS)
        after = _processor_times()
        total = sum(after) - sum(before)
        return 1 - (after[3] + after[4] - before[3] - before[4]) / max(total, 1)


def describe():
    """One line about processor, memory and kernel."""
    processor = _field("/proc/cpuinfo", "model name") or platform.machine()
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    return (f"{os.cpu_count()} processors ({processor}), {memory:.0f} GiB of memory, "
            f"Linux {platform.release()}, {_field('/etc/os-release', 'PRETTY_NAME', '=')}")


def load():
    """The load averages, and how much of the last minute somebody waited for a processor."""
    with open("/proc/loadavg") as file:
        averages = file.read().split()[:3]
    try:
        with open("/proc/pressure/cpu") as file:
            waited = file.readline().split("avg60=")[1].split()[0]
    except OSError:
        return {"load": averages}
    return {"load": averages, "waited_percent": waited}


def _processor_times():
    """user nice system idle iowait irq softirq steal, in ticks"""
    with open("/proc/stat") as file:
        return [int(word) for word in file.readline().split()[1:9]]


def _field(path, name, separator=":"):
    with open(path) as file:
        for line in file:
            key, _, value = line.partition(separator)
            if key.strip() == name:
                return value.strip().strip('"')
    return ""
