# SPDX-License-Identifier: MIT
"""Settings of a service as its script sets them: each row of the table, and what is said of errors."""

import inspect
import pathlib
import textwrap

import comar.service
import pytest
from comar.check import check, main
from comar.settings import SETTINGS

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
HEADER = 'serviceType = "local"\nserviceDesc = "Test"\nfrom comar.service import *\n'
REST = "\ndef start(): pass\ndef stop(): pass\ndef status(): return True\n"
DAY, YEAR = 86400, 365 * 86400
TCP = {"kind": "tcp", "host": "127.0.0.1", "port": 80}
HEALTH = {"every": 30, "timeout": 10, "failures": 3, "then": "report"}


def asked(text):
    whole = HEADER + textwrap.dedent(text) + REST
    return check({
        "op": "check", "file": "/nowhere/web.py", "name": "web.py", "text": whole, "app": "web",
        "model": "System.Service", "methods": {"start": 0, "stop": 0}, "types": ["local"],
    })


def settings(text):
    """What a faultless script sets."""
    answer = asked(text)
    assert answer["findings"] == []
    return answer["facts"]["settings"]


def found(text):
    """The findings as (severity, line, message); line 1 is the first of `text`."""
    findings = asked(text)["findings"]
    above = HEADER.count("\n")
    return [(each["severity"], each["line"] - above, each["message"]) for each in findings]


def error(text):
    """The message of the only finding, an error."""
    ((severity, _, message),) = found(text)
    assert severity == "error"
    return message


GOOD = [
    ("serviceRestart", '"no"', "no"),
    ("serviceRestart", '"on-failure"', "on-failure"),
    ("serviceRestart", '"always"', "always"),
    ("serviceRestartDelay", "0", 0),
    ("serviceRestartDelay", "0.5", 0.5),
    ("serviceRestartMaxDelay", "60", 60),
    ("serviceRestartLimit", "(5, 30)", [5, 30]),
    ("serviceRestartLimit", "[1, 0.5]", [1, 0.5]),
    ("serviceRestartLimit", '"for ever"', None),
    ("serviceRestartReset", "0", 0),
    ("serviceReadiness", '"exit"', {"kind": "exit"}),
    ("serviceReadiness", '"pidfile"', {"kind": "pidfile"}),
    ("serviceReadiness", '"notify"', {"kind": "notify"}),
    ("serviceReadiness", '"fd"', {"kind": "fd", "fd": 3}),
    ("serviceReadiness", '"fd:7"', {"kind": "fd", "fd": 7}),
    ("serviceReadiness", '"tcp:80"', TCP),
    ("serviceReadiness", '"tcp:localhost:80"', TCP),
    ("serviceReadiness", '"tcp:10.0.0.1:65535"', {**TCP, "host": "10.0.0.1", "port": 65535}),
    ("serviceReadiness", '"tcp:[::1]:80"', {**TCP, "host": "::1"}),
    ("serviceReadiness", '"unix:/run/x"', {"kind": "unix", "path": "/run/x"}),
    ("serviceReadiness", '"http://127.0.0.1:8080/up?x=1"',
     {"kind": "http", "url": "http://127.0.0.1:8080/up?x=1"}),
    ("serviceReadiness", '"http://localhost/"', {"kind": "http", "url": "http://localhost/"}),
    ("serviceReadiness", '"http://[::1]:80/"', {"kind": "http", "url": "http://[::1]:80/"}),
    ("serviceReadiness", '"http://127.0.0.1"', {"kind": "http", "url": "http://127.0.0.1/"}),
    ("serviceReadyTimeout", "60", 60),
    ("serviceReadyTimeout", str(YEAR), YEAR),
    ("serviceHealth", '{"check": "/bin/true -x"}',
     {**HEALTH, "check": {"kind": "command", "command": "/bin/true -x"}}),
    ("serviceHealth", '{"check": "tcp:80", "every": 5, "timeout": 0.5, "failures": 1, "then": "restart"}',
     {"check": TCP, "every": 5, "timeout": 0.5, "failures": 1, "then": "restart"}),
    ("serviceHealth", '{"check": "unix:/run/x"}', {**HEALTH, "check": {"kind": "unix", "path": "/run/x"}}),
    ("serviceHealth", '{"check": "http://127.0.0.1/"}',
     {**HEALTH, "check": {"kind": "http", "url": "http://127.0.0.1/"}}),
    ("serviceWatchdog", "0.25", 0.25),
    ("serviceStopTimeout", "0", 0),
    ("serviceKillMode", '"sessions"', "sessions"),
    ("serviceKillMode", '"all"', "all"),
    ("serviceKillMode", '"none"', "none"),
    ("serviceEnvironment", '{"A": "b c", "_2": ""}', {"A": "b c", "_2": ""}),
    ("serviceEnvironment", "{}", {}),
    ("serviceEnvironmentFile", '"/etc/x"', ["/etc/x"]),
    ("serviceEnvironmentFile", '["-/etc/x", "/etc/y"]', ["-/etc/x", "/etc/y"]),
    ("serviceDirectory", '"/srv"', "/srv"),
    ("serviceUmask", "0", 0),
    ("serviceUmask", "0o777", 0o777),
    ("serviceLimits", '{"nofile": 16, "core": (0, 9), "as": "unlimited"}',
     {"nofile": [16, 16], "core": [0, 9], "as": [-1, -1]}),
    ("serviceLimits", '{"cpu": [1, "unlimited"]}', {"cpu": [1, -1]}),
    ("serviceNice", "-20", -20),
    ("serviceNice", "19", 19),
    ("serviceOomScoreAdj", "-1000", -1000),
    ("serviceOomScoreAdj", "1000", 1000),
    ("serviceGroups", '["audio", "video"]', ["audio", "video"]),
    ("serviceGroups", "[]", []),
    ("serviceLog", '"file"', "file"),
    ("serviceLog", '"journal"', "journal"),
    ("serviceLog", '"syslog"', "syslog"),
    ("serviceRequires", '"db"', ["db"]),
    ("serviceRequires", '["my-db", "3d", "my_db"]', ["my_db", "_3d"]),
    ("serviceWants", '("a", "b")', ["a", "b"]),
    ("serviceAfter", '["a.b"]', ["a_b"]),
    ("serviceAfter", "[]", []),
    ("serviceBefore", "()", []),
    ("serviceConflicts", '"otherweb"', ["otherweb"]),
    ("serviceProvides", '["webserver"]', ["webserver"]),
    ("serviceRequirementLost", '"mark"', "mark"),
    ("serviceRequirementLost", '"stop"', "stop"),
]


@pytest.mark.parametrize("variable, written, normalized", GOOD)
def test_a_value_is_normalized(variable, written, normalized):
    answer = asked(f"\n{variable} = {written}\n")
    assert answer["findings"] == []
    (key,) = [each.key for each in SETTINGS if each.variable == variable]
    assert answer["facts"]["settings"] == {key: normalized}
    assert answer["facts"]["setting_lines"] == {key: HEADER.count("\n") + 2}


def test_each_setting_has_a_good_value_and_a_bad_one():
    variables = {each.variable for each in SETTINGS}
    assert variables == {row[0] for row in GOOD} == {row[0] for row in BAD}


SECONDS = ("True", "-1", '"5"', "None", "1e400", "-1e400", str(YEAR + 1), "[5]", "0xf" + "f" * 5000)
BAD_SECONDS = [
    (variable, value)
    for variable in ("serviceRestartDelay", "serviceRestartMaxDelay", "serviceRestartReset",
                     "serviceReadyTimeout", "serviceWatchdog", "serviceStopTimeout")
    for value in SECONDS
]
BAD = BAD_SECONDS + [
    ("serviceRestartMaxDelay", "0"),
    ("serviceReadyTimeout", "0"),
    ("serviceWatchdog", "0"),
    ("serviceRestart", '"sometimes"'), ("serviceRestart", "True"), ("serviceRestart", '["no"]'),
    ("serviceRestartLimit", "(0, 10)"), ("serviceRestartLimit", "(1, 0)"),
    ("serviceRestartLimit", "(True, 10)"), ("serviceRestartLimit", "(1, 2, 3)"),
    ("serviceRestartLimit", "5"), ("serviceRestartLimit", '"forever"'),
    ("serviceRestartLimit", "(1.5, 10)"), ("serviceRestartLimit", "(10001, 10)"),
    ("serviceReadiness", '"ready"'), ("serviceReadiness", "3"), ("serviceReadiness", "{}"),
    ("serviceReadiness", '"fd:2"'), ("serviceReadiness", '"fd:1024"'), ("serviceReadiness", '"fd:x"'),
    ("serviceReadiness", '"tcp:"'), ("serviceReadiness", '"tcp:0"'), ("serviceReadiness", '"tcp:65536"'),
    ("serviceReadiness", '"tcp:::1:80"'), ("serviceReadiness", '"tcp:[::1:80"'),
    ("serviceReadiness", '"tcp:example.org:80"'), ("serviceReadiness", '"tcp::80"'),
    ("serviceReadiness", '"unix:run/x"'), ("serviceReadiness", f'"unix:/{"x" * 107}"'),
    ("serviceReadiness", '"unix:/a\\0b"'),
    ("serviceReadiness", '"https://127.0.0.1/"'), ("serviceReadiness", '"http:///up"'),
    ("serviceReadiness", '"http:80"'), ("serviceReadiness", '"http://127.0.0.1:99999/"'),
    ("serviceReadiness", '"http://127.0.0.1/a b"'), ("serviceReadiness", '"http://127.0.0.1/\\r\\nX: y"'),
    ("serviceReadiness", '"http://me@127.0.0.1/"'), ("serviceReadiness", '"http://example.org/"'),
    ("serviceReadiness", '"http://127.0.0.1/#top"'), ("serviceReadiness", '"http://127.0.0.1/ş"'),
    ("serviceReadiness", '"function:start"'), ("serviceReadiness", '"/bin/true"'),
    ("serviceHealth", '"/bin/true"'), ("serviceHealth", "{}"), ("serviceHealth", '{"check": ""}'),
    ("serviceHealth", '{"check": "\'"}'), ("serviceHealth", '{"check": "notify"}'),
    ("serviceHealth", '{"check": "https://127.0.0.1/"}'), ("serviceHealth", '{"check": 5}'),
    ("serviceHealth", '{"check": "/bin/true", "evry": 5}'), ("serviceHealth", '{"check": "x", 5: 5}'),
    ("serviceHealth", '{"check": "x", "every": 0}'), ("serviceHealth", '{"check": "x", "timeout": "1"}'),
    ("serviceHealth", '{"check": "x", "failures": 0}'), ("serviceHealth", '{"check": "x", "then": "stop"}'),
    ("serviceHealth", '{"check": "x\\0"}'), ("serviceHealth", '{"check": "function:start"}'),
    ("serviceKillMode", '"everything"'),
    ("serviceEnvironment", '["A=b"]'), ("serviceEnvironment", '{"A": 1}'),
    ("serviceEnvironment", '{"1A": "b"}'), ("serviceEnvironment", '{"A=": "b"}'),
    ("serviceEnvironment", '{"A": "\\0"}'), ("serviceEnvironment", '{"A": "\\ud800"}'),
    ("serviceEnvironment", '{1: "b"}'), ("serviceEnvironment", '{"": "b"}'),
    ("serviceEnvironment", f'{{"A": "{"x" * (1 << 17)}"}}'),
    ("serviceEnvironmentFile", '"etc/x"'), ("serviceEnvironmentFile", '["/etc/x", "-y"]'),
    ("serviceEnvironmentFile", "[1]"), ("serviceEnvironmentFile", "None"),
    ("serviceDirectory", '"srv"'), ("serviceDirectory", '""'), ("serviceDirectory", '"/a\\0"'),
    ("serviceUmask", "-1"), ("serviceUmask", "0o1000"), ("serviceUmask", '"022"'), ("serviceUmask", "True"),
    ("serviceLimits", '{"files": 5}'), ("serviceLimits", '{"nofile": -1}'), ("serviceLimits", '{5: 5}'),
    ("serviceLimits", '{"nofile": (9, 5)}'), ("serviceLimits", '{"nofile": ("unlimited", 5)}'),
    ("serviceLimits", '{"nofile": (1, 2, 3)}'), ("serviceLimits", '{"nofile": True}'),
    ("serviceLimits", '{"nofile": 1.5}'), ("serviceLimits", '{"nofile": 9223372036854775808}'),
    ("serviceLimits", "5"),
    ("serviceNice", "-21"), ("serviceNice", "20"), ("serviceNice", "1.0"), ("serviceNice", "False"),
    ("serviceOomScoreAdj", "1001"), ("serviceOomScoreAdj", "-1001"), ("serviceOomScoreAdj", "0.5"),
    ("serviceGroups", '"audio"'), ("serviceGroups", "[5]"), ("serviceGroups", '[""]'),
    ("serviceGroups", '["a b"]'), ("serviceGroups", '["a:b"]'),
    ("serviceLog", '"stdout"'),
    ("serviceRequirementLost", '"restart"'), ("serviceRequirementLost", "None"),
] + [
    (variable, value)
    for variable in ("serviceRequires", "serviceWants", "serviceAfter", "serviceBefore",
                     "serviceConflicts", "serviceProvides")
    for value in ('""', "None", "5", '["a", ""]', "[5]", '{"a": "b"}', '{"a"}', '"a b"', '"a,b"', '"/a"',
                  '[["a"]]', '"a\\0"', 'b"a"')
]


@pytest.mark.parametrize("variable, written", BAD)
def test_another_value_is_an_error_in_its_line(variable, written):
    answer = asked(f"\n{variable} = {written}\n")
    (finding,) = answer["findings"]
    assert (finding["severity"], finding["line"]) == ("error", HEADER.count("\n") + 2)
    assert finding["message"].startswith(f"{variable} is ")
    assert " not " in finding["message"]
    assert len(finding["message"]) < 500
    assert answer["facts"]["settings"] == answer["facts"]["setting_lines"] == {}


@pytest.mark.parametrize("written, message", [
    ('serviceRestart = "alway"',
     'serviceRestart is \'alway\', not "no", "on-failure" or "always": did you mean always?'),
    ("serviceStopTimeout = -1",
     "serviceStopTimeout is -1, not seconds, a number from 0, a year at most"),
    ("serviceWatchdog = True",
     "serviceWatchdog is True, not seconds, a number above 0, a year at most"),
    ('serviceEnvironment = {"PORT": 80}',
     "serviceEnvironment is not a dict of names to texts: PORT is no text: write it in quotes, without NUL"),
    ('serviceEnvironment = {"PASSWORD": "hunter2".strip()}',
     "serviceEnvironment is computed, but read without running the script: write out a dict of names to texts"),
    ('serviceHealth = {"check": "/bin/true", "failurs": 2}',
     "serviceHealth is {'check': '/bin/true', 'failurs': 2}, not a dict with \"check\", and perhaps "
     '"every", "timeout", "failures", "then": \'failurs\' has no meaning; did you mean failures?'),
    ('serviceLimits = {"nofile": (9, 5)}',
     "serviceLimits is {'nofile': (9, 5)}, not a dict of resources to limits: 'nofile' is (9, 5), not "
     'a whole number from 0, (soft, hard) or "unlimited": the soft limit is above the hard one'),
    ('serviceLimits = {"nofile": (3, 4096)}',
     "serviceLimits is {'nofile': (3, 4096)}, not a dict of resources to limits: "
     "with nofile 3 comar itself cannot run the script: give it 16 or more"),
    ('serviceRequires = "db, cache"',
     "serviceRequires is 'db, cache', not the name of a service or a list of names"),
    ('serviceAfter = ["db", ""]',
     "serviceAfter is ['db', ''], not the name of a service or a list of names: "
     "'' is no name of a service"),
    ('serviceRequires = ["db", "web"]',
     "serviceRequires names web, which is this service: leave it out"),
    ('serviceProvides = "web"', "serviceProvides names web, which is this service: leave it out"),
    ("serviceNice = 7 + 3",
     "serviceNice is computed (7 + 3), but read without running the script: "
     "write out a whole number from -20 to 19"),
])
def test_the_message_says_what_came_and_what_is_expected(written, message):
    assert error(written) == message


def test_https_is_refused_with_a_way_out():
    message = error('serviceReadiness = "https://127.0.0.1/"')
    assert message.endswith(
        "https is not supported: use http on an address of this machine, or a command"
    )


def test_the_command_shows_file_and_line(tmp_path, capsys):
    path = tmp_path / "web.py"
    path.write_text(f"{HEADER}serviceNice = 50\n{REST}")
    assert main([str(path)]) == 1
    assert capsys.readouterr().out == (
        f"{path}:4: error: serviceNice is 50, not a whole number from -20 to 19\n"
    )


def test_nothing_is_set_where_nothing_is_written():
    assert settings("") == {}


def test_a_name_stands_for_the_value_that_is_written_once():
    assert settings("""
        PORT = "tcp:80"
        LIMITS = {"nofile": 50}
        serviceReadiness = PORT
        serviceHealth = {"check": PORT, "every": 5}
        serviceLimits: dict = LIMITS
        serviceNice, serviceUmask = 5, 0o77
        """) == {
        "readiness": TCP, "health": {**HEALTH, "check": TCP, "every": 5},
        "limits": {"nofile": [50, 50]}, "nice": 5, "umask": 0o77,
    }


@pytest.mark.parametrize("text", [
    "import os\nserviceNice = os.getpid()",
    "serviceNice = int(script() == 'web')",
    "serviceNice = nowhere",
    "N = 5\nN = 6\nserviceNice = N",
    "serviceNice = N\nN = 5",
    "if script(): N = 5\nserviceNice = N",
    "A = A\nserviceNice = A",
    "A = B = [A, B]\nserviceGroups = A",
    "if script(): serviceNice = 5",
    "serviceNice = 5\nserviceNice = 6",
    "serviceNice = 5\nserviceNice += 1",
    "serviceEnvironment = {}\nserviceEnvironment['A'] = 'b'",
    "serviceEnvironment = {}\nserviceEnvironment.update(A='b')",
    "serviceGroups = ['a']\ndel serviceGroups[0]",
    "MORE = {}\nserviceEnvironment = {**MORE}",
    "serviceEnvironment = {[1]: 'a'}",
    "serviceGroups = [*'ab']",
    "serviceGroups = [serviceGroups]",
    "def serviceNice(): pass",
    "import os as serviceNice",
])
def test_what_only_running_the_script_would_tell_is_an_error(text):
    errors = [each for each in found(text) if each[0] == "error"]
    assert len(errors) == 1


FUNCTION = "def up():\n    return True\n"


def test_a_function_of_the_script_can_tell():
    assert settings(FUNCTION + "serviceReadiness = up\nserviceHealth = {'check': up}") == {
        "readiness": {"kind": "function", "name": "up"},
        "health": {**HEALTH, "check": {"kind": "function", "name": "up"}},
    }
    assert settings("up = lambda x=1: True\nserviceReadiness = up")["readiness"]["name"] == "up"


@pytest.mark.parametrize("text, message", [
    ("def up(x): return x\nserviceReadiness = up", "is called with no arguments, but needs some"),
    ("def up(*, x): return x\nserviceReadiness = up", "is called with no arguments, but needs some"),
    ("async def up(): pass\nserviceReadiness = up", "is an async function"),
    ("def up(): yield 1\nserviceReadiness = up", "is a generator"),
    ("serviceReadiness = isServiceRunning", "is neither a function of this script nor"),
    ("class Up: pass\nserviceReadiness = Up", "is neither a function of this script nor"),
    ("serviceReadiness = up\n" + FUNCTION, "before line 5 defines it: move it below"),
    (FUNCTION + "serviceReadiness = up()", "is computed (up())"),
    (FUNCTION + "serviceReadiness = 'function:up'", "write the name of the function itself"),
    (FUNCTION + "serviceNice = up", "serviceNice is up, not a whole number"),
])
def test_another_function_is_an_error(text, message):
    assert message in error(text)


@pytest.mark.parametrize("written, right", [
    ("serviceRestrat", "serviceRestart"), ("serviceStopTimeOut", "serviceStopTimeout"),
    ("serviceLimit", "serviceLimits"), ("serviceEnviroment", "serviceEnvironment"),
])
def test_a_misspelt_setting_is_a_warning_that_names_the_right_one(written, right):
    assert found(f"{written} = 5") == [
        ("warning", 1, f"{written} has no meaning to comar; did you mean {right}?")
    ]


@pytest.mark.parametrize("name", ["servicePort", "serviceName", "serviceUser", "serviceDir", "PORT"])
def test_other_variables_are_the_scripts_own(name):
    assert found(f"{name} = 5") == []


def test_settings_of_python_2_are_translated_first():
    answer = asked("serviceUmask = 0022\n")
    assert answer["facts"]["settings"] == {"umask": 0o22}


def test_scripts_of_other_models_have_no_settings_to_check():
    answer = check({
        "op": "check", "file": "x.py", "name": "x.py", "text": "serviceNice = 50\n", "app": "web",
        "model": "System.Package", "methods": {}, "types": [],
    })
    assert answer["findings"] == []


# What is written about them


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.key)
def test_the_manual_has_each_setting(setting):
    manual = REPOSITORY / "data/man"
    assert f"\n.B {setting.variable}\n" in (manual / "comar-script.5").read_text()
    assert setting.key in (manual / "comard.8").read_text()
    assert f"`{setting.key}`" in (REPOSITORY / "docs/protocol.md").read_text()


def test_the_example_for_editors_sets_all_of_them_and_is_right():
    text = inspect.getdoc(comar.service).split("SETTINGS):\n")[1].split("\nWhat scripts")[0]
    lines = "\n".join(line for line in text.split("\n") if line.startswith("    "))
    assert settings(lines).keys() == {each.key for each in SETTINGS}
