# SPDX-License-Identifier: MIT
"""The methods that a script has without defining them."""

import pytest

API = """
serviceType = "server"
serviceDesc = _({"en": "Server", "tr": "Sunucu"})
from comar.service import *
"""

STATES = [
    ("on", True, "on"), ("on", False, "stopped"), ("on", None, "on"),
    ("off", True, "started"), ("off", False, "off"), ("off", None, "off"),
    ("conditional", True, "conditional_started"), ("conditional", False, "conditional_stopped"),
    ("conditional", None, "conditional"),
]


@pytest.mark.parametrize("startup, runs, state", STATES)
def test_the_state_combines_start_up_and_running(comard, startup, runs, state):
    comard.service.update(startup=startup, running=runs)
    assert comard.value(API, "info") == ["server", "Server", state]
    if runs is not None:
        comard.service["running"] = not runs
        script = API + f"def status(): return {'[1]' if runs else '[]'}"
        assert comard.value(script, "info", language="tr") == ["server", "Sunucu", state]


def test_without_description_and_type_there_is_something_to_show(comard):
    assert comard.value("from comar.service import *", "info") == ["local", "", "off"]
    script = "from comar.service import *\nserviceDesc = {'tr': 'Sunucu', 'en': 'Server'}"
    assert comard.value(script, "info", language="tr")[1] == "Sunucu"


def test_a_status_that_fails_is_the_callers_to_know(comard):
    assert comard.run(API + "def status(): fail('broken')", "info").error == ("Exception", "broken")


def test_a_model_without_services_has_no_service(comard):
    script = "def setState(x): return x\n"
    assert comard.value(script, "setState", model="Network.Firewall", service=None, args=["on"]) == "on"


@pytest.mark.parametrize("startup, started", [("on", True), ("off", False), ("conditional", False)])
def test_ready_starts_what_is_on(comard, startup, started):
    comard.service["startup"] = startup
    script = API + "def start(boot=False): notify('System.Service', 'Changed', ('x', 'y'))"
    assert bool(comard.run(script, "ready").told("notify")) is started


def test_ready_without_a_start_is_missing(comard):
    comard.service["startup"] = "on"
    assert comard.run(API, "ready").error == ("Missing", "web does not define start()")


def test_the_scripts_own_methods_win(comard):
    script = API + """
def info(): return "own"
def ready(): return "mine"
"""
    assert comard.value(script, "info") == "own"
    assert comard.value(script, "ready") == "mine"


@pytest.mark.parametrize("state", ["on", "off", "conditional"])
def test_a_state_is_set_by_comard(comard, state):
    outcome = comard.run(API + "def start():\n    setState(bus_sender() and STATE)\n    return is_on()"
                         .replace("STATE", repr(state)))
    assert outcome.told("set_state") == [{"op": "set_state", "state": state}]
    assert outcome.value == state
    assert comard.run(API, "setState", args=[state]).value is None


@pytest.mark.parametrize("state", ["perhaps", "", None, ["on"]])
def test_any_other_state_fails(comard, state):
    outcome = comard.run(API, "setState", args=[state])
    assert outcome.error[0] == "Exception"
    assert outcome.told("set_state") == []


def test_a_state_that_cannot_be_recorded_is_an_error(comard):
    error = {"error": {"name": "Internal", "message": "cannot write"}}
    outcome = comard.run(API, "setState", args=["on"], replies={"set_state": error})
    assert outcome.error == ("Internal", "cannot write")


@pytest.mark.parametrize("default, chosen, set_", [
    ('serviceDefault = "on"', False, ["on"]),
    ('serviceDefault = "conditional"', False, ["conditional"]),
    ('serviceDefault = "on"', True, []),
    ("", False, []),
])
def test_registering_applies_the_default_unless_somebody_chose(comard, default, chosen, set_):
    comard.service["chosen"] = chosen
    outcome = comard.run(API + default, "registerState")
    assert [message["state"] for message in outcome.told("set_state")] == set_


def test_registering_respects_what_the_script_has_chosen_itself(comard):
    script = API + "serviceDefault = 'on'\ndef start():\n    setState('off')\n    registerState()"
    outcome = comard.run(script)
    assert [message["state"] for message in outcome.told("set_state")] == ["off"]
