#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a GoogleTest program in as many processes as there are processors, and writes one report.

A process for each test, which is what ctest does, costs more than most tests where sanitizers have to start each time.

usage: gtest_shards.py PROGRAM REPORT
"""

import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


def main():
    program, report = sys.argv[1], pathlib.Path(sys.argv[2])
    count = os.cpu_count() or 1
    parts = [report.with_suffix(f".{index}.xml") for index in range(count)]
    children = [start(program, part, index, count) for index, part in enumerate(parts)]
    codes = [child.wait() for child in children]
    merge(parts, report)
    # A shard that crashes leaves no report; its exit code tells.
    return max(codes, key=abs)


def start(program, part, index, count):
    shard = {"GTEST_TOTAL_SHARDS": str(count), "GTEST_SHARD_INDEX": str(index)}
    return subprocess.Popen([program, "--gtest_brief=1", f"--gtest_output=xml:{part}"], env={**os.environ, **shard})


def merge(parts, report):
    whole = ElementTree.Element("testsuites")
    for part in parts:
        if part.exists():
            whole.extend(ElementTree.parse(part).getroot())
            part.unlink()
    ElementTree.ElementTree(whole).write(report)


if __name__ == "__main__":
    sys.exit(main())
