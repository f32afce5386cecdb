# SPDX-License-Identifier: MIT
"""Each caller is spoken to in its own language."""

import pytest

from support.bus import BusError
from support.scripts import service_script

SCRIPT = service_script("""
    MESSAGE = _({"en": "no luck", "tr": "olmadı"})

    def start():
        fail(MESSAGE)

    def stop():
        fail({"en": "never", "tr": "asla"})
    """)


def test_two_callers_two_languages_at_once(comard):
    comard.register("app", SCRIPT)
    english, turkish, german = comard.connect(), comard.connect(), comard.connect()
    turkish.set_locale("tr_TR.UTF-8")
    german.set_locale("de")
    assert english.service("app").info()[1] == "Server"
    assert turkish.service("app").info()[1] == "Sunucu"
    assert german.service("app").info()[1] == "Server"
    for caller, start, stop in ((english, "no luck", "never"), (turkish, "olmadı", "asla")):
        for method, words in (("start", start), ("stop", stop)):
            with pytest.raises(BusError, match=words) as caught:
                caller.service("app").call(method)
            assert caught.value.name == "Exception"


def test_the_command_line_speaks_the_users_language(comard):
    comard.register("app", SCRIPT)
    assert "Sunucu" in comard.cli("list", language="tr_TR").stdout
    assert "Server" in comard.cli("list", language="en_US").stdout
    assert "olmadı" in comard.cli("start", "app", language="tr_TR").stderr


def test_what_is_no_language_is_refused(comard):
    for word in ("", "x" * 100, "../tr", "tr\ntr"):
        with pytest.raises(BusError):
            comard.bus.set_locale(word)
