# SPDX-License-Identifier: MIT
"""What a script says to people and programs: fail(), `_` and notify()."""

import pytest
from gi.repository import Gio

from support.bus import NAME, BusError
from support.scripts import doing, service_script


def start(comard, told, body, **names):
    """Starts a service "app" whose start() does `body`."""
    comard.register("app", doing(body, told, **names)).start()


def error_of(comard, body, told=None, **names):
    """How start() of a service "app" fails."""
    with pytest.raises(BusError) as caught:
        start(comard, told, body, **names)
    return caught.value


# fail()

TEXTS = [
    "100%", "%s %d %n %x", "{} {0} {name}", "günaydın ☃ 日本語", "two\nlines", "'single' \"double\"",
    "back\\slash", "<&>", " spaces around ", "-e --option", "long " * 2000,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
def test_fail_ends_the_call_with_the_text_to_the_letter(comard, told, text):
    error = error_of(comard, "fail(TEXT)\ntell('went on')", told, TEXT=text)
    assert (error.name, error.message) == ("Exception", text)
    assert comard.service("app").supervision["LastError"] == text
    assert told.lines() == []


@pytest.mark.parametrize("text", ["100% of %s {} günaydın", "no 'such' \"host\" \\n"])
def test_the_command_line_shows_the_text_of_fail_to_the_letter(comard, text):
    comard.register("app", doing("fail(TEXT)", TEXT=text))
    answer = comard.cli("start", "app")
    assert answer.returncode == 1
    assert f"cannot start app: {text}\n" in answer.stderr


def test_the_command_line_names_the_service_whose_program_is_missing(comard):
    comard.register("app", doing("startService('/nowhere/server', donotify=True)"))
    answer = comard.cli("start", "app")
    assert answer.returncode == 1
    assert "app: " in answer.stderr
    assert "/nowhere/server: No such file" in answer.stderr


def test_the_text_of_fail_is_in_the_log_without_a_traceback(comard):
    error_of(comard, "fail('no disk')")
    log = comard.service_log("app")
    assert " err start: no disk\n" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("language, text", [("en", "no disk"), ("tr_TR.UTF-8", "disk yok"),
                                            ("de", "no disk")])
@pytest.mark.parametrize("given", ["TEXTS", "_(TEXTS)"])
def test_fail_speaks_the_callers_language(comard, language, text, given):
    comard.bus.set_locale(language)
    error = error_of(comard, f"fail({given})", TEXTS={"en": "no disk", "tr": "disk yok"})
    assert (error.name, error.message) == ("Exception", text)


def test_a_script_may_catch_what_its_own_helper_fails_with(comard, told):
    start(comard, told, """
        try:
            fail("just %s" % "trying")
        except Exception as error:
            tell(str(error))
        """)
    assert told.value() == "just trying"


@pytest.mark.parametrize("given, text", [("7", "7"), ("run('sh', '-c', 'echo no >&2').stderr", "no\n"),
                                         ("ValueError('odd')", "odd")])
def test_fail_takes_what_can_be_shown_as_text(comard, given, text):
    error = error_of(comard, f"fail({given})")
    assert (error.name, error.message) == ("Exception", text)


# _

TRANSLATIONS = {"tr": "Sunucu", "en": "Server", "de_AT": "Dienst (AT)", "sr@latin": "Usluga"}


@pytest.mark.parametrize("language, text", [
    ("en", "Server"), ("tr", "Sunucu"), ("tr_TR", "Sunucu"), ("tr_TR.UTF-8", "Sunucu"),
    ("en_US.UTF-8", "Server"), ("de_AT.UTF-8", "Dienst (AT)"), ("de_AT", "Dienst (AT)"),
    ("de_DE", "Server"), ("sr@latin", "Usluga"), ("fr", "Server"), ("C", "Server"), ("POSIX", "Server"),
])
def test_a_text_is_in_the_callers_language_or_english(comard, told, language, text):
    comard.bus.set_locale(language)
    start(comard, told, "tell(_(TEXTS))", TEXTS=TRANSLATIONS)
    assert told.value() == text


def test_callers_who_name_no_language_get_english(comard, told):
    start(comard, told, "tell(_(TEXTS))", TEXTS=TRANSLATIONS)
    assert told.value() == "Server"


def test_without_the_language_and_english_there_is_some_text(comard, told):
    comard.bus.set_locale("fr")
    start(comard, told, "tell([_({'tr': 'Sunucu'}), _({}), _('plain'), _('%s') % 3])")
    assert told.value() == ["Sunucu", "", "plain", "3"]


def test_each_call_is_in_the_language_of_its_caller(comard):
    service = comard.register("app", service_script("""
        HELLO = _({"en": "hello", "tr": "merhaba"})

        def info():
            return ("server", HELLO, _({"en": "on", "tr": "acik"}))

        def start():
            pass

        def stop():
            pass
        """))
    for language, words in (("tr", ("merhaba", "acik")), ("en", ("hello", "on")),
                            ("tr", ("merhaba", "acik"))):
        comard.bus.set_locale(language)
        assert service.info()[1:] == words


# notify()

class Heard:
    """Every signal of comar's objects, as (path, interface, member, arguments)."""

    def __init__(self, bus):
        self._bus = bus
        self._seen = []
        bus.connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NONE, self._take)
        bus.sync()

    def _take(self, connection, sender, path, interface, member, parameters):
        if path.startswith("/package/") and not interface.startswith("org.freedesktop."):
            self._seen.append((path, interface.removeprefix(f"{NAME}."), member, parameters.unpack()))

    def all(self):
        self._bus.sync()
        return self._seen


def emitted(comard, told, call):
    """What everybody hears of a call of notify()."""
    comard.register("app", doing(f"{call}\ntell('went on')", told))
    heard = Heard(comard.connect())
    comard.service("app").start()
    assert told.value() == "went on"
    return heard.all()


@pytest.mark.parametrize("call, model, member, arguments", [
    ('notify("System.Service", "Changed", (script(), "started"))', "System.Service", "Changed",
     ("app", "started")),
    ('notify("System.Service", "Changed", ["günaydın", "☃"])', "System.Service", "Changed",
     ("günaydın", "☃")),
    ('notify("Network.Firewall", "stateChanged", ("on",))', "Network.Firewall", "stateChanged", ("on",)),
    ('notify("Network.Firewall", "stateChanged", "on")', "Network.Firewall", "stateChanged", ("on",)),
    ('notify("System.Package", "Installed", args=("vim",))', "System.Package", "Installed", ("vim",)),
    ('notify(model="System.Package", signal="Removed", args="vim")', "System.Package", "Removed",
     ("vim",)),
])
def test_a_signal_comes_from_the_scripts_object_with_its_arguments(
        comard, told, call, model, member, arguments):
    assert emitted(comard, told, call) == [("/package/app", model, member, arguments)]


def test_signals_come_in_order_and_before_the_answer(comard, told):
    call = "[notify('System.Package', 'Installed', str(number)) for number in range(50)]"
    heard = [arguments for *_, arguments in emitted(comard, told, call)]
    assert heard == [(str(number),) for number in range(50)]


@pytest.mark.parametrize("call, words", [
    ('notify("System.Service", "Fly", ())', "System.Service.Fly"),
    ('notify("System.Nothing", "Changed", ("a", "b"))', "System.Nothing.Changed"),
    ('notify("System.Service", "Changed", ("a",))', "Changed: got 1, expected 2"),
    ('notify("System.Service", "Changed")', "Changed: got 0, expected 2"),
    ('notify("System.Service", "Changed", ("a", "b", "c"))', "Changed: got 3, expected 2"),
    ('notify("System.Service", "Changed", ("a", 7))', "argument 2 of Changed: got int 7"),
    ('notify("System.Service", "start", ())', "System.Service.start"),
])
def test_a_signal_that_cannot_be_is_not_sent_and_comards_log_tells(comard, told, call, words):
    assert emitted(comard, told, call) == []
    warnings = [line for line in comard.log.splitlines() if " warning app: cannot " in line]
    assert len(warnings) == 1
    assert words in warnings[0]


@pytest.mark.parametrize("value, name", [("object()", "TypeError"), ("2 ** 64", "OverflowError"),
                                         ("{1, 2}", "TypeError")])
def test_a_signal_with_what_dbus_cannot_hold_is_an_error_of_the_script(comard, value, name):
    assert error_of(comard, f"notify('System.Package', 'Installed', ({value},))").name == name
