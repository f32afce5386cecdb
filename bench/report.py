# SPDX-License-Identifier: MIT
"""The results: kept as JSON, and drawn into docs/performance.md between two markers."""

import dataclasses
import json
import os
import time

import machine

BEGIN = "<!-- begin: written by script/bench -->"
END = "<!-- end: written by script/bench -->"

_HEADER = ("| what | measured | compared with | ratio | target | |\n"
           "|---|---|---|---|---|---|\n")


class Results:
    """The rows of each figure; those of an earlier run stay until they are measured anew."""

    def __init__(self, path):
        self._path = path
        self.figures = json.loads(path.read_text()) if path.exists() else {}

    def put(self, name, title, rows, busy, before, version):
        self.figures[name] = {
            "title": title,
            "rows": [dataclasses.asdict(row) for row in rows],
            "busy": [round(share, 3) for share in busy],
            "load": before,
            "date": time.strftime("%Y-%m-%d %H:%M"),
            "version": version,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _replace(self._path, json.dumps(self.figures, indent=1, ensure_ascii=False) + "\n")

    def tables(self, order):
        """Markdown."""
        return "\n".join(_table(self.figures[name]) for name in order if name in self.figures)


def rewrite(page, text):
    """Puts `text` between the markers of the page; the rest stays."""
    before, found, rest = page.read_text().partition(BEGIN)
    _, also_found, after = rest.partition(END)
    if not found or not also_found:
        raise ValueError(f"{page} lacks the lines {BEGIN} and {END}")
    _replace(page, f"{before}{BEGIN}\n\nMachine: {machine.describe()}.\n\n{text}\n{END}{after}")


def _table(figure):
    rows = "".join(_line(row) for row in figure["rows"])
    return f"### {figure['title']}\n\n{_HEADER}{rows}\n{_circumstances(figure)}\n"


def _line(row):
    verdict = {None: "", True: "met", False: "**missed**"}[row["is_met"]]
    cells = (row["what"], row["measured"], row["floor"], row["ratio"], row["target"], verdict)
    return "| " + " | ".join(cells) + " |\n"


def _circumstances(figure):
    busy = sorted(figure["busy"])
    shares = f"{busy[len(busy) // 2]:.0%} ({busy[0]:.0%}-{busy[-1]:.0%})"
    load = figure["load"]
    waited = f", processes waited for a processor {load['waited_percent']} % of the minute before" \
        if "waited_percent" in load else ""
    return (f"Measured {figure['date']}, comar {figure['version']}. Before each repetition others "
            f"used {shares} of the processors; load {load['load'][0]}{waited}.\n")


def _replace(path, text):
    aside = path.with_name(path.name + ".new")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)
