# SPDX-License-Identifier: MIT
"""Samples of one measured thing, and how they are told: median (min-max)."""

import statistics

WARM_UP = 0.1    # share of the first rounds that does not count


class Samples:
    def __init__(self, values):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, scale=1.0, unit=""):
        """"0.62 (0.48-1.30) ms"; `scale` turns the values into that unit."""
        low, middle, high = (figure(value * scale)
                             for value in (min(self.values), self.median, max(self.values)))
        spread = "" if low == high else f" ({low}-{high})"
        return f"{middle}{spread} {unit}".strip()


def settled(values):
    """All but the first rounds, in which caches fill."""
    return values[int(len(values) * WARM_UP):]


def ratios(these, those):
    """The ratio of the medians, one of each repetition: lists of Samples, in order."""
    return Samples(this.median / that.median for this, that in zip(these, those))


def together(repetitions):
    """All samples of several repetitions."""
    return Samples(value for samples in repetitions for value in samples.values)


def figure(value):
    """Three digits that count."""
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
