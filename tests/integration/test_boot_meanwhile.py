# SPDX-License-Identifier: MIT
"""What happens while a boot goes on: comard ends and comes back, somebody starts and stops services."""

import random

import pytest

from support.boots import boot, fates, records, service, state
from support.scripts import PLAIN

GATED = """
    def start():
        tell("starting")
        os.read(os.open(GATE, os.O_RDONLY), 1)    # and no more, for another may come
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
def test_a_boot_that_was_cut_short_goes_on(comard, told, cut_short):
    gate = comard.gate("boot")
    service(comard, "first")
    service(comard, "gate", 'serviceAfter = "first"', text=GATED, GATE=gate, told=told)
    service(comard, "last", 'serviceRequires = "gate"')
    caller = comard.launch_cli("boot")
    assert told.value() == "starting"
    before = comard.service("first").supervision["MainPID"]
    # The worker of a comard that is killed may still be at it.
    cut_short(comard, caller, lambda: gate.open(2))
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


def test_what_runs_again_for_another_counts_for_the_boot_too(comard, gated):
    web = service(comard, "web", 'serviceAfter = "gate"')
    service(comard, "shop", 'serviceRequires = "web"', on=False)
    service(comard, "other", 'serviceRequires = "web"')
    gated.begin()
    web.stop()
    comard.service("shop").begin("start")
    comard.bus.sync()
    record = gated.end()
    assert fates(record) == dict.fromkeys(["gate", "web", "other"], "succeeded")
    assert state(comard, "other") == "running"


def test_who_asks_for_it_while_the_boot_does_gets_it(comard, gated):
    stopping, stop_gate = comard.mailbox("stopping"), comard.gate("stop")
    web = service(comard, "web", 'serviceAfter = "gate"', text=PLAIN + """
    def stop():
        open(STOPPING, "w").write("stopping\\n")
        os.read(os.open(STOP_GATE, os.O_RDONLY), 1)
    """, STOPPING=str(stopping), STOP_GATE=str(stop_gate))
    gated.begin()
    stop = web.begin("stop")
    stopping.line()
    gated.gate.open()
    comard.until(lambda: state(comard, "gate") == "done", "the boot to come to it")
    start = comard.connect().service("web").begin("start")
    comard.bus.sync()
    stop_gate.open(2)    # and once more at the end of the test
    stop.result()
    start.result()
    assert state(comard, "web") == "running"


@pytest.mark.parametrize("command", ["stop", "off"])
def test_what_was_stopped_does_not_follow_what_it_requires(comard, gated, command):
    db = service(comard, "db", 'serviceAfter = "gate"', text="""
    def start():
        if not os.path.exists(FLAG):
            fail("not yet")
    """, FLAG=f"{comard.root}/flag")
    web = service(comard, "web", 'serviceRequires = "db"')
    gated.begin()
    assert comard.cli(command, "web").returncode == 0
    assert fates(gated.end())["web"] == "skipped"
    comard.write("/flag", "")
    db.start()
    comard.bus.sync()
    assert web.supervision["PIDs"] == [] and state(comard, "web") not in ("starting", "running")


def test_what_is_stopped_while_comard_is_about_to_be_executed_anew_stays_down(comard, gated):
    service(comard, "web", 'serviceAfter = "gate"')
    gated.begin()
    reexec = comard.launch_cli("daemon-reexec")
    gated.caller.wait()    # it is told that another comard goes on
    assert comard.cli("stop", "web").returncode == 0
    gated.gate.open()
    assert reexec.wait() == 0
    comard.disconnect()
    comard.until(lambda: records(comard), "the end of the boot")
    assert fates(records(comard)[-1])["web"] == "failed"
    assert state(comard, "web") == "stopped"


def test_a_group_that_is_gone_is_not_gone_on_with(start, told):
    comard = start({"groups.office": {"services": ["gate", "web"]}})
    service(comard, "web")
    service(comard, "gate", text=GATED, on=False, GATE=comard.gate("never"), told=told)
    caller = comard.launch_cli("switch", "office")
    assert told.value() == "starting"
    assert comard.cli("stop", "web").returncode == 0
    comard.kill()
    caller.wait()
    comard.write("/etc/comar/comard.toml", "")
    comard.start()
    assert comard.cli("boot").returncode == 0
    assert state(comard, "web") == "running"
    assert "cannot go on with the switch" in comard.log


def test_what_is_no_text_in_an_error_does_no_harm(comard):
    service(comard, "web", text="""
    def start():
        run("/bin/sh", "-c", "printf 'd\\\\375\\\\376 ar\\\\375za\\\\n' >&2")
        os.write(2, b"d\\xfd\\xfe ar\\xfdza\\n")
        fail("no")
    """)
    record = boot(comard)
    assert fates(record) == {"web": "failed"}
    assert "ar\ufffdza" in record["services"]["web"]["error"]
    assert records(comard) == [record]


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


def test_what_ends_while_comard_waits_to_be_executed_anew_has_had_its_turn(comard, told):
    """Whoever fails then is not started again, and whoever starts has taken no longer than that."""
    gates = {name: comard.gate(name) for name in ("good", "bad")}
    gated = GATED.replace('tell("starting")', "tell(GATE)")
    service(comard, "bad", text=gated + "    fail('no disk')\n", GATE=gates["bad"], told=told)
    service(comard, "good", text=gated, GATE=gates["good"], told=told)
    service(comard, "last", 'serviceRequires = "bad"')
    service(comard, "next", 'serviceRequires = "good"')
    caller = comard.launch_cli("boot")
    assert {told.value(), told.value()} == {str(gate) for gate in gates.values()}
    reexec = comard.launch_cli("daemon-reexec")
    caller.wait()    # it is told that another comard goes on
    gates["good"].open()
    comard.until(lambda: state(comard, "good") in ("running", "done", "stopped"), "the one that succeeds")
    gates["bad"].open()
    assert reexec.wait() == 0
    comard.disconnect()
    comard.until(lambda: records(comard), "the end of the boot")
    record, = records(comard)
    assert fates(record) == {"good": "succeeded", "bad": "failed", "last": "skipped", "next": "succeeded"}
    assert told.lines() == [], "each was started once"
    one, other = (record["services"][name] for name in ("good", "bad"))
    assert 0 <= one["ended"] <= other["ended"] and "no disk" in other["error"]


def test_who_cannot_begin_hears_how_to_wait(comard, gated):
    gated.begin()
    result = comard.cli("switch", "rescue")
    assert result.returncode != 0
    assert "a boot goes on; 'comar boot' shows how far it is and waits for its end" in result.stderr
    gated.end()


def test_a_boot_that_is_refused_warns_of_nothing(start, told):
    comard = start({"boot": {"head_start": ["nobody"]}})
    gate = comard.gate("stop")
    service(comard, "slow", text=GATED.replace("start()", "stop()") + PLAIN.replace("stop()", "unused()"),
            GATE=gate, told=told)
    comard.service("slow").start()
    caller = comard.launch_cli("shutdown")
    assert told.value() == "starting"
    assert "a shutdown goes on; 'comar shutdown'" in comard.cli("boot").stderr
    gate.open()
    assert caller.wait() == 0
    assert "no head start for nobody" not in comard.log
    assert comard.cli("boot").returncode == 0
    assert "no head start for nobody" in comard.log
    gate.open()    # to whoever stops it in the end
