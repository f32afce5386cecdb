# SPDX-License-Identifier: MIT
"""Another comard goes on where one was: executed anew in its place, or beside it with --replace."""

import signal

import pytest

from support.bus import BusError
from support.daemon import Daemon
from support.processes import Process
from support.scripts import detached, service_script


def main_of(service):
    return Process(service.supervision["MainPID"])


def reexec(comard):
    """Goes on with a new connection, as the CLI does."""
    done = comard.cli("daemon-reexec")
    assert (done.returncode, done.stderr) == (0, "")
    comard.disconnect()


def serves(comard):
    return comard.log.count(" serves ")


def test_executed_anew_it_is_the_same_process_and_all_services_run_on(comard):
    for app in ("one", "two"):
        comard.register(app, detached(comard.program(app))).start()
    mains = [main_of(comard.service(app)) for app in ("one", "two")]
    before = comard.pid
    reexec(comard)
    assert serves(comard) == 2
    assert comard.running and comard.pid == before
    assert [comard.service(app).supervision["MainPID"] for app in ("one", "two")] == [
        main.pid for main in mains]
    assert all(main.alive for main in mains)
    for app in ("one", "two"):
        comard.service(app).stop()
    assert not any(main.alive for main in mains)


def test_executed_anew_it_still_learns_how_a_service_ends(comard, told):
    service = comard.register("app", detached(
        comard.program("server"), f"--on-term-exit 7 --tell {told}"))
    service.start()
    told.line()
    reexec(comard)
    service = comard.service("app")
    main_of(service).signal(signal.SIGTERM)
    comard.until(lambda: service.supervision["State"] == "failed", "the end of the program")
    comard.until(lambda: service.supervision["ExitCode"] == 7, "its exit code")


def test_whoever_waits_for_a_job_gets_its_answer_first(comard, told):
    gate = comard.gate("go")
    service = comard.register("app", service_script("""
        def start():
            tell("begun")
            open(GATE).read(1)
            fail("as it should")
        """, told=told, GATE=gate))
    waiting = service.begin("start")
    assert told.value() == "begun"
    starter = comard.launch_cli("daemon-reexec")
    comard.until(lambda: "executing comard anew" in comard.log, "the wish to be reported")
    gate.open()
    with pytest.raises(BusError, match="as it should"):
        waiting.result()
    assert starter.wait(60) == 0
    comard.disconnect()
    assert serves(comard) == 2
    assert comard.service("app").supervision["State"] == "failed"


def test_a_restart_that_was_pending_still_comes(comard):
    service = comard.register("app", service_script("""
        serviceRestart = "always"
        serviceRestartDelay = 1

        def start():
            startService(SERVER, detach=True)
        """, SERVER=comard.program("server")))
    service.start()
    first = main_of(service)
    first.kill()
    comard.until(lambda: service.supervision["RetryUsec"] > 0, "the restart to be planned")
    reexec(comard)
    service = comard.service("app")
    comard.until(lambda: service.supervision["State"] == "running", "the restart")
    assert main_of(service).pid != first.pid
    service.stop()


@pytest.mark.parametrize("user, status", [("root", 0), ("nobody", 4)])
def test_only_who_may_can_have_it_executed_anew(comard, user, status):
    assert comard.cli("daemon-reexec", user=user).returncode == status
    comard.disconnect()
    assert serves(comard) == (2 if status == 0 else 1)


def test_a_second_one_takes_the_place_of_the_first_and_all_services_run_on(comard, place):
    comard.register("app", detached(comard.program("server"))).start()
    main = main_of(comard.service("app"))
    comard.disconnect()
    second = Daemon(place, arguments=["--replace"])
    second.log_path = place.folder / "second.log"
    second.start()
    try:
        assert comard.wait() == 0
        assert f"taking the place of process {comard.pid}" in second.log
        assert second.service("app").supervision["MainPID"] == main.pid
        assert main.alive
        second.service("app").stop()
        assert not main.alive
    finally:
        second.stop()


def test_with_nobody_to_replace_it_just_starts(place, start_comard):
    comard = start_comard(arguments=["--replace"])
    assert comard.bus.applications() == []
