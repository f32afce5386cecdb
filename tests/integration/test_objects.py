# SPDX-License-Identifier: MIT
"""What every object of D-Bus has, and what COMAR's core has beside services: cancel, listRunning, models."""

import pytest

from support.bus import NAME, BusError, Signals, wait_until
from support.processes import Process
from support.scripts import detached, service_script

MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
SUPERVISION = f"{NAME}.Supervision"

HANDLER = """
from comar.service import *

def setupPackage(metapath, filepath):
    pass
"""


def waiting(gate, told):
    """A service whose methods wait for the gate, once they have said that they are there."""
    return service_script("""
        def hold(name):
            tell(name)
            open(GATE).read(1)

        def start():
            hold("start")

        def stop():
            hold("stop")

        def reload():
            hold("reload")

        def info():
            hold("info")
            return "server", "", "off"
        """, told=told, GATE=gate)


def signals(comard, interface, member):
    return Signals(comard.address, interface, member)


# ObjectManager

@pytest.mark.parametrize("path", ["/", "/package"])
def test_all_objects_are_told_at_once_with_their_interfaces_and_properties(comard, path):
    comard.register("web", service_script("def start():\n    pass\n"))
    comard.register("web", HANDLER, model="System.PackageHandler")
    comard.register("tool", HANDLER, model="System.PackageHandler")
    objects = comard.bus.call(path, MANAGER, "GetManagedObjects")
    assert set(objects) == {"/package/web", "/package/tool"}
    assert set(objects["/package/tool"]) == {f"{NAME}.System.PackageHandler"}
    web = objects["/package/web"]
    assert set(web) == {f"{NAME}.System.Service", f"{NAME}.System.PackageHandler", SUPERVISION}
    assert web[SUPERVISION] == comard.service("web").supervision
    assert web[SUPERVISION]["Type"] == "server"


def test_no_script_is_run_to_tell_which_objects_there_are(comard, told):
    comard.register("web", service_script("def status():\n    tell('asked')\n", told=told))
    comard.bus.call("/package", MANAGER, "GetManagedObjects")
    comard.service("web").info()
    assert [told.value()] == ["asked"]
    assert not told.lines()


def test_what_is_registered_and_removed_is_told(comard):
    added, removed = (signals(comard, MANAGER, f"Interfaces{word}") for word in ("Added", "Removed"))
    service = comard.register("web", service_script("def start():\n    pass\n"))
    comard.register("web", HANDLER, model="System.PackageHandler")
    comard.register("web", service_script("def stop():\n    pass\n"))
    comard.bus.remove("web")
    # Told by / and by /package.
    assert [(path, set(interfaces)) for path, interfaces in added.all()] == [
        *2 * [(service.path, {f"{NAME}.System.Service", SUPERVISION})],
        *2 * [(service.path, {f"{NAME}.System.PackageHandler"})],
    ]
    assert [(path, set(interfaces)) for path, interfaces in removed.all()] == [
        *2 * [(service.path, {f"{NAME}.System.Service", f"{NAME}.System.PackageHandler", SUPERVISION})]]


# PropertiesChanged

def test_changes_of_a_service_are_told_as_properties(comard):
    service = comard.register("app", detached(comard.program("server")))
    changes = signals(comard, PROPERTIES, "PropertiesChanged")
    service.start()
    running = latest(changes)
    assert running["State"] == running["SubState"] == "running"
    assert Process(running["MainPID"]).argv[0].endswith("/server")
    assert running == {name: service.supervision[name] for name in running}
    service.stop()
    assert latest(changes)["State"] == "stopped"
    assert all(interface == SUPERVISION for interface, _, _ in changes.all())


def latest(changes):
    """The values that somebody has who took up all the changes."""
    values = {}
    for _, changed, _ in changes.all():
        values.update(changed)
    return values


def test_a_value_that_is_the_same_is_not_told_again(comard):
    service = comard.register("app", detached(comard.program("server")))
    changes = signals(comard, PROPERTIES, "PropertiesChanged")
    service.start()
    told = [changed for _, changed, _ in changes.all()]
    values = {}
    for changed in told:
        assert all(values.get(name) != value for name, value in changed.items())
        values.update(changed)
    service.info()
    comard.bus.list_services()
    assert len(changes.all()) == len(told)
    service.stop()


def test_the_processes_of_a_service_are_told_to_be_others(comard):
    service = comard.register("app", detached(comard.program("server")))
    changes = signals(comard, PROPERTIES, "PropertiesChanged")
    service.start()
    assert any("PIDs" in invalidated for _, _, invalidated in changes.all())
    service.stop()


def test_the_start_up_state_is_told(comard):
    service = comard.register("app", service_script("def start():\n    pass\n"))
    changes = signals(comard, PROPERTIES, "PropertiesChanged")
    service.set_state("conditional")
    assert latest(changes)["StartUp"] == "conditional"


# Supervision

def test_the_sub_state_names_the_method_that_runs_and_how_it_failed(comard, told):
    gate = comard.gate("gate")
    service = comard.register("app", waiting(gate, told))
    for method in ("start", "reload", "stop"):
        call = service.begin(method)
        assert told.value() == method
        assert service.supervision["SubState"] == method
        gate.open()
        call.result()
        assert service.supervision["SubState"] == service.supervision["State"] != method


@pytest.mark.parametrize("end, sub_state", [("exit 3", "exit-code"), ("kill -9 $$", "signal")])
def test_the_sub_state_of_a_failed_service_says_how(comard, end, sub_state):
    gate = comard.gate("gate")
    service = comard.register("app", service_script("""
        def start():
            startService(command="/bin/sh", args=["-c", PROGRAM], detach=True)
        """, PROGRAM=f"head -c 1 {gate}; {end}"))
    service.start()
    gate.open()
    comard.until(lambda: service.supervision["State"] == "failed", "the end of the program")
    assert service.supervision["SubState"] == sub_state


def test_what_a_script_starts_is_what_it_requires(comard):
    comard.register("db-one", service_script("def start():\n    pass\n"))
    comard.register("web", service_script("""
        def start():
            startDependencies("db-one", "log")
            call("cache", "System.Service", "start")
        """))
    assert comard.service("web").supervision["Requires"] == ["cache", "db_one", "log"]
    assert comard.service("db_one").supervision["RequiredBy"] == ["web"]
    assert comard.service("web").supervision["RequiredBy"] == []


# cancel and listRunning

def running(bus, all_callers=False):
    return bus.call("/", NAME, "listRunning", "b", all_callers)


def cancel(bus, method):
    return bus.call("/", NAME, "cancel", "s", method)


def test_running_calls_are_listed_for_their_caller_and_for_all(comard, told):
    gate = comard.gate("gate")
    comard.register("app", waiting(gate, told))
    mine, other = comard.connect(), comard.connect()
    start = mine.service("app").begin("start")
    told.value()
    info = other.service("app").begin("info")
    told.value()
    assert running(mine) == [f"{NAME}.System.Service.start"]
    assert running(other) == [f"{NAME}.System.Service.info"]
    assert running(comard.bus) == []
    assert running(comard.bus, True) == [f"{NAME}.System.Service.info", f"{NAME}.System.Service.start"]
    gate.open()
    wait_until(lambda: start.done or info.done, 60, "one of them")    # a reader takes all that is there
    gate.open()
    start.result(), info.result()
    assert running(comard.bus, True) == []


@pytest.mark.parametrize("method", ["start", "System.Service.start", f"{NAME}.System.Service.start", "", "*"])
def test_a_caller_ends_its_running_call(comard, told, method):
    service = comard.register("app", waiting(comard.gate("gate"), told))
    start = service.begin("start")
    told.value()
    assert cancel(comard.connect(), method) == 0, "it is somebody else's"
    assert cancel(comard.bus, "stop") == 0
    assert cancel(comard.bus, method) == 1
    with pytest.raises(BusError) as ended:
        start.result()
    assert ended.value.name == "Cancelled"
    assert service.supervision["State"] == "failed"
    assert cancel(comard.bus, method) == 0


def test_what_others_wait_for_goes_on_when_one_of_them_cancels(comard, told):
    gate = comard.gate("gate")
    comard.register("app", waiting(gate, told))
    one, other = comard.connect(), comard.connect()
    first = one.service("app").begin("start")
    told.value()
    second = other.service("app").begin("start")
    assert running(other) == [f"{NAME}.System.Service.start"]
    assert cancel(one, "start") == 1
    with pytest.raises(BusError) as ended:
        first.result()
    assert ended.value.name == "Cancelled"
    assert not second.done
    gate.open()
    second.result()


def test_a_job_that_waits_is_withdrawn(comard, told):
    gate = comard.gate("gate")
    service = comard.register("app", waiting(gate, told))
    start = service.begin("start")
    told.value()
    other = comard.connect()
    stop = other.service("app").begin("stop")
    reload = service.begin("reload")
    assert running(other) == [f"{NAME}.System.Service.stop"]
    assert cancel(other, "stop") == 1
    with pytest.raises(BusError):
        stop.result()
    gate.open()
    start.result()
    assert told.value() == "reload", "stop() is not run"
    gate.open()
    reload.result()


# Models

MODEL = """
<node>
  <interface name="tr.org.pardus.comar.Test.Model">
    <method name="echo">
      <arg name="text" type="s" direction="in"/>
      <arg name="result" type="s" direction="out"/>
    </method>
  </interface>
</node>
"""


@pytest.fixture
def models(place):
    """comard finds its models beside its program: a prefix of the test's own."""
    return place.own_prefix() / "share/comar/models"


def test_a_model_that_is_dropped_into_the_folder_is_served_after_reload_models(place, models, start_comard):
    comard = start_comard(program=place.own_prefix() / "bin/comard")
    with pytest.raises(BusError):
        comard.register("app", HANDLER, model="Test.Model")
    (models / "Test.Model.xml").write_text(MODEL)
    (models / "Broken.xml").write_text("<node><interface")
    result = comard.cli("reload-models")
    assert result.returncode == 1
    assert "Broken.xml" in result.stderr and "Test.Model" not in result.stderr
    assert "Broken.xml" in comard.log
    comard.register("app", "from comar.service import *\n\ndef echo(text):\n    return text\n", model="Test.Model")
    assert comard.bus.call("/package/app", f"{NAME}.Test.Model", "echo", "s", "çok") == "çok"
    (models / "Broken.xml").unlink()
    assert comard.cli("reload-models").returncode == 0
