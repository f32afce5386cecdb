# SPDX-License-Identifier: MIT
"""Languages, calls of other scripts, signals and dependencies."""

import pytest

from comar._messages import CallError, call, fail, notify, translate

API = "from comar.service import *\n"


@pytest.mark.parametrize("language, text", [
    ("en", "Server"), ("tr", "Sunucu"), ("tr_TR", "Sunucu"), ("tr_TR.UTF-8@x", "Sunucu"),
    ("de_AT", "AT"), ("de_DE.UTF-8", "Server"), ("de", "Server"), ("C", "Server"), ("", "Server"),
    ("sr@latin", "Latin"), ("sr", "Server"),
])
def test_the_callers_language_is_picked(inside, language, text):
    inside(language=language)
    texts = {"tr": "Sunucu", "en": "Server", "de_AT": "AT", "sr@latin": "Latin"}
    assert translate(texts) == text


def test_without_that_language_and_english_there_is_some_text(inside):
    inside(language="fr")
    assert translate({"tr": "Sunucu", "de": "Dienst"}) == "Sunucu"
    assert translate({}) == ""
    assert translate("plain") == "plain"


def test_fail_is_named_exception(inside):
    inside(language="tr")
    with pytest.raises(Exception) as caught:
        fail({"tr": "olmaz", "en": "no"})
    assert (type(caught.value).__name__, str(caught.value)) == ("Exception", "olmaz")


@pytest.mark.parametrize("call_, asked", [
    ('call("acpid", "System.Service", "start")', ("acpid", "System.Service", "start", [], -1)),
    ('call("acpid", "System.Service", "setState", ("on",), 5)',
     ("acpid", "System.Service", "setState", ["on"], 5)),
    ('call("acpid", "System.Service", "setState", args=["on"], timeout=2.5)',
     ("acpid", "System.Service", "setState", ["on"], 2.5)),
    ('call("acpid", "System.Service", "setState", "on")',
     ("acpid", "System.Service", "setState", ["on"], -1)),
    ('call("my.app", "System.Service", "start")', ("my.app", "System.Service", "start", [], -1)),
    ('call(app="a", model="System.Service", method="info")', ("a", "System.Service", "info", [], -1)),
    ('call("System.Service.start", "acpid")', ("acpid", "System.Service", "start", [], -1)),
    ('call("System.Service.setState", "python3.11", "on")',
     ("python3.11", "System.Service", "setState", ["on"], -1)),
    ('call("Net.Link.setAddress", "wifi", "home", ["a"], timeout=9)',
     ("wifi", "Net.Link", "setAddress", ["home", ["a"]], 9)),
])
def test_both_forms_of_call_ask_for_the_same(comard, call_, asked):
    outcome = comard.run(f"def start(): return {call_}", replies={"call": {"value": [1, "x"]}})
    assert outcome.value == [1, "x"]
    (message,) = outcome.told("call")
    assert tuple(message[key] for key in ("app", "model", "method", "args", "timeout")) == asked


@pytest.mark.parametrize("timeout, sent", [
    ("None", -1), ("float('inf')", -1), ("float('nan')", -1), ("-1", -1), ("0", 0), ("'2.5'", 2.5),
])
def test_a_timeout_is_a_number_that_json_has(comard, timeout, sent):
    outcome = comard.run(f"def start(): call('acpid', 'System.Service', 'start', timeout={timeout})")
    (message,) = outcome.told("call")
    assert message["timeout"] == sent


def test_a_call_without_a_method_is_an_error_that_names_call(comard):
    outcome = comard.run("def start(): call('acpid', 'System.Service')")
    assert outcome.error[0] == "TypeError"
    assert outcome.error[1].startswith("call() ")


def test_an_error_of_a_call_is_an_exception_of_that_name(comard):
    error = {"error": {"name": "Comar.PolicyKit", "message": "tr.org.pardus.comar.x"}}
    script = f"""{API}
from comar.service import CallError
def start():
    try:
        call("acpid", "System.Service", "start")
    except CallError as error:
        print(type(error).__name__)
        raise
"""
    outcome = comard.run(script, replies={"call": error})
    assert outcome.error == ("Comar.PolicyKit", "tr.org.pardus.comar.x")
    assert outcome.stderr.startswith("Comar.PolicyKit\nTraceback")


def test_the_time_of_a_question_is_not_the_calls_own(comard):
    """A stop that waited for another service has all of its time left for its own process."""
    worker = comard.begin(f"""{API}
from comar._call import current
def stop():
    before = current().seconds_left()
    call("a", "System.Service", "stop")
    return before - current().seconds_left() < 0.2
""", "stop")
    worker.receive_until("call")
    comard.stranger("sleep", "0.5").wait()
    worker.send({"op": "reply", "value": None})
    assert worker.finish().value is True


@pytest.mark.parametrize("args, sent", [
    ('("web", "started")', ["web", "started"]), ('["a"]', ["a"]), ('"one"', ["one"]), ("{}", None),
])
def test_a_signal_is_sent_with_its_arguments(comard, args, sent):
    outcome = comard.run(f"def start(): notify('Net.Link', 'deviceChanged', {args})")
    assert outcome.told("notify") == [{
        "op": "notify", "model": "Net.Link", "signal": "deviceChanged",
        "args": [{"dict": []}] if sent is None else sent,
    }]


def test_outside_of_comar_questions_say_so_and_signals_go_nowhere(inside):
    inside()
    with pytest.raises(RuntimeError, match="no comard"):
        call("acpid", "System.Service", "start")
    notify("System.Service", "Changed", ("web", "started"))
    assert issubclass(CallError, Exception)


@pytest.mark.parametrize("which, method", [("startDependencies", "start"), ("stopDependencies", "stop")])
def test_dependencies_are_called_each_in_turn_and_never_raise(comard, which, method):
    script = f"{API}def start(): return {which}('hal', 'dbus')"
    outcome = comard.run(script, replies={"call": {"error": {"name": "Internal", "message": "gone"}}})
    assert outcome.value is None
    assert [(one["app"], one["model"], one["method"]) for one in outcome.told("call")] == [
        ("hal", "System.Service", method), ("dbus", "System.Service", method),
    ]
    assert outcome.stderr == (
        f"cannot {method} hal, going on: Internal: gone\n"
        f"cannot {method} dbus, going on: Internal: gone\n"
    )
