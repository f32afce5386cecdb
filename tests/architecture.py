#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks every #include under src/ against the table of docs/architecture.md.

usage: architecture.py [REPOSITORY]
"""

import pathlib
import re
import sys

ROW = re.compile(r"^\| `(?P<folder>\w+)/` \|[^|]*\|(?P<may_use>[^|]*)\|$")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?P<open>["<])(?P<name>[^">]+)[">]')

# How every folder reports errors.
RESULT = "core/result.h"

# What is not a folder of ours, and who alone may include it.
FOREIGN = {
    "Python.h": {"host", "native"},
    "pybind11/": {"host", "native"},
    "systemd/": {"loop", "bus", "daemon", "cli"},
    "spdlog/": {"daemon"},
    "toml++/": {"daemon"},
    "CLI/": {"daemon", "cli"},
    "zstd.h": {"compress", "cli"},
}


def read_table(page):
    """{folder: folders it may include}, from the rows "| `folder/` | holds | may use |"."""
    table = {}
    for line in page.read_text().splitlines():
        row = ROW.match(line)
        if row:
            named = set(re.findall(r"`(\w+)/`", row["may_use"]))
            table[row["folder"]] = set(table) if "all above" in row["may_use"] else named
    return table


def includes_of(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match["open"] == '"', match["name"]


def why_refused(folder, ours, name, table):
    """A reason, or None."""
    if ours:
        target = name.split("/")[0]
        if "/" not in name:
            return f'write it from src/, as in "{folder}/{name}"'
        if name != RESULT and target != folder and target not in table[folder]:
            return f"{folder}/ may not use {target}/"
        return None
    if folder == "core" and name != "tl/expected.hpp" and ("/" in name or "." in name):
        return "core/ uses the standard library alone"
    for prefix, owners in FOREIGN.items():
        if name.startswith(prefix) and folder not in owners:
            return f"{folder}/ may not use {prefix.rstrip('/')}"
    return None


def check(repository):
    table = read_table(repository / "docs/architecture.md")
    findings = [] if table else ["docs/architecture.md: cannot find the table of folders"]
    for file in sorted((repository / "src").glob("*/*.*")):
        folder = file.parent.name
        place = file.relative_to(repository)
        if folder not in table:
            findings.append(f"{place}: {folder}/ is not in the table of docs/architecture.md")
            continue
        for number, ours, name in includes_of(file):
            reason = why_refused(folder, ours, name, table)
            if reason:
                findings.append(f"{place}:{number}: cannot include {name}: {reason}")
    return findings


def main():
    repository = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings = check(repository)
    print("\n".join(findings) or "architecture: all includes are in the table")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
