# SPDX-License-Identifier: MIT
"""The state words of SPEC 1, start-up states, and the default methods."""

import pytest

from support.bus import BusError
from support.scripts import service_script

FOLDERS = {"on": "enabled", "off": "disabled", "conditional": "conditional"}

STATUS = """
    def status():
        return os.path.exists(RUNNING)
    """


def with_status(place):
    return service_script("""
        def start():
            open(RUNNING, "w").close()

        def stop():
            os.unlink(RUNNING)

        def status():
            return os.path.exists(RUNNING)
        """, RUNNING=str(place.folder / "running"))


@pytest.mark.parametrize("start_up, running, word", [
    ("on", True, "on"), ("on", False, "stopped"),
    ("off", True, "started"), ("off", False, "off"),
    ("conditional", True, "conditional_started"), ("conditional", False, "conditional_stopped"),
])
def test_info_tells_start_up_state_and_status_in_one_word(comard, start_up, running, word):
    service = comard.register("app", with_status(comard.place))
    service.set_state(start_up)
    if running:
        (comard.place.folder / "running").touch()
    assert service.info()[2] == word


@pytest.mark.parametrize("start_up", FOLDERS)
def test_without_status_and_processes_info_tells_the_start_up_state(comard, start_up):
    service = comard.register("app", service_script("""
        def start():
            pass

        def stop():
            pass
        """))
    service.set_state(start_up)
    assert service.info()[2] == start_up


def test_without_status_comar_tells_what_it_supervises(comard):
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            startService(command=SERVER, detach=True)

        def stop():
            stopService(command=SERVER)
        """, SERVER=server))
    service.start()
    assert service.info()[2] == "started"
    service.set_state("on")
    assert service.info()[2] == "on"
    service.stop()
    assert service.info()[2] == "stopped"


def test_set_state_records_the_state_and_tells_everyone(comard):
    service = comard.register("app", with_status(comard.place))
    changed = comard.signals()
    for state in ("on", "conditional", "off"):
        service.set_state(state)
        changed.wait_for("app", state)
        for other, folder in FOLDERS.items():
            file = comard.place.root / "etc/mudur/services" / folder / "app"
            assert file.exists() == (other == state)


def test_any_other_state_fails_and_changes_nothing(comard):
    service = comard.register("app", with_status(comard.place))
    service.set_state("on")
    with pytest.raises(BusError, match="maybe"):
        service.set_state("maybe")
    assert service.info()[2] == "stopped"


@pytest.mark.parametrize("start_up, starts", [("on", True), ("off", False), ("conditional", False)])
def test_ready_starts_what_is_on(comard, start_up, starts):
    service = comard.register("app", with_status(comard.place))
    service.set_state(start_up)
    service.ready()
    assert (comard.place.folder / "running").exists() == starts


def test_the_default_state_is_given_when_nobody_has_chosen(comard):
    text = 'serviceDefault = "conditional"\n' + with_status(comard.place)
    assert comard.register("app", text).info()[2] == "conditional_stopped"
    service = comard.service("app")
    service.set_state("off")
    service.register_state()
    comard.register("app", text)
    assert service.info()[2] == "off"


def test_a_scripts_own_methods_win(comard, told):
    service = comard.register("app", service_script("""
        def info():
            return ("local", "mine", "whatever")

        def ready():
            tell(is_on())

        def start():
            pass

        def stop():
            pass
        """, told=told))
    assert service.info() == ("local", "mine", "whatever")
    service.ready()
    assert told.value() == "off"


def test_a_wrong_return_type_is_an_error_to_the_caller(comard):
    service = comard.register("app", service_script("""
        def info():
            return ("local", 7, "off")

        def start():
            pass

        def stop():
            pass
        """))
    with pytest.raises(BusError) as caught:
        service.info()
    assert caught.value.name == "Invalid"
    assert "int" in caught.value.message and "string" in caught.value.message


def test_a_method_that_the_script_lacks_is_missing(comard):
    service = comard.register("app", with_status(comard.place))
    with pytest.raises(BusError) as caught:
        service.reload()
    assert caught.value.name == "Missing"
