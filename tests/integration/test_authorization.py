# SPDX-License-Identifier: MIT
"""Who may call what: the real polkit on a real bus, and every method of every model."""

import re
import signal
import xml.etree.ElementTree

import pytest

from support.bus import NAME
from support.caller import Caller, call_as
from support.message_bus import MessageBus
from support.place import BUILD, REPOSITORY
from support.polkit import Agent, Polkit
from support.processes import Process, all_pids
from support.scripts import service_script
from support.terminal import Terminal

ALLOWED, DENIED = "daemon", "nobody"
DENIAL = "Comar.PolicyKit"
SET = f"{NAME}.system.service.set"
BOOT = f"{NAME}.boot"

RULE = """
polkit.addRule(function(action, subject) {
    if (subject.user == "daemon") return polkit.Result.YES;
    if (subject.user == "nobody" && !/[.]get$/.test(action.id)) return polkit.Result.NO;
});
"""

ONE_VERB = """
polkit.addRule(function(action, subject) {
    if (action.id == "tr.org.pardus.comar.system.service.set" && action.lookup("service") == "web" &&
        action.lookup("model") == "System.Service" &&
        (action.lookup("verb") == "reload" ||
         (action.lookup("verb") == "setState" && action.lookup("state") == "off")) &&
        subject.user == "nobody") {
        return polkit.Result.YES;
    }
    return polkit.Result.NO;
});
"""


@pytest.fixture
def message_bus(place):
    return MessageBus(place, extra=["/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf"]).start()


@pytest.fixture
def polkit(place, message_bus):
    polkit = Polkit(place, message_bus)
    polkit.write_rule(RULE)
    return polkit.start()


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


def service_call(method, signature="", arguments=(), app="app", interactive=False):
    return [f"/package/{app}", f"{NAME}.System.Service", method, signature, list(arguments), interactive]


# Every method of every model

def zero(signature):
    """Some value of each complete type of a signature, as Gio wants it."""
    values = []
    while signature:
        kind, signature = first_type(signature)
        values.append("" if kind in "sog" else False if kind == "b" else {} if kind.startswith("a{")
                      else [] if kind.startswith("a") else 0)
    return values


def first_type(signature):
    if signature[0] == "a":
        kind, rest = first_type(signature[1:])
        return "a" + kind, rest
    if signature[0] in "({":
        depth = 0
        for end, letter in enumerate(signature):
            depth += (letter in "({") - (letter in ")}")
            if depth == 0:
                return signature[:end + 1], signature[end + 1:]
    return signature[0], signature[1:]


def methods_of_models():
    """(model, method, signature, polkit action; None: it only reads)"""
    for file in sorted((REPOSITORY / "models").glob("*.xml")):
        for method in xml.etree.ElementTree.parse(file).iter("method"):
            notes = {note.get("name").rpartition(".")[2]: note.get("value") for note in method.iter("annotation")}
            own = f"{NAME}.{file.stem}.{method.get('name')}".lower()
            action = None if "Open" in notes else notes.get("Action", own)
            signature = "".join(arg.get("type") for arg in method.iter("arg") if arg.get("direction") == "in")
            yield file.stem, method.get("name"), signature, action


METHODS = list(methods_of_models())
CALLS = [["/package/app", f"{NAME}.{model}", method, signature, zero(signature), False]
         for model, method, signature, _ in METHODS]
MANAGER = f"{NAME}.Manager"
CORE = [["/", NAME, "register", "sss", ["other", "System.Service", "/nowhere.py"], False],
        ["/", NAME, "remove", "s", ["other"], False],
        ["/", NAME, "listModelApplications", "s", ["System.Service"], False],
        ["/", NAME, "listApplicationModels", "s", ["app"], False],
        ["/", NAME, "setLocale", "s", ["en"], False],
        ["/", NAME, "cancel", "s", ["start"], False],
        ["/", NAME, "listRunning", "b", [True], False],
        ["/", MANAGER, "Register", "sss", ["other", "System.Service", "/nowhere.py"], False],
        ["/", MANAGER, "Restart", "s", ["other"], False],
        ["/", MANAGER, "Reset", "s", ["other"], False],
        ["/", MANAGER, "Show", "s", ["app"], False],
        ["/", MANAGER, "ListServices", "a{sv}", [{}], False],
        ["/", MANAGER, "ReloadModels", "", [], False],
        ["/", MANAGER, "StopWithDependents", "s", ["other"], False],
        ["/", MANAGER, "Plan", "sasb", ["boot", [], False], False],
        ["/", MANAGER, "Rehearse", "ss", ["other", "start"], False],
        ["/", MANAGER, "Graph", "", [], False],
        ["/", MANAGER, "Check", "", [], False],
        ["/", MANAGER, "ListBoots", "", [], False],
        ["/", MANAGER, "BootRecord", "s", ["none"], False],
        ["/", MANAGER, "Shutdown", "", [], False],
        ["/", MANAGER, "Switch", "s", ["none"], False],
        ["/", MANAGER, "Boot", "", [], False]]
CORE_ACTIONS = [f"{NAME}.register", f"{NAME}.remove", None, None, None, None, None,
                f"{NAME}.register", SET, SET, None, None, f"{NAME}.reloadmodels", SET, None, SET, None, None, None,
                None, BOOT, BOOT, BOOT]
# Answered by another comard; test_replacing.py has it.
NOT_HERE = {(MANAGER, "Reexec")}
ACTIONS = [action for *_, action in METHODS] + CORE_ACTIONS


def register_all(comard):
    """One app for every model, whose scripts define nothing that a call could change."""
    for model in sorted({model for model, *_ in METHODS}):
        script = comard.place.write_script(model, service_script("") if model == "System.Service" else "NOTHING = 1\n")
        comard.bus.register("app", script, model)


def results(comard, message_bus, user):
    register_all(comard)
    return call_as(message_bus.address, user, CALLS + CORE)


def refused(outcomes):
    """{number of the call: the action that the refusal names}"""
    return {number: text for number, (error, text) in enumerate(outcomes) if error == DENIAL}


def test_the_calls_are_of_every_method_of_comards_own_interfaces(comard):
    text = comard.bus.call("/", "org.freedesktop.DBus.Introspectable", "Introspect")
    own = [interface for interface in xml.etree.ElementTree.fromstring(text).iter("interface")
           if interface.get("name").startswith(NAME)]
    assert {(interface, method) for _, interface, method, *_ in CORE} == {
        (interface.get("name"), method.get("name")) for interface in own for method in interface.iter("method")
    } - NOT_HERE


def test_root_may_call_everything(comard, message_bus):
    assert refused(results(comard, message_bus, "root")) == {}


def test_whom_polkit_allows_it_may_call_everything(comard, message_bus, polkit):
    assert refused(results(comard, message_bus, ALLOWED)) == {}


def test_whom_polkit_refuses_may_only_read(comard, message_bus, polkit):
    expected = {number: action for number, action in enumerate(ACTIONS)
                if action is not None and not action.endswith(".get")}
    assert refused(results(comard, message_bus, DENIED)) == expected


@pytest.mark.parametrize("user", [ALLOWED, DENIED])
def test_without_polkit_nobody_but_root_changes_anything(comard, message_bus, user):
    expected = {number: action for number, action in enumerate(ACTIONS) if action is not None}
    assert refused(results(comard, message_bus, user)) == expected


@pytest.mark.parametrize("user", [ALLOWED, DENIED])
def test_on_the_private_socket_nobody_but_root_changes_anything(comard, polkit, user):
    register_all(comard)
    expected = {number: action for number, action in enumerate(ACTIONS) if action is not None}
    assert refused(call_as(comard.address, user, CALLS + CORE)) == expected


def test_every_action_of_the_models_is_one_that_polkit_knows():
    text = (REPOSITORY / "data/polkit/tr.org.pardus.comar.policy").read_text()
    known = set(re.findall(r'<action id="([^"]+)">', text))
    assert {action for action in ACTIONS if action} - known == set()


# What polkit is told

def test_a_rule_may_allow_one_verb_of_one_service(comard, message_bus, place):
    polkit = Polkit(place, message_bus)
    polkit.write_rule(ONE_VERB)
    polkit.start()
    for app in ("web", "mail"):
        comard.register(app, service_script("def start():\n    pass\n\ndef reload():\n    pass\n"))
    calls = [service_call("reload", app="web"), service_call("start", app="web"), service_call("reload", app="mail"),
             service_call("setState", "s", ["off"], app="web"), service_call("setState", "s", ["on"], app="web")]
    outcomes = call_as(message_bus.address, DENIED, calls)
    assert [error for error, _ in outcomes] == [None, DENIAL, DENIAL, None, DENIAL]
    assert outcomes[1][1] == SET


def test_a_script_may_want_an_action_of_its_own_on_top(comard, message_bus, place):
    polkit = Polkit(place, message_bus)
    polkit.write_rule("""
        polkit.addRule(function(action, subject) {
            if (subject.user == "daemon" || action.id == "tr.org.pardus.comar.system.service.set") {
                return polkit.Result.YES;
            }
        });
        """)
    polkit.start()
    comard.register("app", service_script("""
        def policy(action):
            def mark(function):
                function.policy_action_id = action
                return function
            return mark

        @policy("tr.org.pardus.comar.disk.manager.mount")
        def start():
            pass

        def reload():
            pass

        def info():
            return "server", "", "off"

        info.policy_action_id = "tr.org.pardus.comar.disk.manager.set"
        """))
    outcomes = call_as(message_bus.address, DENIED,
                       [service_call("reload"), service_call("start"), service_call("info")])
    assert outcomes == [(None, "()"), (DENIAL, f"{NAME}.disk.manager.mount"), (DENIAL, f"{NAME}.disk.manager.set")]
    assert [error for error, _ in call_as(message_bus.address, ALLOWED, [service_call("start")])] == [None]
    assert comard.service("app").info() == ("server", "", "off")


# Dialogs

@pytest.fixture
def asking_polkit(place, message_bus):
    """Asks for a password, as the actions say by default."""
    return Polkit(place, message_bus).start()


def register_app(comard):
    return comard.register("app", service_script("def start():\n    pass\n"))


def test_a_caller_that_allows_it_is_asked_for_a_password(comard, message_bus, asking_polkit):
    register_app(comard)
    caller = Caller(message_bus.address, DENIED)
    agent = Agent(message_bus.address, Process(caller.pid))
    # In this order: polkit keeps an authorization for a while.
    caller.send([service_call("start"), service_call("start", interactive=True)])
    assert caller.results() == [(DENIAL, SET), (None, "()")]
    (action, message), = agent.asked
    assert action == SET and message.startswith("Authentication is required to start, stop")
    agent.close()


def test_a_caller_that_leaves_while_it_is_asked_is_refused_and_its_dialog_closes(comard, message_bus, asking_polkit):
    service = register_app(comard)
    caller = Caller(message_bus.address, DENIED)
    agent = Agent(message_bus.address, Process(caller.pid), answers=False)
    caller.send([service_call("start", interactive=True)])
    agent.wait_asked()
    assert service.info()[2] == "off", "nobody waits meanwhile"
    caller.kill()
    agent.wait_cancelled()
    comard.until(lambda: "the caller has left the bus" in comard.log, "the refusal")
    assert service.supervision["State"] == "unknown"
    agent.close()


def comar_at_terminal(message_bus, *words):
    return Terminal(BUILD / "bin/comar", *words, user=DENIED,
                    env={"DBUS_SYSTEM_BUS_ADDRESS": message_bus.address, "LANG": "C.UTF-8"})


def test_at_a_terminal_comar_asks_for_the_password_itself(comard, message_bus, asking_polkit):
    service = register_app(comard)
    terminal = comar_at_terminal(message_bus, "start", "app")
    terminal.until("Authentication is required to start, stop")
    terminal.until("Password:")
    assert service.info()[2] == "off", "nobody waits meanwhile"
    agents = [process for process in map(Process, all_pids()) if process.parent == terminal.child.pid]
    terminal.type("\x03")
    assert terminal.close() != 0
    assert len(agents) == 1
    agents[0].wait_gone()
    assert service.supervision["State"] == "unknown"


def test_what_only_reads_needs_no_agent(comard, message_bus, asking_polkit):
    register_app(comard)
    terminal = comar_at_terminal(message_bus, "info", "app")
    assert terminal.close() == 0
    assert "AUTHENTICAT" not in terminal.screen


# A polkit that does not answer

def test_a_polkit_that_hangs_holds_up_nobody(comard, message_bus, polkit):
    service = register_app(comard)
    polkit.process.signal(signal.SIGSTOP)
    caller = Caller(message_bus.address, ALLOWED).send([service_call("start")])
    service.start()
    assert service.info()[2] == "off"
    assert "refused" not in comard.log
    polkit.process.signal(signal.SIGCONT)
    assert caller.results() == [(None, "()")]


def test_a_polkit_that_dies_while_it_is_asked_means_no(comard, message_bus, polkit):
    register_app(comard)
    polkit.process.signal(signal.SIGSTOP)
    caller = Caller(message_bus.address, ALLOWED).send([service_call("start")])
    polkit.stop(signal.SIGKILL)
    assert caller.results() == [(DENIAL, SET)]
    polkit.start()
    assert call_as(message_bus.address, ALLOWED, [service_call("start")]) == [(None, "()")]


@pytest.mark.parametrize("name", [NAME, f"{NAME}2"])
@pytest.mark.parametrize("user, error", [("root", None), ("nobody", "org.freedesktop.DBus.Error.AccessDenied")])
def test_only_root_may_own_comars_names_on_the_bus(message_bus, name, user, error):
    bus = "org.freedesktop.DBus"
    call = ["/org/freedesktop/DBus", bus, "RequestName", "su", [name, 4], False, bus]
    (found, _), = call_as(message_bus.address, user, [call])
    assert found == error


def test_a_refusal_is_told_to_the_administrator(comard, message_bus, polkit):
    register_app(comard)
    assert call_as(message_bus.address, DENIED, [service_call("start")]) == [(DENIAL, SET)]
    assert f"refused {NAME}.System.Service.start of app" in comard.log
    assert f"polkit's rules refuse {SET}" in comard.log
