# SPDX-License-Identifier: MIT
"""Scripts that call others: call(), its results, its errors and its time."""

import pytest

from support.bus import BusError
from support.scripts import doing, service_script


def start(comard, told, body, **names):
    """Starts a service "app" whose start() does `body`."""
    comard.register("app", doing(body, told, **names)).start()


def error_of(comard, body):
    """How start() of a service "app" fails."""
    with pytest.raises(BusError) as caught:
        start(comard, None, body)
    return caught.value


# call()

OTHER = service_script("""
    def start():
        pass

    def stop():
        fail("not today")

    def ready():
        raise ValueError("odd value")

    def setState(state):
        with open(TOLD, "w") as mailbox:
            mailbox.write(repr((state, bus_sender(), script())) + "\\n")
    """)


@pytest.fixture
def other(comard, told):
    """A service "other" that a script may call."""
    comard.register("other", OTHER + f'\nTOLD = "{told}"\n')


@pytest.mark.usefixtures("other")
def test_a_call_returns_nothing_one_value_or_a_list(comard, told):
    comard.register("fw", """
        def getState():
            return "on"

        def listModules():
            return ("nat", "masquerade")

        def moduleInfo(module):
            return ("Title of " + module, "Longer", "icon")

        def getModuleParameters(module):
            return {"module": module, "ş": "ç"}

        def moduleParameters(module):
            return [("a", "b", "c", {"d": "e"})]
        """, model="Network.Firewall")
    start(comard, told, """
        tell(call("other", "System.Service", "start"))
        tell(call("other", "System.Service", "info"))
        tell(call("fw", "Network.Firewall", "getState"))
        tell(call("fw", "Network.Firewall", "listModules"))
        tell(call("fw", "Network.Firewall", "moduleInfo", ("nat",)))
        tell(call("fw", "Network.Firewall", "getModuleParameters", ["nat"]))
        tell(call("fw", "Network.Firewall", "moduleParameters", "nat"))
        """)
    assert told.value() is None
    assert told.value() == ["server", "Server", "off"]
    assert told.value() == "on"
    assert told.value() == ["nat", "masquerade"]
    assert told.value() == ["Title of nat", "Longer", "icon"]
    assert told.value() == {"module": "nat", "ş": "ç"}
    assert told.value() == [["a", "b", "c", {"d": "e"}]]


FORMS = [
    'call("other", "System.Service", "setState", ("on",))',
    'call("other", "System.Service", "setState", ["on"])',
    'call("other", "System.Service", "setState", "on")',
    'call("other", "System.Service", "setState", args=("on",), timeout=60)',
    'call(app="other", model="System.Service", method="setState", args="on")',
    'call("System.Service.setState", "other", "on")',
    'call("System.Service.setState", "other", "on", timeout=60)',
]


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("call", FORMS)
def test_every_form_of_call_reaches_the_script_as_the_same_caller(comard, told, call):
    start(comard, told, f"tell({call})")
    assert told.value() == ("on", comard.bus.unique_name, "other")
    assert told.value() is None


def test_call_takes_the_name_that_users_type(comard, told):
    comard.register("7-my.app", doing("tell(script())", told))
    start(comard, told, 'call("7-my.app", "System.Service", "start")')
    assert told.value() == "_7_my_app"


FAILURES = [
    ('"other", "System.Service", "stop"', "Exception", "not today"),
    ('"other", "System.Service", "ready"', "ValueError", "odd value"),
    ('"other", "System.Service", "reload"', "Missing", "other does not define reload()"),
    ('"nobody", "System.Service", "start"', "Internal", "Unable to find nobody"),
    ('"other", "System.Package", "preRemove"', "Internal", "Unable to find other"),
    ('"other", "System.Nothing", "start"', "Invalid", "no model System.Nothing"),
    ('"other", "System.Service", "fly"', "Invalid", "no method fly"),
    ('"other", "System.Service", "setState"', "Invalid", "setState"),
    ('"other", "System.Service", "setState", (1,)', "Invalid", "setState"),
    ('"other", "System.Service", "setState", ("on", "off")', "Invalid", "setState"),
]


@pytest.mark.usefixtures("other")
def test_an_error_of_a_call_is_an_exception_of_that_name(comard, told):
    start(comard, told, """
        for arguments in CALLS:
            try:
                eval("call(" + arguments + ")")
            except Exception as error:
                tell((type(error).__name__, str(error)))
        """, CALLS=[arguments for arguments, _, _ in FAILURES])
    for _, name, words in FAILURES:
        caught_name, caught_text = told.value()
        assert caught_name == name
        assert words in caught_text


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("arguments, name, words", FAILURES)
def test_an_error_that_a_script_lets_pass_is_its_own(comard, arguments, name, words):
    error = error_of(comard, f"call({arguments})")
    assert error.name == name
    assert words in error.message


def test_a_called_script_that_is_not_there_is_named_to_the_user(comard):
    comard.register("app", doing('call("nobody", "System.Service", "start")'))
    answer = comard.cli("start", "app")
    assert answer.returncode == 1
    assert "nobody" in answer.stderr


@pytest.mark.parametrize("arguments, name, words", [
    ('"a"', "TypeError", "call()"),
    ('"a", "System.Service"', "TypeError", "call()"),
    ('"a", "System.Service", "start", (), -1, 3', "TypeError", "call()"),
    ('"a", "System.Service", "start", wait=3', "TypeError", "call()"),
    ('"a", "System.Service", "start", object()', "TypeError", "object"),
    ('"a", "System.Service", "start", (2 ** 64,)', "OverflowError", "64 bits"),
    ('"a", "System.Service", "start", timeout="soon"', "ValueError", "soon"),
])
def test_a_call_that_makes_no_sense_is_an_error_of_the_caller(comard, arguments, name, words):
    error = error_of(comard, f"call({arguments})")
    assert error.name == name
    assert words in error.message


@pytest.fixture
def slow(comard, told):
    """The gate that start() of a service "slow" waits at; it tells "begun" before, "done" after."""
    gate = comard.gate("slow")
    comard.register("slow", doing("""
        tell("begun")
        open(GATE).read(1)
        tell("done")
        """, told, GATE=gate))
    return gate


@pytest.mark.parametrize("timeout", ["-1", "None", "float('inf')", "float('nan')", "3600", "1e300", "'60'"])
def test_a_call_waits_as_long_as_it_may(comard, told, slow, timeout):
    comard.register("app", doing(
        f'tell(call("slow", "System.Service", "start", timeout={timeout}))', told))
    pending = comard.service("app").begin("start")
    assert told.value() == "begun"
    comard.bus.sync()
    assert not pending.done
    slow.open()
    pending.result()
    assert [told.value(), told.value()] == ["done", None]


@pytest.mark.parametrize("timeout", ["0", "0.01", "0.2"])
def test_a_call_that_takes_longer_than_allowed_is_timed_out_and_goes_on(comard, told, slow, timeout):
    comard.register("app", doing(f"""
        before = time.monotonic()
        try:
            call("slow", "System.Service", "start", timeout={timeout})
        except Exception as error:
            tell([type(error).__name__, str(error), time.monotonic() - before >= {timeout}])
        """, told))
    comard.service("app").start()
    assert sorted([told.value(), told.value()], key=str) == [
        ["TimedOut", f"cannot wait longer for slow.start than {int(float(timeout) * 1000)} ms", True], "begun"]
    joined = comard.bus.service("slow").begin("start")
    comard.bus.sync()
    slow.open()
    joined.result()
    assert told.value() == "done"
    assert told.lines() == []


def test_after_a_timeout_the_next_call_gets_its_own_answer(comard, told, slow):
    later = comard.gate("later")
    comard.register("fw", "def getState():\n    return 'mine'\n", model="Network.Firewall")
    comard.register("app", doing("""
        try:
            call("slow", "System.Service", "start", timeout=0.01)
        except Exception as error:
            tell(type(error).__name__)
        tell("waiting")
        open(LATER).read(1)
        tell(call("fw", "Network.Firewall", "getState"))
        """, told, LATER=later))
    pending = comard.service("app").begin("start")
    assert sorted(told.value() for _ in range(3)) == ["TimedOut", "begun", "waiting"]
    slow.open()
    assert told.value() == "done"    # whose answer comes too late
    later.open()
    assert told.value() == "mine"
    pending.result()


def test_a_script_may_call_itself(comard, told):
    service = comard.register("app", service_script("""
        def start():
            call(script(), "System.Service", "setState", "conditional")
            tell(call(script(), "System.Service", "info"))

        def stop():
            pass
        """, told=told))
    service.start()
    assert told.value() == ["server", "Server", "conditional"]


def test_status_and_info_may_call_others(comard):
    comard.register("fw", "def getState():\n    return 'on'\n", model="Network.Firewall")
    service = comard.register("app", service_script("""
        def status():
            return call("fw", "Network.Firewall", "getState") == "on"

        def start():
            pass

        def stop():
            pass
        """))
    assert service.state == "started"
    assert comard.bus.list_services()[0]["state"] == "started"


def test_a_call_in_a_process_that_the_script_has_forked_says_why_it_cannot_be(comard, told):
    start(comard, told, """
        if os.fork() == 0:
            try:
                call("app", "System.Service", "info")
            except Exception as error:
                tell((type(error).__name__, str(error)))
            os._exit(0)
        os.wait()
        """)
    name, text = told.value()
    assert name == "RuntimeError"
    assert "call" in text and "comar" in text
