#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the stages of script/test one after the other and adds up what they found."""

import argparse
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
LOGS = REPOSITORY / "build/test-logs"
PYTEST = ["/usr/bin/python3", "-B", "-m", "pytest", "-q"]
PYTEST_FOUND_NONE = 5
UNIT_TESTS = "comar-unit-tests"
ONE_BOOT = "test_machine.py::test_it_boots_keeps_its_services_when_comard_crashes_and_shuts_down_in_order"
STRUCTURE = "^(architecture|core-is-pure)$"    # tests of the source and the archive, not of what runs
SHOWN_LINES = 60    # of the log of a stage that failed


@dataclasses.dataclass
class Stage:
    name: str
    command: list
    minutes: int             # after which it is ended and has failed
    reports: bool = True     # writes JUnit XML to LOGS/NAME.xml
    is_test: bool = True     # one that writes none counts as one test, unless it only prepares
    vital: bool = False      # nothing after it makes sense when it fails
    accepts: tuple = (0,)    # exit codes that mean success


@dataclasses.dataclass
class Outcome:
    passed: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def ctest(name, folder, *selection, minutes):
    return Stage(name, ["ctest", "--test-dir", folder, "--output-on-failure", "-j", str(os.cpu_count()),
                        "--output-junit", LOGS / f"{name}.xml", *selection], minutes)


def gtest(name, program, minutes):
    return Stage(name, ["/usr/bin/python3", "-B", "tests/gtest_shards.py", program, LOGS / f"{name}.xml"], minutes)


def pytest(name, folder, *selection, minutes):
    command = [*PYTEST, REPOSITORY / "tests" / folder, f"--junitxml={LOGS / name}.xml", *selection]
    return Stage(name, command, minutes, accepts=(0, PYTEST_FOUND_NONE) if selection else (0,))


def build(*words):
    return Stage("-".join(("build", *words[:1])), ["script/build", *words], 25, reports=False, is_test=False, vital=True)


def stages(options):
    """What was asked for. The whole run has the unit tests with sanitizers only: they take as long to compile as
    everything else, and what the optimizer might do is seen by the integration tests."""
    everything = not (options.unit or options.integration or options.vm)
    by_ctest = ["-R", options.k] if options.k else ["--no-tests=error"]
    by_pytest = ["-k", options.k] if options.k else []
    thorough = everything and not options.fast and not options.k
    yield build()
    if options.vm:
        yield pytest("machine", "vm", *by_pytest, minutes=60)
    if options.unit or (everything and not thorough):
        yield build("release", UNIT_TESTS)
        yield ctest("unit", "build", *by_ctest, minutes=10)
    if everything or options.unit:
        yield pytest("python", "unit/python", *by_pytest, minutes=10)
    if everything or options.integration:
        yield pytest("integration", "integration", *by_pytest, minutes=20)
    if thorough:
        yield pytest("machine", f"vm/{ONE_BOOT}", minutes=20)
        yield ctest("structure", "build", "-R", STRUCTURE, minutes=2)
        yield build("asan", UNIT_TESTS)
        yield gtest("unit-sanitizers", f"build/asan/bin/{UNIT_TESTS}", minutes=10)
        yield Stage("lint", ["script/lint"], 25, reports=False)


def run(stage):
    """Runs one stage, with its output in its log, and tells what came of it."""
    begin = time.monotonic()
    print(f"{stage.name:<18}", end="", flush=True)
    code = run_to_log(stage)
    outcome = read_report(stage, code)
    found = str(outcome) if stage.is_test or outcome.failed else "done"
    print(f"{found}  ({time.monotonic() - begin:.0f} s)", flush=True)
    if outcome.failed:
        show(stage)
    return outcome


def run_to_log(stage):
    """The exit code; None when its time was over."""
    with open(LOGS / f"{stage.name}.log", "wb") as log:
        child = subprocess.Popen(list(map(str, stage.command)), stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, cwd=REPOSITORY, start_new_session=True)
        try:
            return child.wait(stage.minutes * 60)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                end(child)


def end(child):
    """Interrupts the stage, so that tests can clean up; then kills what has not ended."""
    for signo in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(child.pid, signo)
            child.wait(30)
            return
        except (subprocess.TimeoutExpired, ProcessLookupError):
            pass


def read_report(stage, code):
    outcome = Outcome()
    report = LOGS / f"{stage.name}.xml"
    if stage.reports and report.exists():
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            list_for(case, outcome).append(name_of(stage, case))
    if code not in stage.accepts and not outcome.failed:
        outcome.failed.append(f"{stage.name}: " + ("its time was over" if code is None else f"exit code {code}"))
    elif stage.is_test and not stage.reports:
        outcome.passed.append(stage.name)
    return outcome


def list_for(case, outcome):
    if case.find("failure") is not None or case.find("error") is not None:
        return outcome.failed
    return outcome.passed if case.find("skipped") is None else outcome.skipped


def name_of(stage, case):
    skipped = case.find("skipped")
    reason = f" ({skipped.get('message')})" if skipped is not None and skipped.get("message") else ""
    return f"{stage.name}: {case.get('classname') or ''} {case.get('name')}{reason}"


def show(stage):
    log = LOGS / f"{stage.name}.log"
    lines = log.read_text(errors="replace").splitlines()
    print("\n".join(f"    {line}" for line in lines[-SHOWN_LINES:]))
    print(f"    all of it: {log}")


def conclude(total):
    for title, names in (("FAILED", total.failed), ("SKIPPED", total.skipped)):
        for name in names:
            print(f"{title}  {name}")
    print(total)
    return 1 if total.failed or not total.passed else 0


def main():
    parser = argparse.ArgumentParser(prog="script/test")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--unit", action="store_true")
    parser.add_argument("--integration", action="store_true")
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("-k", metavar="WORD")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    total = Outcome()
    for stage in stages(options):
        outcome = run(stage)
        total.add(outcome)
        if stage.vital and outcome.failed:
            break
    return conclude(total)


if __name__ == "__main__":
    sys.exit(main())
