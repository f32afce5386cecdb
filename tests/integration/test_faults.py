# SPDX-License-Identifier: MIT
"""Supervision on a machine that refuses things: no process, no descriptor, no log, no cgroup."""

import os
import shutil

import pytest

from support.bus import BusError
from support.faults import PidsLimit, few_descriptors
from support.footprint import family
from support.processes import Process
from support.supervised import (LONG, assert_stays_down, is_waiting, main_of, supervised, until_state,
                                with_settings)
from support.ways import start_this_way


@pytest.fixture
def pids(place):
    limit = PidsLimit(place.folder.name)
    if not limit:
        pytest.skip("there is no cgroup controller for pids to use here")
    yield limit
    limit.close()


def register(comard, told, args="", **settings):
    return comard.register("app", supervised(comard.program("server"), f"--tell {told} {args}", **settings))


def started_without_stop(comard, told, children):
    """A service with no stop(), so comar ends it; it runs."""
    service = comard.register("app", with_settings("""
        def start():
            startService(SERVER, args=ARGS, detach=True)
        """, names={"SERVER": comard.program("server"), "ARGS": f"--children {children} --tell {told}"},
        serviceStopTimeout=0.2))
    service.start()
    told.line()
    return service


# No processes

def test_without_processes_a_start_fails_and_with_them_it_works(pids, start_comard, told):
    comard = start_comard()
    service = register(comard, told)
    pids.take([comard.process, *family(comard.pid)])
    pids.allow_no_more()
    for _ in range(3):
        with pytest.raises(BusError):
            service.start()
    assert service.supervision["PIDs"] == []
    assert comard.running
    pids.allow_all()
    service.start()
    main = Process(int(told.line()))
    assert main_of(service).pid == main.pid
    service.stop()


def test_who_cannot_be_started_again_for_want_of_processes_is_once_there_are_some(pids, start_comard, told):
    comard = start_comard()
    service = register(comard, told, serviceRestart="always", serviceRestartLimit="for ever",
                       serviceRestartReset=LONG, serviceRestartMaxDelay=0.05)
    service.start()
    first = Process(int(told.line()))
    pids.take([comard.process, *family(comard.pid), first])
    pids.allow_no_more()
    # The place that the dead one leaves is taken, too.
    filler = [comard.stranger("/bin/sleep", "1000") for _ in range(3)]
    pids.take(filler)
    first.kill()
    comard.until(lambda: service.supervision["Restarts"] >= 3, "some attempts")
    assert service.supervision["PIDs"] == []
    pids.allow_all()
    second = Process(int(told.line()))
    until_state(comard, service, "running")
    assert main_of(service).pid == second.pid
    service.stop()


# No descriptors

def test_without_descriptors_a_start_fails_and_with_them_it_works(comard, told):
    service = register(comard, told)
    supervision = service.supervision
    assert supervision["State"] == "unknown" or supervision["State"] == "stopped"
    for more in range(0, 14):
        with few_descriptors(comard.pid, more):
            try:
                service.start()
            except BusError:
                continue
        # It had enough, so it runs, and comard knows it.
        main = Process(int(told.line()))
        comard.until(lambda: service.supervision["PIDs"] == [main.pid], "its process")
        service.stop()
        main.wait_gone()
        told.lines()
    assert comard.running
    for pid in service.supervision["PIDs"]:
        Process(pid).kill()
    told.lines()
    service.start()
    told.line()
    assert service.supervision["State"] == "running"
    service.stop()
    assert_stays_down(service)


@pytest.mark.parametrize("way", ["cgroups", "no-cgroups"])
@pytest.mark.parametrize("more", [0, 1, 2, 3])
def test_without_descriptors_a_stop_ends_all_or_says_that_it_did_not(place, start_comard, told, way, more):
    comard = start_this_way(way, place, start_comard)
    service = started_without_stop(comard, told, children=3)
    everybody = [Process(pid) for pid in service.supervision["PIDs"]]
    stopped = True
    with few_descriptors(comard.pid, more):
        try:
            service.stop()
        except BusError:
            stopped = False
    if stopped:
        for process in everybody:
            assert not process.alive
    else:
        service.stop()
        assert not any(process.alive for process in everybody)
    assert_stays_down(service)


# No logs

def test_without_a_log_folder_services_run(comard, told):
    service = register(comard, told, "--say hello", serviceRestart="always")
    logs = place_of_logs(comard)
    shutil.rmtree(logs)
    service.start()
    Process(int(told.line())).kill()
    told.line()
    until_state(comard, service, "running")
    service.stop()
    assert_stays_down(service)
    # A file where the folder should be, so that it cannot be made either.
    if os.path.isdir(logs):
        shutil.rmtree(logs)
    open(logs, "w").close()
    service.start()
    told.line()
    service.stop()
    os.unlink(logs)


def test_with_a_log_folder_that_cannot_be_written_services_run(place, start_comard, told):
    comard = start_this_way("nobody", place, start_comard)
    service = register(comard, told, "--say hello", serviceRestart="always")
    os.chmod(place_of_logs(comard), 0)
    service.start()
    Process(int(told.line())).kill()
    told.line()
    until_state(comard, service, "running")
    service.stop()
    assert_stays_down(service)


def place_of_logs(comard):
    return f"{comard.root}/var/log/comar"


# Cgroups under other hands

def in_cgroup(service):
    folder = service.supervision["ControlGroup"]
    if not folder:
        pytest.skip("cgroup v2 cannot be written here")
    return folder


def test_a_cgroup_that_somebody_removed_is_made_anew(comard, told):
    service = register(comard, told, "--orphans 1 --stray", serviceRestart="on-failure")
    service.start()
    told.line()
    folder = in_cgroup(service)
    service.stop()
    os.rmdir(folder)
    service.start()
    first = Process(int(told.line()))
    until_state(comard, service, "running")
    assert first.cgroup and folder.endswith(first.cgroup)
    comard.until(lambda: len(service.supervision["PIDs"]) == 2, "both processes")
    first.kill()
    second = Process(int(told.line()))
    until_state(comard, service, "running")
    assert main_of(service).pid == second.pid
    service.stop()
    assert_stays_down(service)


def test_a_cgroup_that_goes_while_it_waits_is_made_anew(comard, told):
    service = register(comard, told, serviceRestart="on-failure", serviceRestartDelay=LONG,
                       serviceRestartMaxDelay=LONG)
    service.start()
    first = Process(int(told.line()))
    folder = in_cgroup(service)
    first.kill()
    comard.until(lambda: is_waiting(service), "the death")
    os.rmdir(folder)
    comard.bus.manager("Reset", "s", "app")
    told.line()
    until_state(comard, service, "running")
    assert os.path.isdir(folder)
    service.stop()


def test_who_is_frozen_is_stopped_all_the_same(comard, told):
    service = started_without_stop(comard, told, children=1)
    folder = in_cgroup(service)
    everybody = [Process(pid) for pid in service.supervision["PIDs"]]
    with open(f"{folder}/cgroup.freeze", "w") as file:
        file.write("1")
    service.stop()
    assert not any(process.alive for process in everybody)
    assert_stays_down(service)
    with open(f"{folder}/cgroup.freeze", "w") as file:
        file.write("0")
    service.start()
    told.line()
    service.stop()
