# SPDX-License-Identifier: MIT
"""What happens while a boot goes on: comard ends and comes back, somebody starts and stops services."""

import random

import pytest

from support.boots import fates, records, service, state
from support.scripts import PLAIN

GATED = """
    def start():
        tell("starting")
        open(GATE).read(1)
    """


@pytest.fixture
def comard(start):
    return start()


def killed(comard, caller, go_on):
    comard.kill()
    caller.wait()
    go_on()
    comard.start()


def stopped(comard, caller, go_on):
    comard.stop()
    caller.wait()
    go_on()
    comard.start()


def executed_anew(comard, caller, go_on):
    reexec = comard.launch_cli("daemon-reexec")
    caller.wait()
    go_on()
    assert reexec.wait() == 0
    comard.disconnect()


@pytest.mark.parametrize("cut_short", [killed, stopped, executed_anew])
def test_a_boot_that_was_cut_short_goes_on(comard, cut_short):
    service(comard, "first")
    service(comard, "gate", 'serviceAfter = "first"', text=f"""
    def start():
        while not os.path.exists("{comard.root}/open"):
            time.sleep(0.01)
    """)
    service(comard, "last", 'serviceRequires = "gate"')
    caller = comard.launch_cli("boot")
    comard.until(lambda: state(comard, "gate") == "starting", "the boot to be half way")
    before = comard.service("first").supervision["MainPID"]

    def open_gate():
        with open(f"{comard.root}/open", "w", encoding="ascii"):
            pass

    cut_short(comard, caller, open_gate)
    assert caller.returncode != 0
    comard.until(lambda: state(comard, "last") == "running", "the boot to go on")
    assert comard.service("first").supervision["MainPID"] == before
    comard.until(lambda: records(comard), "its end to be told")
    record, = records(comard)
    assert fates(record) == dict.fromkeys(["first", "gate", "last"], "succeeded")
    one = record["services"]
    assert 0 <= one["first"]["began"] < one["first"]["ended"] <= one["gate"]["ended"] <= one["last"]["began"]
    assert record["duration"] >= one["last"]["ended"]


TELLING = PLAIN.replace("startService(", """tell("starting")
        startService(""")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wherever_it_is_killed_all_run_in_the_end_and_the_record_is_whole(comard, told, seed):
    choice = random.Random(seed)
    names = [f"s{number:02}" for number in range(24)]
    for number, name in enumerate(names):
        needs = number and choice.random() < 0.7
        service(comard, name, f'serviceRequires = "{choice.choice(names[:number])}"' if needs else "",
                text=choice.choice([PLAIN, TELLING]), told=told)
    caller = comard.launch_cli("boot")
    for _ in range(2):
        for _ in range(choice.randrange(1, 4)):
            assert told.value() == "starting"
        comard.kill()
        comard.start()
    caller.wait()
    comard.until(lambda: records(comard), "the end of the boot")
    record, = records(comard)
    assert fates(record) == dict.fromkeys(names, "succeeded")
    assert all(0 <= one["began"] <= one["ended"] <= record["duration"] for one in record["services"].values())
    assert {state(comard, name) for name in names} == {"running"}


@pytest.fixture
def gated(comard, told):
    """A boot that waits at a gate; `end()` opens it and waits for the end of the boot."""
    class Gated:
        gate = comard.gate("boot")

        def begin(self):
            service(comard, "gate", text=GATED, GATE=self.gate, told=told)
            self.caller = comard.launch_cli("boot")
            assert told.value() == "starting"

        def end(self):
            self.gate.open()
            self.caller.wait()
            comard.until(lambda: records(comard), "the end of the boot")
            return records(comard)[-1]

    return Gated()


def test_what_is_stopped_while_a_boot_goes_on_stays_down(comard, gated):
    web = service(comard, "web", 'serviceAfter = "gate"')
    service(comard, "shop", 'serviceRequires = "web"')
    service(comard, "feed", 'serviceWants = "web"; serviceAfter = "gate"')
    service(comard, "other", 'serviceAfter = "gate"')
    gated.begin()
    assert comard.cli("stop", "web").returncode == 0
    record = gated.end()
    assert fates(record) == {"gate": "succeeded", "web": "failed", "shop": "skipped", "feed": "succeeded",
                             "other": "succeeded"}
    assert "somebody has stopped it meanwhile" in record["services"]["web"]["error"]
    assert [state(comard, name) for name in ("web", "feed", "other")] == ["stopped", "running", "running"]
    assert state(comard, "shop") not in ("running", "starting")
    web.start()
    comard.until(lambda: state(comard, "shop") == "running", "shop to follow")


def test_a_code_that_calls_it_does_not_start_it_either(comard, gated):
    service(comard, "web", on=False)
    service(comard, "shop", 'serviceAfter = "gate"', text="""
    def start():
        call("web", "System.Service", "start")
    """)
    gated.begin()
    assert comard.cli("stop", "web").returncode == 0
    assert fates(gated.end())["shop"] == "failed"
    assert state(comard, "web") == "stopped"


def test_what_is_stopped_and_started_again_is_started_by_the_boot_too(comard, gated):
    web = service(comard, "web", 'serviceAfter = "gate"')
    gated.begin()
    web.stop()
    web.begin("start")
    comard.bus.sync()
    assert fates(gated.end())["web"] == "succeeded"
    assert state(comard, "web") == "running"


def test_what_is_turned_off_while_a_boot_goes_on_is_started_for_others_only(comard, gated):
    web, _ = (service(comard, name, 'serviceAfter = "gate"') for name in ("web", "db"))
    service(comard, "shop", 'serviceRequires = "db"')
    gated.begin()
    for name in ("web", "db"):
        assert comard.cli("off", name).returncode == 0
    gated.end()
    assert not web.supervision["PIDs"] and not web.supervision["Wanted"]
    assert [state(comard, name) for name in ("shop", "db")] == ["running", "running"]


def test_it_stays_down_whatever_becomes_of_comard(comard, gated):
    service(comard, "web", 'serviceAfter = "gate"')
    gated.begin()
    assert comard.cli("stop", "web").returncode == 0
    comard.kill()
    gated.caller.wait()
    comard.start()
    comard.until(lambda: state(comard, "gate") == "starting", "the boot to go on")
    assert fates(gated.end())["web"] == "failed"
    assert state(comard, "web") == "stopped"
