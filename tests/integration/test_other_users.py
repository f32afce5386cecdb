# SPDX-License-Identifier: MIT
"""What users other than root may do, and what they are told."""

import ast

import pytest

from support.bus import NAME, SERVICE, Bus, Signals
from support.clients import DENIED, MANAGER, OBJECT, SUPERVISION, gdbus, register_teller
from support.scripts import service_script
from support.wire import Wire, user


@pytest.fixture
def comard(comard_on_bus):
    return comard_on_bus


@pytest.fixture
def service(comard, told):
    return register_teller(comard, told)


SET = "tr.org.pardus.comar.system.service.set"
CHANGES = [
    ("/", NAME, "register", "sss", ("new", "System.Service", "/nowhere"), f"{NAME}.register"),
    ("/", MANAGER, "Register", "sss", ("new", "System.Service", "/nowhere"), f"{NAME}.register"),
    ("/", MANAGER, "Restart", "s", ("app",), SET),
    (OBJECT, SERVICE, "start", "", (), SET),
    (OBJECT, SERVICE, "stop", "", (), SET),
    (OBJECT, SERVICE, "reload", "", (), SET),
    (OBJECT, SERVICE, "ready", "", (), SET),
    (OBJECT, SERVICE, "setState", "s", ("on",), SET),
    (OBJECT, SERVICE, "registerState", "", (), SET),
    ("/", NAME, "remove", "s", ("app",), f"{NAME}.remove"),
]


def test_another_user_may_change_nothing(address, told, service):
    with user("nobody"):
        nobody = Wire(address)
    for path, interface, method, signature, arguments, action in CHANGES:
        # The interface may be missing in a call.
        for named in (interface, None):
            name, text = nobody.ask(path, named, method, signature, *arguments)
            assert name == DENIED, method
            assert text == action
    assert told.lines() == []
    assert nobody.ask("/", NAME, "listModelApplications", "s", "System.Service") == (["app"],)
    assert service.state == "off"
    nobody.close()


def test_a_method_whose_model_names_no_action_needs_one_of_its_own(comard, address, told):
    comard.register("pkg", service_script("""
        def preRemove():
            tell("preRemove")
        """, told=told), model="System.Package")
    call = ("/package/pkg", f"{NAME}.System.Package", "preRemove")
    with user("nobody"):
        nobody = Wire(address)
    assert nobody.ask(*call) == (DENIED, "tr.org.pardus.comar.system.package.preremove")
    assert told.lines() == []
    root = Wire(address)
    assert root.ask(*call) == ()
    assert told.value() == "preRemove"
    nobody.close()
    root.close()


def test_another_user_may_read(address, service):
    with user("nobody"):
        nobody = Bus(address)
    nobody.set_locale("tr")
    assert nobody.service("app").info() == ("server", "Sunucu", "off")
    assert [row["description"] for row in nobody.list_services()] == ["Sunucu"]
    assert nobody.applications() == ["app"]
    assert nobody.models("app") == ["System.Service"]
    assert nobody.get(OBJECT, SUPERVISION, "State") == "stopped"
    assert nobody.get_all("/", MANAGER)["Version"]
    assert '"Changed"' in nobody.introspect(OBJECT)
    nobody.sync()
    nobody.close()


def test_another_user_hears_of_changes(address, service):
    with user("nobody"):
        changed = Signals(address)
    service.start()
    changed.wait_for("app", "started")
    changed.close()


def test_root_may_do_all(address, told, service):
    root = Wire(address)
    answers = {method: root.ask(path, interface, method, signature, *arguments)
               for path, interface, method, signature, arguments, _ in CHANGES}
    assert answers.pop("register")[0] == "Invalid"
    assert answers.pop("Register")[0][0][0] == "error"
    assert answers.pop("reload")[0] == "Missing"
    assert set(answers.values()) == {()}
    assert [ast.literal_eval(line) for line in told.lines()] == ["stop", "start", "start", "stop"]
    assert root.ask("/", NAME, "listModelApplications", "s", "System.Service") == ([],)
    root.close()


def test_the_tools_of_another_user_are_told_why(comard, address, told, service):
    called = gdbus(address, "call", "--method", f"{SERVICE}.start", user="nobody")
    assert called.returncode != 0
    assert f"GDBus.Error:{NAME}.{DENIED}: {SET}" in called.stderr
    assert gdbus(address, "call", "--method", f"{SERVICE}.info", user="nobody").returncode == 0
    registered = comard.cli("register", "new", comard.root + "/scripts/app.py", user="nobody")
    assert registered.returncode != 0
    assert f"{NAME}.register" in registered.stderr
    assert comard.cli("info", "app", user="nobody").returncode == 0
    assert told.lines() == []


def test_a_user_who_claims_to_be_root_is_not_believed(comard):
    with user("nobody"):
        liar, anonymous, honest = [Wire(comard.address, is_client=False) for _ in range(3)]
    assert liar.authenticate(0).startswith("REJECTED")
    assert anonymous.authenticate("trace", "ANONYMOUS").startswith("REJECTED")
    assert honest.authenticate(65534).startswith("OK")
