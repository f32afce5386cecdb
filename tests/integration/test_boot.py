# SPDX-License-Identifier: MIT
"""Boot, groups of services, shutdown, dry runs, and what is kept of each boot."""

import json
import os
import re
import signal
import xml.etree.ElementTree

import pytest

from support.boots import CODE, MANAGER, boot, fates, service, state
from support.bus import BusError
from support.processes import Process, all_pids
from support.scripts import PLAIN

@pytest.fixture
def comard(start):
    return start()


def test_all_that_are_on_start_in_order_and_the_others_do_not(comard):
    service(comard, "logger")
    service(comard, "bus", 'serviceRequires = "logger"')
    service(comard, "login", 'serviceAfter = "bus"')
    service(comard, "idle", on=False)
    service(comard, "library", on=False)
    service(comard, "reader", 'serviceRequires = "library"')
    changed = comard.signals()
    record = boot(comard)
    started = [app for app, what in changed.all() if what == "started"]
    assert sorted(started) == ["bus", "library", "logger", "login", "reader"]
    assert started.index("logger") < started.index("bus") < started.index("login")
    assert started.index("library") < started.index("reader")
    assert set(fates(record).values()) == {"succeeded"}
    assert record["services"]["login"]["after"] == ["bus"]
    assert "boot" in comard.service("bus").supervision["Cause"]
    for one in record["services"].values():
        assert 0 <= one["began"] <= one["returned"] <= one["ended"] <= record["duration"]
    for app, one in record["services"].items():
        assert all(record["services"][other]["ended"] <= one["began"] for other in one["after"]), app


def test_conditional_services_decide_themselves(comard):
    for name, does in (("yes", "start()"), ("no", "pass")):
        service(comard, name, text=PLAIN + f"\n    def ready():\n        if is_on() == 'conditional':\n            {does}\n")
        comard.cli("conditional", name)
    assert set(fates(boot(comard)).values()) == {"succeeded"}
    assert state(comard, "yes") == "running" and state(comard, "no") != "running"


def test_one_that_fails_and_one_that_hangs_hold_up_only_those_that_require_them(start):
    comard = start({"boot": {"deadline_seconds": 4}, "calls": {"start_seconds": 60}})
    service(comard, "broken", text="\n    def start():\n        fail('no disk')\n")
    service(comard, "needs_broken", 'serviceRequires = "broken"')
    service(comard, "wants_broken", 'serviceWants = "broken"')
    service(comard, "hanging", text="\n    def start():\n        time.sleep(1000)\n")
    service(comard, "needs_hanging", 'serviceRequires = "hanging"')
    for number in range(20):
        service(comard, f"other{number}")
    record = boot(comard)
    told = fates(record)
    assert told.pop("broken") == "failed" and record["services"]["broken"]["error"].endswith("no disk")
    assert told.pop("needs_broken") == "skipped"
    assert record["services"]["needs_broken"]["error"] == "it requires broken, which has failed"
    assert told.pop("hanging") == told.pop("needs_hanging") == "late"
    assert set(told.values()) == {"succeeded"} and len(told) == 21
    assert all(record["services"][app]["ended"] < 3_900_000 for app in told)


def test_scripts_that_start_each_other_at_boot_start_everyone_once(comard):
    """As in the field: dbus starts the logger by call; three levels below nfs."""
    service(comard, "logger", text=CODE)
    service(comard, "dbus", text=CODE.replace("startService(", "call('logger', 'System.Service', 'start')\n        startService("))
    for upper, lower in (("nfs", "rpcbind statd"), ("statd", "rpcbind"), ("rpcbind", "logger")):
        names = ", ".join(repr(name) for name in lower.split())
        service(comard, upper, text=CODE.replace("startService(", f"startDependencies({names})\n        startService("))
    changed = comard.signals()
    record = boot(comard)
    started = [app for app, what in changed.all() if what == "started"]
    assert sorted(started) == ["dbus", "logger", "nfs", "rpcbind", "statd"]
    assert started.index("logger") < started.index("rpcbind") < started.index("statd") < started.index("nfs")
    assert set(fates(record).values()) == {"succeeded"}


def test_the_head_start_comes_first_and_safe_mode_leaves_the_rest_out(start, place):
    os.makedirs(f"{place.root}/proc")
    with open(f"{place.root}/proc/cmdline", "w", encoding="ascii") as file:
        file.write("quiet comar=safe,head_start:sddm root=/dev/sda1\n")
    comard = start({"boot": {"essential": ["aaa", "sddm"]}})
    for name in ("aaa", "bbb", "sddm"):
        service(comard, name)
    service(comard, "xorg", on=False)
    service(comard, "sddm", 'serviceRequires = "xorg"')
    changed = comard.signals()
    record = boot(comard)
    assert [app for app, what in changed.all() if what == "started"] == ["xorg", "sddm", "aaa"]
    assert "bbb" not in record["services"]


def test_a_safe_boot_starts_what_is_essential_whatever_its_state_and_name(start):
    comard = start({"boot": {"safe": True, "essential": ["rescue_shell", "logger", "typo"]}})
    service(comard, "rescue_shell", on=False)
    service(comard, "syslog", 'serviceProvides = "logger"')
    service(comard, "game")
    plan = comard.cli("boot", "--dry-run")
    assert "start rescue_shell" in plan.stdout and "start syslog" in plan.stdout and "game" not in plan.stdout
    assert plan.returncode != 0 and "typo" in plan.stderr
    result = comard.cli("boot")
    assert [state(comard, name) for name in ("rescue_shell", "syslog")] == ["running"] * 2
    assert state(comard, "game") != "running"
    assert result.returncode != 0 and "typo failed: cannot find typo: no service has or provides it" in result.stderr


def test_a_shutdown_stops_dependents_first_and_nothing_starts_until_the_next_boot(comard):
    service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"\n    serviceRestart = "always"')
    service(comard, "shop", 'serviceRequires = "web"\n    serviceRequirementLost = "stop"')
    boot(comard)
    changed = comard.signals()
    result = comard.cli("shutdown")
    assert result.returncode == 0, result.stderr
    assert [app for app, what in changed.all() if what == "stopped"] == ["shop", "web", "db"]
    with pytest.raises(BusError, match="everything is stopped; 'comar boot'"):
        comard.service("db").start()
    assert comard.cli("boot").returncode == 0
    assert [state(comard, name) for name in ("db", "web", "shop")] == ["running"] * 3


def test_groups_are_switched_between(start):
    comard = start({"groups.work": {"services": ["shop"]}, "boot": {"essential": ["login"]}})
    service(comard, "login")
    service(comard, "game")
    service(comard, "db", on=False)
    service(comard, "shop", 'serviceRequires = "db"', on=False)
    boot(comard)

    def running():
        return [name for name in ("db", "game", "login", "shop") if state(comard, name) == "running"]

    assert running() == ["game", "login"]
    assert comard.cli("switch", "work").returncode == 0
    assert running() == ["db", "shop"]
    assert comard.cli("switch", "single").returncode == 0
    assert running() == ["login"]
    assert comard.cli("switch", "default").returncode == 0
    assert running() == ["game", "login"]
    assert comard.cli("switch", "rescue").returncode == 0
    assert running() == []
    result = comard.cli("switch", "nothing")
    assert result.returncode != 0 and "[groups.nothing]" in result.stderr


def test_many_callers_get_true_answers_while_a_boot_runs(comard):
    names = [f"s{number:02}" for number in range(12)]
    for number, name in enumerate(names):
        service(comard, name, f'serviceRequires = "{names[number - 1]}"' if number % 4 else "", text=CODE)
    callers = [comard.launch_cli("boot"), comard.launch_cli("boot")]
    callers += [comard.launch_cli("start", name) for name in names]
    assert [caller.wait() for caller in callers] == [0] * len(callers)
    assert {state(comard, name) for name in names} == {"running"}
    stops = [comard.launch_cli("stop", "--with-dependents", name) for name in names]
    assert [caller.wait() for caller in stops] == [0] * len(stops)
    assert {state(comard, name) for name in names} == {"stopped"}


def test_a_dry_run_tells_the_plan_and_does_nothing(comard):
    service(comard, "db", on=False)
    trace = f"{comard.root}/trace"
    service(comard, "web", 'serviceRequires = "db"', text=CODE.replace(
        "startService(", f'run("/bin/touch", "{trace}")\n        startService('))
    result = comard.cli("start", "--dry-run", "web")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("  1. start db: web needs db (")
    assert any(line.startswith("  2. start web: asked for") for line in lines)
    assert any("/usr/bin/db" in line for line in lines)
    assert any(f"/bin/touch {trace}" in line for line in lines)
    plan = json.loads(comard.cli("boot", "--dry-run", "--json").stdout)
    assert [step["app"] for step in plan["steps"]] == ["db", "web"]
    assert plan["steps"][1]["after"] == ["db"]
    assert plan["steps"][1]["reason"] == "it is on"
    assert {state(comard, name) for name in ("db", "web")} <= {"unknown", "stopped"}
    assert not os.path.exists(trace)
    comard.service("web").start()
    result = comard.cli("stop", "--dry-run", "db")
    assert result.returncode != 0 and "web" in result.stderr
    plan = json.loads(comard.cli("stop", "--dry-run", "--json", "--with-dependents", "db").stdout)
    assert [(step["does"], step["app"]) for step in plan["steps"]] == [("stop", "web"), ("stop", "db")]
    assert state(comard, "web") == "running"


@pytest.mark.parametrize("code", ["fail('no disk')", "raise OSError('no disk')", "sys.exit('no disk')"])
def test_a_plan_that_would_fail_is_not_a_success(comard, code):
    service(comard, "web", text=f"\n    import sys\n\n    def start():\n        {code}\n")
    for command in (("start", "--dry-run", "web"), ("start", "--dry-run", "--json", "web"), ("boot", "--dry-run")):
        result = comard.cli(*command)
        assert result.returncode == 1, command
        assert "no disk" in result.stdout


def services_that_dry_runs_wait_in(comard, count):
    """Services whose dry run goes on until something is in /go; returns a function that tells who."""
    path = str(comard.write("/go", ""))
    for number in range(count):
        service(comard, f"slow{number}", text=CODE.replace(
            "def start():", f"def start():\n        with open('{path}') as go:\n            while not go.read(): pass"))

    def readers():
        return {pid for pid in all_pids() if path in open_files(pid)}

    return readers


def open_files(pid):
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def test_dry_runs_of_several_services_are_made_at_once(comard):
    readers = services_that_dry_runs_wait_in(comard, 3)
    client = comard.launch_cli("boot", "--dry-run")
    comard.until(lambda: len(readers()) == 3, "all three")
    comard.write("/go", "on")
    assert client.wait() == 0


def test_a_dry_run_ends_when_its_caller_has_gone(comard):
    readers = services_that_dry_runs_wait_in(comard, 1)
    client = comard.launch_cli("start", "--dry-run", "slow0")
    comard.until(lambda: len(readers()) == 1, "the dry run")
    process = Process(readers().pop())
    client.send_signal(signal.SIGINT)
    client.wait()
    process.wait_gone()
    comard.until(lambda: "slow0: no dry run: " in comard.log, "what comard says")
    assert "its caller has gone" in comard.log


def test_a_plan_that_cannot_be_told_to_its_end_is_no_failure(comard):
    service(comard, "web", text="\n    def start():\n        open('/dev/tty')\n")
    result = comard.cli("start", "--dry-run", "web")
    assert result.returncode == 0, result.stderr
    assert "would open the device /dev/tty; the dry run ends here" in result.stdout


def test_a_dry_run_of_a_stop_by_comard_itself_is_a_success(comard):
    one = service(comard, "one", text=CODE.replace("def stop", "def halt"))
    one.start()
    plan = comard.cli("stop", "--dry-run", "--json", "one")
    assert plan.returncode == 0, plan.stdout
    (entry,) = json.loads(plan.stdout)["steps"][0]["would"]["entries"]
    assert (entry["does"], entry["pids"]) == ("signal", [one.supervision["MainPID"]])
    assert comard.cli("stop", "one").returncode == 0
    assert state(comard, "one") == "stopped"


def test_comard_boots_by_itself_when_told_to(start):
    comard = start()
    service(comard, "web")
    comard.stop()
    comard = start(arguments=["--boot"])
    comard.until(lambda: state(comard, "web") == "running", "the boot")


@pytest.fixture
def booted(start):
    """With `web` running, and `shop` stopped after the boot."""
    comard = start(arguments=["--boot"])
    service(comard, "web")
    service(comard, "shop")
    boot(comard)
    comard.cli("stop", "shop")
    return comard


def starts_again(comard):
    """Whether it boots; and what runs then."""
    before = len(comard.log)
    comard.start()
    said = "not booting|boot into default took"
    comard.until(lambda: re.search(said, comard.log[before:]), "comard to boot or not")
    is_booted = "boot into default took" in comard.log[before:]
    return is_booted, [name for name in ("web", "shop") if state(comard, name) == "running"]


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_whatever_starts_comard_again_starts_nothing_that_was_stopped(booted, end):
    getattr(booted, end)()
    assert starts_again(booted) == (False, ["web"])


def test_executed_anew_it_does_not_boot_again(booted):
    assert booted.cli("daemon-reexec").returncode == 0
    booted.until(lambda: "not booting" in booted.log, "the other comard")
    booted.disconnect()
    assert state(booted, "shop") == "stopped"


def test_killed_after_a_shutdown_it_stays_down_and_ended_after_one_it_boots(booted):
    assert booted.cli("shutdown").returncode == 0
    booted.kill()
    assert starts_again(booted) == (False, [])
    booted.stop()
    assert starts_again(booted) == (True, ["web", "shop"])


def test_what_an_earlier_start_of_the_machine_has_left_is_forgotten(booted):
    """Its process numbers are others' by now, and its shutdown is over."""
    assert booted.cli("shutdown").returncode == 0
    booted.kill()
    for name, text in (("boot-id", "another"), ("transition", '{"is_down": true}')):
        with open(f"{booted.root}/run/comar/{name}", "w", encoding="ascii") as file:
            file.write(text)
    assert starts_again(booted) == (True, ["web", "shop"])


def test_the_last_boots_are_kept(comard):
    service(comard, "web")
    assert comard.bus.call("/", MANAGER, "ListBoots") == []
    ids = []
    for _ in range(12):
        ids.append(boot(comard)["id"])
    assert comard.bus.call("/", MANAGER, "ListBoots") == ids[-10:]
    record = json.loads(comard.bus.call("/", MANAGER, "BootRecord", "s", ids[-1]))
    assert record["kind"] == "boot" and record["duration"] > 0
    with pytest.raises(BusError, match="Missing"):
        comard.bus.call("/", MANAGER, "BootRecord", "s", "../../../etc/passwd")


def test_all_scripts_are_checked_together(comard):
    service(comard, "web", 'serviceRequires = "db"\n    serviceWants = "cache"')
    result = comard.cli("check", "--all")
    assert result.returncode == 1
    lines = sorted(result.stdout.splitlines())
    assert len(lines) == 2
    assert lines[0].startswith("web: error: web needs db (") and lines[1].startswith("web: warning: web wants cache (")
    service(comard, "db")
    assert comard.cli("check", "--all").returncode == 0


def test_a_boot_can_be_analyzed_and_the_graph_be_drawn(comard):
    service(comard, "db")
    service(comard, "web", 'serviceRequires = "db"')
    assert comard.cli("analyze").returncode == 1, "there was no boot yet"
    boot(comard)
    for what in ("time", "blame", "critical-chain", "list"):
        result = comard.cli("analyze", what)
        assert result.returncode == 0, result.stderr
        assert what == "list" or "web" in result.stdout
    chain = comard.cli("analyze", "critical-chain").stdout
    assert chain.index("web") < chain.index("db")
    picture = xml.etree.ElementTree.fromstring(comard.cli("analyze", "plot").stdout)
    texts = " ".join("".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "db" in texts and "web" in texts
    comard.cli("shutdown")
    boot(comard)
    assert comard.cli("analyze", "diff").returncode == 0
    graph = json.loads(comard.cli("graph", "--json", "db").stdout)
    assert [(edge["from"], edge["kind"], edge["app"]) for edge in graph["edges"]] == [("web", "needs", "db")]
    assert graph["services"]["web"]["state"] == "running"
    assert '"web" -> "db"' in comard.cli("graph", "--dot").stdout
    assert "db" in comard.cli("graph").stdout


def test_progress_is_told_while_it_goes_on(comard):
    service(comard, "gate", text=f"""
    def start():
        while not os.path.exists("{comard.root}/open"):
            time.sleep(0.01)
    """)
    service(comard, "last", 'serviceAfter = "gate"')
    told = comard.signals(MANAGER, "Progress")
    caller = comard.launch_cli("boot")
    comard.until(lambda: any('"app":"gate"' in text for text, in told.all()), "gate to be in flight")
    with open(f"{comard.root}/open", "w", encoding="ascii"):
        pass
    assert caller.wait() == 0
    comard.until(lambda: told.all()[-1] == ("{}",), "the end to be told")


def waiting(gate):
    """A start() that goes on when the gate opens."""
    return CODE.replace("startService(", f'open("{gate}").read(1)\n        startService(')


def test_what_a_boot_has_skipped_follows_when_what_it_requires_is_there(comard):
    disk = comard.place.folder / "disk"
    service(comard, "db", text=CODE.replace("startService(", f"""if not os.path.exists("{disk}"):
            fail("no disk")
        startService("""))
    service(comard, "web", 'serviceRequires = "db"')
    service(comard, "shop", 'serviceRequires = "web"')
    assert fates(boot(comard)) == {"db": "failed", "web": "skipped", "shop": "skipped"}
    assert "it requires db, which has failed" in comard.service("web").supervision["LastError"]
    disk.touch()
    comard.service("db").start()
    comard.until(lambda: state(comard, "shop") == "running", "shop to follow web, and web db")


def test_what_a_boot_could_not_start_for_want_of_a_name_follows_when_somebody_has_it(comard):
    service(comard, "web", 'serviceRequires = "database"')
    assert fates(boot(comard)) == {"web": "failed"}
    assert "cannot find database" in comard.service("web").supervision["LastError"]
    service(comard, "db", 'serviceProvides = ["database"]', on=False)
    comard.service("db").start()
    comard.until(lambda: state(comard, "web") == "running", "web to follow db")


def test_what_is_late_goes_on_by_itself(start):
    comard = start({"boot": {"deadline_seconds": 1, "head_start": ["slow"]}, "calls": {"start_seconds": 60}})
    gate = comard.gate("slow")
    service(comard, "slow", text=waiting(gate))
    service(comard, "web", 'serviceRequires = "slow"')
    service(comard, "quick")
    record = boot(comard)
    services = record["services"]
    assert services["slow"]["fate"] == services["web"]["fate"] == "late"
    # One deadline for both stages, and what began in the first one has begun then.
    assert services["quick"]["began"] - services["slow"]["began"] >= 900_000
    gate.open()
    comard.until(lambda: state(comard, "web") == "running", "web to follow slow")


def test_who_waits_for_a_boot_hears_that_a_shutdown_has_cut_it_short(comard):
    gate = comard.gate("slow")
    service(comard, "slow", text=waiting(gate))
    service(comard, "web", 'serviceRequires = "slow"')
    caller = comard.launch_cli("boot")
    comard.until(lambda: state(comard, "slow") == "starting", "the boot to be half way")
    shutdown = comard.launch_cli("shutdown")
    assert caller.wait() != 0
    gate.open()
    assert shutdown.wait() == 0
    first = json.loads(comard.bus.call("/", MANAGER, "BootRecord", "s", comard.bus.call("/", MANAGER, "ListBoots")[0]))
    assert set(fates(first).values()) == {"skipped"}
    assert first["services"]["web"]["error"] == "cut short by a shutdown"


def test_a_switch_leaves_alone_what_members_want_or_have_started(start):
    comard = start({"groups.work": {"services": ["logger"]}})
    service(comard, "asked_for", on=False)
    service(comard, "wanted", on=False)
    service(comard, "web", 'serviceWants = "wanted"', on=True, text=CODE.replace(
        "startService(", "startDependencies('asked_for')\n        startService("))
    service(comard, "syslog", 'serviceProvides = ["logger"]', on=False)
    boot(comard)
    before = comard.service("wanted").supervision["MainPID"], comard.service("asked_for").supervision["MainPID"]
    assert comard.cli("switch", "default").returncode == 0
    assert before == (comard.service("wanted").supervision["MainPID"], comard.service("asked_for").supervision["MainPID"])
    assert comard.cli("switch", "work").returncode == 0
    assert state(comard, "web") == "stopped"
    logger = comard.service("syslog").supervision["MainPID"]
    assert comard.cli("switch", "work").returncode == 0
    assert comard.service("syslog").supervision["MainPID"] == logger


def test_a_dry_run_promises_no_start_that_would_be_refused(comard):
    """It conflicts with what others need; everything is stopped; nothing has that name."""
    service(comard, "db", 'serviceProvides = "storage"')
    service(comard, "web", 'serviceRequires = "db"')
    service(comard, "other", 'serviceConflicts = "db"')
    comard.service("web").start()

    def refusals(name):
        dry, real = comard.cli("start", "--dry-run", name), comard.cli("start", name)
        assert dry.stdout == real.stdout == "" and dry.returncode == real.returncode != 0
        return dry.stderr, real.stderr

    why = "does not stop: cannot stop db: web requires it; 'comar stop --with-dependents db' stops web, too"
    for told in refusals("other"):
        assert why in told
    for told in refusals("storage"):
        assert "no such service is registered" in told
    comard.cli("stop", "web")
    result = comard.cli("start", "--dry-run", "other")
    assert result.returncode == 0 and result.stdout.startswith("  1. stop db: other conflicts with db")
    comard.cli("shutdown")
    for told in refusals("db"):
        assert "cannot start db: everything is stopped; 'comar boot'" in told


def test_a_dry_run_tells_what_scripts_start_by_their_code(comard):
    service(comard, "disk", on=False)
    service(comard, "db", 'serviceRequires = "disk"', on=False)
    service(comard, "old", 'serviceConflicts = "db"', on=False)
    service(comard, "web", on=False, text=CODE.replace(
        "startService(", "startDependencies('db')\n        call('web', 'System.Service', 'start')\n        startService("))
    comard.service("old").start()
    plan = json.loads(comard.cli("start", "--dry-run", "--json", "web").stdout)
    steps = [(step["does"], step["app"]) for step in plan["steps"]]
    assert steps[0] == ("start", "web") and set(steps[1:]) == {("stop", "old"), ("start", "disk"), ("start", "db")}
    assert steps.index(("start", "disk")) < steps.index(("start", "db"))
    reasons = {step["app"]: step["reason"] for step in plan["steps"]}
    assert reasons["db"] == "web asks for it" and "conflicts" in reasons["old"]
    assert any("usr/bin/disk" in entry["text"] for step in plan["steps"] for entry in step["would"]["entries"])
    assert state(comard, "old") == "running"


def test_a_dry_run_of_a_boot_is_the_boot_that_would_be(start):
    comard = start({"boot": {"head_start": ["log-in"]}})
    service(comard, "aaa")
    service(comard, "log_in")
    declines = "\n    def ready():\n        pass\n"
    service(comard, "maybe", on=False, text=CODE + declines)
    comard.cli("conditional", "maybe")
    assert comard.cli("switch", "rescue").returncode == 0
    plan = json.loads(comard.cli("boot", "--dry-run", "--json").stdout)
    steps = {step["app"]: step for step in plan["steps"]}
    assert [step["app"] for step in plan["steps"]][0] == "log_in"
    assert steps["log_in"]["reason"] == "it is on, with a head start"
    assert set(steps) == {"aaa", "log_in", "maybe"}
    assert steps["maybe"]["method"] == "ready" and steps["maybe"]["would"]["entries"] == []


def test_a_dry_run_asks_only_who_would_be_asked(start):
    """What a member requires has no choice, conditional or not."""
    comard = start({"groups.work": {"services": ["shop"]}})
    service(comard, "maybe", on=False, text=CODE + "\n    def ready():\n        pass\n")
    comard.cli("conditional", "maybe")
    service(comard, "shop", 'serviceRequires = "maybe"', on=False)
    comard.write("/proc/cmdline", "comar=group:work\n")
    plan = json.loads(comard.cli("boot", "--dry-run", "--json").stdout)
    assert [(step["app"], step.get("method")) for step in plan["steps"]] == [("maybe", None), ("shop", None)]
    boot(comard)
    assert state(comard, "maybe") == state(comard, "shop") == "running"


def test_a_dry_run_means_the_processes_of_the_service_alone(comard, place):
    stop_by_command = PLAIN.replace("pidfile=PIDFILE, donotify", "command=SERVER, donotify")
    one = service(comard, "one", text=stop_by_command)
    one.start()
    place.stranger(comard.program("one"))
    plan = json.loads(comard.cli("stop", "--dry-run", "--json", "one").stdout)
    told = " ".join(entry["text"] for entry in plan["steps"][0]["would"]["entries"])
    assert re.findall(r"(\d+) \(one\)", told) == [str(one.supervision["MainPID"])]


def test_what_an_administrator_has_set_since_counts_in_plans_and_checks(comard):
    service(comard, "db", 'serviceRequires = "web"', on=False)
    service(comard, "web", on=False)
    comard.write("/etc/comar/services/web.toml", 'wants = ["cache"]\n')
    assert "cache" in comard.cli("check", "--all").stdout
    comard.write("/etc/comar/services/web.toml", 'requires = ["db"]\n')
    assert "circle" in comard.cli("check", "--all").stdout
    comard.write("/etc/comar/services/web.toml", "restart = \n")
    result = comard.cli("start", "--dry-run", "web")
    assert result.returncode == 1 and "web.toml" in result.stdout + result.stderr


def test_settings_that_are_wrong_do_not_end_comard(comard):
    pid = comard.pid
    comard.write("/etc/comar/comard.toml", "[providers]\nlogger = [\"one\"]\n")
    result = comard.cli("daemon-reexec")
    assert result.returncode != 0 and "comard.toml:2" in result.stderr and "goes on as it was" in result.stderr
    assert comard.cli("list").returncode == 0 and comard.pid == pid
    comard.write("/etc/comar/comard.toml", "")


def test_a_program_that_is_gone_is_not_executed_anew(start_comard, place):
    program = place.own_prefix() / "bin/comard"
    comard = start_comard(program=program)
    program.unlink()
    result = comard.cli("daemon-reexec")
    assert result.returncode != 0 and "cannot execute" in result.stderr and "No such file" in result.stderr
    assert comard.cli("list").returncode == 0
