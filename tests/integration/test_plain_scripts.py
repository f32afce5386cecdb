# SPDX-License-Identifier: MIT
"""What plain scripts do, comard does itself: no script host is needed, and all is as if there had been one."""

import os

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import PLAIN, edit, service_script

SCRIPT = '\n    serviceRestart = "always"\n' + PLAIN


@pytest.fixture
def comard(start_comard):
    return start_comard({"host": {"idle_seconds": 1}})


def register(comard, told, program="server", extra="", script=SCRIPT):
    return comard.register("app", service_script(
        extra + script, SERVER=comard.program(program), ARGS=f"--tell {told}", PIDFILE=f"{comard.root}/run/app.pid"))


def limits(process):
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
        return file.read()


def environment(process):
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        return sorted(file.read().split(b"\0"))


def as_it_is(process, comard):
    """All that a program has from whoever started it."""
    fds = {number: process.fd(number) for number in (0, 1, 2)}
    comard.until(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == 4, "the mailbox to be closed")
    status = {field: process.status(field) for field in
              ("Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "CapEff", "NoNewPrivs")}
    return (process.argv, environment(process), limits(process), os.readlink(f"/proc/{process.pid}/cwd"), fds,
            status, process.nice, process.session == process.pid, process.cgroup)


def crash(told):
    """Kills the program; returns it and the one that took its place."""
    first = Process(int(told.line()))
    first.kill()
    return first, Process(int(told.line()))


def children(comard, name):
    with open(f"/proc/{comard.pid}/task/{comard.pid}/children", encoding="ascii") as file:
        found = [Process(int(pid)) for pid in file.read().split()]
    return [child for child in found if child.alive and child.comm.startswith(name)]


def hosts(comard):
    return children(comard, "comar-script")


def test_it_is_as_a_worker_would_have_started_it(comard, told):
    # A pidfile that names somebody is for its script to judge.
    os.makedirs(f"{comard.root}/run", exist_ok=True)
    with open(f"{comard.root}/run/app.pid", "w", encoding="ascii") as pidfile:
        pidfile.write("1\n")
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    expected = as_it_is(first, comard)
    assert first.parent != comard.pid
    first.kill()
    second = Process(int(told.line()))
    assert second.parent == comard.pid, "a worker has started it"
    assert as_it_is(second, comard) == expected
    with open(f"{comard.root}/run/app.pid", encoding="ascii") as pidfile:
        assert pidfile.read() == f"{second.pid}\n"
    comard.until(lambda: service.supervision["State"] == "running", "the start to be over")
    assert service.supervision["PIDs"] == [second.pid] and service.supervision["MainPID"] == second.pid
    service.stop()


def test_no_script_host_is_needed(comard, told):
    service = register(comard, told)
    comard.until(lambda: not hosts(comard), "the script host to be let go")
    service.start()
    first = Process(int(told.line()))
    assert first.parent == comard.pid and service.supervision["State"] == "running"
    assert service.supervision["PIDs"] == [first.pid]
    first.kill()
    told.line()
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    assert not hosts(comard)
    service.stop()


def test_its_end_and_its_changes_are_told_as_ever(comard, told):
    changed = comard.signals()
    service = register(comard, told)
    service.start()
    _, second = crash(told)
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    service.stop()
    assert not second.alive
    assert [state for app, state in changed.all() if app == "app"] == ["started", "stopped", "started", "stopped"]


def test_a_program_that_is_gone_is_told_by_its_script(comard, told):
    service = register(comard, told, extra="\n    serviceRestartLimit = (1, 60)\n")
    service.start()
    first = Process(int(told.line()))
    os.unlink(f"{comard.root}/usr/bin/server")
    first.kill()
    comard.until(lambda: service.supervision["State"] == "failed", "the restart to fail")
    comard.until(lambda: "comar reset" in service.supervision["LastError"], "comard to give up")
    assert "server" in comard.service_log("app")


STATUS_BY_PROCESS = SCRIPT.replace("isServiceRunning(PIDFILE)", "isServiceRunning(command=SERVER)")


@pytest.mark.parametrize("script, is_direct", [
    (SCRIPT, True),
    (STATUS_BY_PROCESS, False),                                     # comard would have to look at all processes
    (SCRIPT.replace("isServiceRunning(PIDFILE)", "isServiceRunning('/etc/app.pid')"), False),    # a disk may hang
    (SCRIPT.replace("    def status():\n        return isServiceRunning(PIDFILE)\n", ""), True),
])
def test_the_first_start_needs_no_script_where_comard_sees_what_it_would_see(comard, told, script, is_direct):
    service = comard.register("app", service_script(
        script, SERVER=comard.program("server"), ARGS=f"--tell {told}", PIDFILE=f"{comard.root}/run/app.pid"))
    service.start()
    assert (Process(int(told.line())).parent == comard.pid) == is_direct
    service.stop()


def test_one_that_runs_already_is_left_alone(comard, told):
    """Whoever started it: its pidfile says so, and its script is asked."""
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    comard.kill()
    os.unlink(f"{comard.root}/run/comar/state")
    comard.start()
    service = comard.service("app")
    service.start()
    assert first.alive and service.supervision["PIDs"] == [first.pid]
    service.stop()


def test_a_spawner_that_dies_is_replaced(comard, told):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    [spawner] = children(comard, "comard-spawner")
    spawner.kill()
    first.kill()
    Process(int(told.line()))
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    assert [one.pid for one in children(comard, "comard-spawner")] != [spawner.pid]
    service.stop()


def test_a_plain_stop_needs_no_script_host(comard, told):
    changed = comard.signals()
    service = register(comard, told)
    service.start()
    process = Process(int(told.line()))
    comard.until(lambda: not hosts(comard), "the script host to be let go")
    service.stop()
    assert not process.alive and service.supervision["State"] == "stopped"
    assert not hosts(comard)
    assert [state for app, state in changed.all() if app == "app"] == ["started", "stopped"]


def test_a_process_that_does_not_end_is_killed_when_the_time_of_a_call_is_over(start_comard, told):
    comard = start_comard({"calls": {"start_seconds": 1}})
    service = comard.register("app", service_script(
        PLAIN, SERVER=comard.program("server"), ARGS=f"--ignore-term --tell {told}",
        PIDFILE=f"{comard.root}/run/app.pid"))
    service.start()
    process = Process(int(told.line()))
    service.stop()
    assert not process.alive and service.supervision["State"] == "stopped"
    assert f"SIGTERM did not end process {process.pid} (server); SIGKILL has" in service.supervision["Cause"]


@pytest.mark.parametrize("named", ["", "1\n"])
def test_a_pidfile_that_does_not_name_the_main_process_is_for_the_script(comard, told, named):
    service = register(comard, told)
    service.start()
    process = Process(int(told.line()))
    with open(f"{comard.root}/run/app.pid", "w", encoding="ascii") as pidfile:
        pidfile.write(named)
    comard.until(lambda: not hosts(comard), "the script host to be let go")
    service.stop()
    assert hosts(comard), "no script was asked"
    # What its stop() leaves comar ends.
    assert not process.alive


def test_a_stop_that_was_edited_is_run(comard, told):
    service = register(comard, told, script=PLAIN)
    service.start()
    process = Process(int(told.line()))
    edit(service, "    stopService(", '    fail("not today")\n    stopService(')
    with pytest.raises(BusError, match="not today"):
        service.stop()
    assert service.supervision["State"] == "running"
    process.kill()


def test_an_edited_script_is_what_is_started(comard, told, place):
    service = register(comard, told)
    service.start()
    first = Process(int(told.line()))
    edit(service, "--tell", "--comm edited --tell")
    first.kill()
    second = Process(int(told.line()))
    assert second.comm == "edited"
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    service.stop()


def test_it_waits_for_the_word_that_it_is_ready(comard, told):
    gate = comard.gate("ready")
    service = comard.register("app", service_script(
        '\n    serviceReadiness = "notify"' + SCRIPT, SERVER=comard.program("server"),
        ARGS=f"--wait-for {gate} --notify READY=1 --tell {told}", PIDFILE=f"{comard.root}/run/app.pid"))
    comard.until(lambda: not hosts(comard), "the end of the script host")
    starting = service.begin("start")
    comard.until(lambda: service.supervision["SubState"] == "start" and service.supervision["MainPID"], "its program")
    changed = comard.signals()
    assert not starting.done
    gate.open()
    starting.result()
    assert Process(int(told.line())).parent == comard.pid
    assert changed.all() == [("app", "started")]
    assert not hosts(comard)
    service.stop()
