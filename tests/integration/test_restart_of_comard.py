# SPDX-License-Identifier: MIT
"""comard ends, by kill or in order, and another one takes over."""

from support.daemon import Daemon
from support.processes import Process
from support.scripts import detached, service_script


def main_of(service):
    return Process(service.supervision["MainPID"])


def test_killed_and_started_again_it_knows_its_services(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    comard.kill()
    assert main.alive
    comard.start()
    service = comard.service("app")
    assert service.supervision["MainPID"] == main.pid
    assert service.supervision["State"] == "running"
    assert service.state == "started"
    service.stop()
    main.wait_gone()


def test_a_death_that_nobody_saw_is_told(comard):
    server = comard.program("server")
    comard.register("app", detached(server)).start()
    main = main_of(comard.service("app"))
    comard.kill()
    main.kill()
    main.wait_gone()
    comard.start()
    assert comard.service("app").supervision["State"] in ("stopped", "failed")
    assert comard.service("app").state == "off"


def test_killed_in_the_middle_of_a_start_no_lock_is_left_and_the_truth_is_told(comard, told):
    gate = comard.gate("never")
    server = comard.program("server")
    comard.register("app", service_script("""
        @synchronized
        def start():
            if not os.path.exists(AGAIN):
                open(AGAIN, "w").close()
                tell(os.getpid())
                open(GATE).read(1)
            startService(command=SERVER, detach=True)

        @synchronized
        def stop():
            stopService(command=SERVER)
        """, told=told, GATE=gate, SERVER=server, AGAIN=str(comard.place.folder / "again")))
    comard.service("app").begin("start")
    worker = Process(told.value())
    comard.kill()
    comard.start()
    worker.wait_gone()
    service = comard.service("app")
    assert service.supervision["State"] == "failed"
    assert "comard" in service.supervision["LastError"]
    service.start()
    assert service.supervision["State"] == "running"
    service.stop()


def state_of(comard):
    return comard.place.root / "run/comar/state"


def test_a_record_that_was_cut_off_is_as_if_never_written(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    comard.kill()
    with open(state_of(comard), "ab") as state:
        state.write(b"comar-state 2 99")
    comard.start()
    assert comard.service("app").supervision["PIDs"] == [main.pid]
    assert "damaged" not in comard.log
    comard.service("app").stop()
    main.wait_gone()


def test_a_damaged_state_file_is_refused_and_the_cgroup_tells(comard):
    server = comard.program("server")
    service = comard.register("app", detached(server))
    service.start()
    main = main_of(service)
    if not service.supervision["ControlGroup"]:
        service.stop()
        return
    comard.kill()
    state = state_of(comard)
    state.write_bytes(state.read_bytes().replace(b"running", b"walking"))
    comard.start()
    assert comard.service("app").supervision["PIDs"] == [main.pid]
    assert "damaged" in comard.log
    comard.service("app").stop()
    main.wait_gone()


def test_in_order_it_leaves_services_running(comard):
    server = comard.program("server")
    comard.register("app", detached(server)).start()
    main = main_of(comard.service("app"))
    comard.stop()
    assert main.alive
    comard.start()
    assert comard.service("app").supervision["MainPID"] == main.pid
    comard.service("app").stop()
    main.wait_gone()


def test_a_second_one_on_the_same_root_refuses_and_names_the_first(comard, place):
    second = Daemon(place)
    second.launch().close()
    assert second.wait() == 1
    assert f"process {comard.pid}" in second.log
    assert comard.bus.applications() == []
