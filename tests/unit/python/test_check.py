# SPDX-License-Identifier: MIT
"""What is found in a script, and what is known of it."""

import inspect
import pathlib
import textwrap

import comar.builtins
import comar.service
import pytest
from comar import model_methods, vocabulary
from comar.check import check
from faultless import METHODS, SERVER

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
FIELD = sorted((REPOSITORY / "tests/data/field").glob("*.py"))
MISSPELLED = {"snmpd.py": "pidfile", "transmission.py": "detach"}
REFUSED = REPOSITORY / "tests/data/refused"
NO_SERVICES = {"demo.py"}
EXAMPLES = [
    path for path in sorted((REPOSITORY / "examples").glob("*.py")) if path.name not in NO_SERVICES
]

HEADER = 'serviceType = "local"\nserviceDesc = "Test"\nfrom comar.service import *\n'


def by_name(path):
    return path.name


def asked(text, **parts):
    """The answer to a check of a text."""
    request = {
        "op": "check",
        "file": "/nowhere/web.py",
        "name": "web.py",
        "text": text,
        "app": "web",
        "model": "System.Service",
        "methods": METHODS,
        "types": ["local", "server", "script"],
    }
    return check({**request, **parts})


def found(text, **parts):
    """The findings as (severity, line, message)."""
    answer = asked(text and textwrap.dedent(text), **parts)
    return [(each["severity"], each["line"], each["message"]) for each in answer["findings"]]


def in_service(text):
    """The findings in an otherwise faultless service; line 1 is the first of `text`."""
    whole = HEADER + textwrap.dedent(text)
    if "def stop" not in whole:
        whole += "\ndef stop(): pass\n"
    above = HEADER.count("\n")
    return [(severity, line - above, message) for severity, line, message in found(whole)]


def facts(text, **parts):
    return asked(textwrap.dedent(text), **parts)["facts"]


# What is well


def test_the_script_of_the_specification_is_faultless():
    answer = asked(SERVER)
    assert answer["findings"] == []
    assert answer["text"] == SERVER
    assert answer["diff"] == ""
    assert answer["facts"] == {
        "type": "server",
        "description": {"en": "Server", "tr": "Sunucu"},
        "default": None,
        "conf": None,
        "methods": ["start", "stop", "status"],
        "functions": ["start", "stop", "status"],
        "synchronized": ["start", "stop"],
        "starts": [],
        "actions": {},
        "settings": {},
        "setting_lines": {},
        "plain_start": None,
        "plain_stop": None,
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_examples_are_faultless(path):
    answer = asked(path.read_text(), name=path.name, app=path.stem)
    assert answer["findings"] == []
    assert set(answer["facts"]["description"]) == {"en", "tr"}


@pytest.mark.parametrize("path", FIELD, ids=by_name)
def test_scripts_in_the_field_have_no_errors(path):
    answer = asked(None, file=str(path), name=path.name, app=path.stem)
    findings = answer["findings"]
    assert [each for each in findings if each["severity"] == "error"] == []
    if path.name in MISSPELLED:
        assert f"did you mean {MISSPELLED[path.name]}?" in findings.pop()["message"]
    assert [each["message"].split(":")[0] for each in findings] in ([], ["brought up to Python 3"])
    assert bool(findings) == bool(answer["diff"])


def test_the_first_changed_line_is_told():
    text = SERVER.replace("def status():", "def status():\n    print 1")
    assert [finding[:2] for finding in found(text)] == [("warning", 21)]


def test_a_finding_has_the_line_of_the_script_though_its_translation_is_longer():
    above = "def add((a, b), c):\n    return a + b + c\n"
    findings = in_service(above + "def start():\n    print 'a'\n    strat_now()\n    return 1 is 1\n"
                          "def start(level):\n    pass\n")
    lines = {message.split()[0].strip('"'): line for _, line, message in findings}
    assert (lines["strat_now"], lines["start()"]) == (5, 7)
    assert any("is" in message and line == 6 for _, line, message in findings)
    assert ("warning", 7, "start() replaces the one in line 6: remove one of them") in findings


def test_a_script_without_a_body_is_refused_in_clear_words():
    path = REFUSED / "empty_start.py"
    answer = asked(None, file=str(path), name=path.name)
    message = "start() has no body: write at least `pass`"
    assert answer["findings"] == [{"severity": "error", "line": 7, "message": message}]
    assert answer["text"] == path.read_text()
    assert answer["diff"] == ""
    assert answer["facts"]["methods"] == []


def test_checking_runs_nothing(tmp_path):
    witness = tmp_path / "witness"
    asked(f"open({str(witness)!r}, 'w')\nimport csl\n")
    assert not witness.exists()


def test_a_file_that_cannot_be_read_is_an_error_without_a_line():
    assert found(None, file="/nowhere/x.py") == [
        ("error", 0, "cannot read this script: No such file or directory")
    ]


def test_a_guessed_encoding_is_told(tmp_path):
    path = tmp_path / "old.py"
    path.write_bytes(SERVER.encode("iso-8859-9") + "# ş\n".encode("iso-8859-9"))
    (finding,) = found(None, file=str(path))
    assert finding[:2] == ("warning", 1)
    assert "ISO-8859-9" in finding[2]


# How a service describes itself


@pytest.mark.parametrize(
    "old, new, severity, line, words",
    [
        ('serviceType = "server"', "", "error", 1, "serviceType is missing"),
        ('"server"', '"servr"', "error", 1, "did you mean server?"),
        ('"server"', "3", "warning", 1, "computed"),
        ('"server"', "kind()", "warning", 1, "computed"),
        ('"en": "Server",', "", "error", 2, 'has no "en"'),
        ('"en": "Server"', '"en": " "', "error", 2, "empty"),
        ('_({"en": "Server",', 'str({"en": "Server",', "warning", 2, "computed"),
        ("serviceDesc", "serviceDescr", "error", 1, "serviceDesc is missing"),
        ("\n\nfrom", '\nserviceDefault = "onn"\nfrom', "error", 4, "did you mean on?"),
        ("\n\nfrom", '\nserviceConf = "/etc/web"\nfrom', "warning", 4, "name of a file"),
        ("\n\nfrom", '\nserviceDefualt = "on"\nfrom', "warning", 4, "did you mean serviceDefault?"),
    ],
)
def test_what_is_wrong_with_a_description(old, new, severity, line, words):
    text = SERVER.replace(old, new, 1).replace("kind()", "str(1)")
    assert any(each[:2] == (severity, line) and words in each[2] for each in found(text))


@pytest.mark.parametrize(
    "description, texts",
    [
        ('"Plain"', {"en": "Plain"}),
        ('_("Plain")', {"en": "Plain"}),
        ('{"en": "a"}', {"en": "a"}),
        ('_({"en": u"a" "b", "tr": "c"})', {"en": "ab", "tr": "c"}),
        ("_(TEXTS)", {"en": "by name"}),
    ],
)
def test_descriptions_that_can_be_read(description, texts):
    text = 'TEXTS = {"en": "by name"}\nserviceType = "local"\ndef stop(): pass\n'
    text += f"serviceDesc = {description}\n"
    assert found(text) == []
    assert facts(text)["description"] == texts


def test_facts_that_only_running_tells_are_null():
    text = "serviceType = serviceDesc = str(1)\nserviceConf = serviceType\nserviceDefault = X\n"
    known = facts(text)
    assert [known[each] for each in ("type", "description", "conf", "default")] == [None] * 4


def test_facts_that_are_written_out():
    text = 'serviceConf, serviceDefault = "web-conf", "conditional"\n'
    text += 'if 1:\n    serviceType = "script"\n'
    known = facts(text)
    assert (known["conf"], known["default"], known["type"]) == ("web-conf", "conditional", "script")


@pytest.mark.parametrize("text, names", [
    ("def up(): pass\ndef down(x): pass\ndef some(x=1, *more): pass\ndef key(*, x): pass\n", ["up", "some"]),
    ("async def up(): pass\ndef down(): yield 1\nclass Up: pass\n", []),
    ("@cached\ndef up(x): pass\n", ["up"]),
    ("import os\nfrom tools import up\nmade = partial(up, 1)\nup_too = lambda: 1\nalias = up_too\n",
     ["up", "made", "up_too", "alias"]),
    ("serviceDesc = _({'en': 'x'})\nPORT = 80\nNAMES = [1]\n", []),
    ("def up(): pass\nup = 5\n", []),
    ("if 1:\n    def up(): pass\n", ["up"]),
    ("from comar.service import *\ndef up(): pass\n", ["up"]),
    ("from tools import *\ndef up(): pass\n", None),
])
def test_functions_that_settings_may_name(text, names):
    assert facts(text)["functions"] == names


def test_other_models_have_no_type():
    methods = {"postInstall": 4, "preRemove": 0, "postRemove": 0}
    text = "def postInstall(a, b, c, d): pass\n"
    assert found(text, model="System.Package", methods=methods) == []
    (finding,) = found("def postInstall(): pass\n", model="System.Package", methods=methods)
    assert finding[:2] == ("error", 1)
    assert "called with 4 arguments" in finding[2]


# Methods


@pytest.mark.parametrize(
    "text",
    [
        "def start(): pass",
        "def start(boot=False): pass",
        "def start(*args): pass",
        "def start(**kw): pass",
        "def start(*, boot=False): pass",
        "def setState(state): pass",
        "def setState(state, quietly=False): pass",
        "start = lambda: None",
        "def go(): pass\nstart = go",
        "start = synchronized(lambda: None)",
        "from json import loads as start",
        "def with_mode(f): return f\n@with_mode\ndef start(mode): pass",
        "if os.getuid():\n    def start(): pass\nelse:\n    def start(): fail('no')",
        "def status(): return True",
        "status = lambda: True",
        "def reload():\n    def each(): yield 1\n    list(each())",
    ],
)
def test_methods_that_can_be_called(text):
    assert in_service(text) == []


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("def start(mode): pass", 1, "start() is called with no arguments, but takes 1 argument"),
        ("def setState(): pass", 1, "called with 1 argument, but takes no arguments"),
        ("def setState(a, b): pass", 1, "but takes 2 arguments"),
        ("def setState(a, b, *c): pass", 1, "but needs at least 2"),
        ("def status(name): pass\n", 1, "status() is called with no arguments"),
        ("def start(*, boot): pass", 1, "start() needs boot=…"),
        ("start = lambda mode: None", 1, "takes 1 argument"),
        ("def go(mode): pass\nstart = go", 2, "takes 1 argument"),
        ("async def start(): pass", 1, "async"),
        ("def start():\n    yield 1", 1, "generator"),
        ("class start: pass", 1, "class"),
        ("start = 5", 1, "a value"),
    ],
)
def test_methods_that_cannot_be_called(text, line, words):
    errors = [each for each in in_service(text) if each[0] == "error"]
    assert len(errors) == 1
    assert errors[0][1] == line
    assert words in errors[0][2]


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("def status():\n    isServiceRunning('/x')", 1, "status() returns nothing"),
        ("def status():\n    def a(): return 1\n    a()", 1, "status() returns nothing"),
        ("def reload(): pass\ndef reload(): pass", 2, "replaces the one in line 4"),
        ("def a(): pass\ndef a(): pass", 2, "a() replaces"),
        ("def stauts(): return True", 1, "did you mean status?"),
        ("def run(): pass", 1, "run hides"),
        ("config = {}", 1, "config hides"),
        ("def start(): startDependencies('db', 'web')", 1, "web, which is this service"),
    ],
)
def test_methods_that_are_odd(text, line, words):
    findings = in_service(text)
    assert [each[:2] for each in findings] == [("warning", line)]
    assert words in findings[0][2]


def test_a_start_without_a_stop_is_odd_but_for_what_is_done_at_once():
    text = SERVER.replace("def stop", "def helper")
    assert [each[:2] for each in found(text)] == [("warning", 8)]
    assert found(text.replace('"server"', '"script"')) == []


def test_a_script_without_any_method_is_odd():
    assert "no method of System.Service" in found(HEADER)[0][2]
    (finding,) = found(HEADER + "from elsewhere_to_be_found import *\n")
    assert finding[2].startswith("there is no module")


def test_the_star_import_must_not_replace_what_the_script_defines():
    text = 'serviceType = "local"\nserviceDesc = "a"\n'
    text += "def ready(): pass\nfrom comar.service import *\n"
    assert [each[:2] for each in found(text)] == [("warning", 3)]
    assert found(text.replace("ready", "stop")) == []


# Names and calls


def test_the_service_api_needs_its_import():
    text = SERVER.replace("from comar.service import *", "")
    findings = found(text)
    assert {each[0] for each in findings} == {"error"}
    assert {each[2].split()[0] for each in findings} == {
        "synchronized",
        "startService",
        "stopService",
        "isServiceRunning",
    }


def test_importing_only_what_is_used_is_fine():
    names = "synchronized, startService, stopService, isServiceRunning"
    assert found(SERVER.replace("*", names)) == []
    assert [each[:2] for each in found(SERVER.replace("*", names[14:]))] == [("error", 7)]


def test_the_import_must_come_before_the_use():
    text = 'x = config.get("a")\n@synchronized\ndef start():\n    run("a")\n'
    errors = found(text + HEADER + "def stop(): pass\n")
    assert [each[:2] for each in errors] == [("error", 1), ("error", 2)]
    assert "line 7" in errors[0][2]


@pytest.mark.parametrize(
    "text, words",
    [
        ("def start(): startServce('/x')", "did you mean startService?"),
        ("def start(): nothing_like_it()", "nothing_like_it is defined nowhere"),
        ("def start(): json.dumps(1)", "add `import json`"),
        ("def start(): sleep(1)", "sleep is defined nowhere"),
        ("import piksemel_of_old", "no module piksemel_of_old"),
        ("import string\nx = string.join([], '')", "gone from Python 3"),
        ("x = 1 is 2", '"is" with a literal'),
        ("def start(): startService('/x', pidfle='/y')", "has no pidfle; did you mean pidfile?"),
        ("def start(): startService(args='x')", "needs command=…"),
        ("def start(): startService('/x', makepid=True)", "makepid=… needs pidfile=…"),
        ("def start(): isServiceRunning('/x', '/y', 3)", "takes at most 2 arguments"),
        ("def stop(): stopService(donotify=True)", "does not say which process"),
        ("def status(): return isServiceRunning()", "does not say which process"),
    ],
)
def test_names_and_calls_that_will_fail(text, words):
    findings = in_service(text)
    assert len(findings) == 1
    assert findings[0][0] == "warning"
    assert words in findings[0][2]


@pytest.mark.parametrize(
    "text",
    [
        "def start(): stopService(pidfile='/x', signal=1)",
        "def start(): startService(*['/x'], **{'nice': 3})",
        "def start(): os.chmod('/x', signal.SIGTERM); time.sleep(pwd.struct_passwd.n_fields)",
        "x = reduce(lambda a, b: a or b, [file])",
        "import csl, comar.service\nx = csl",
        "try:\n    import piksemel_of_old\nexcept ImportError:\n    piksemel_of_old = None",
        "exec('a = 1')\ndef start(): return a",
        "x = [a for a in (1, 2) if (b := a)] + [__file__, __name__]",
        "try:\n    pass\nexcept OSError as error:\n    print(error)",
        "def start(): fail(_(config_datapath() + bus_sender() + script() + package()))",
    ],
)
def test_names_and_calls_that_are_fine(text):
    assert in_service(text) == []


# Which services a script starts


def starts(text):
    return facts(text)["starts"]


def test_what_is_started_is_known_with_its_lines():
    text = """\
        from comar.service import *
        call("early", "System.Service", "start")

        def start():
            startDependencies("b", "c")
            helper()

        def ready():
            call("System.Service.start", "d")
            start()

        def helper():
            call(app="e", model="System.Service", method="start")
            start()

        def unused():
            startDependencies("f")

        def stop():
            startDependencies("g")
            call("h", "System.Service", "stop")
        """
    assert starts(text) == [
        ["early", 2, "call"], ["b", 5, "startDependencies"], ["c", 5, "startDependencies"],
        ["d", 9, "call"], ["e", 13, "call"],
    ]


@pytest.mark.parametrize("text", [
    "def start(): startDependencies('a')",
    "def ready(): startDependencies('a')",
    "@synchronized\ndef start(boot=False): startDependencies('a')",
    "def start(): one()\ndef one(): two()\ndef two(): startDependencies('a')",
    "def start():\n def inner(): startDependencies('a')\n inner()",
    "def start(): Helper().go()\nclass Helper:\n def go(self): startDependencies('a')",
    "def with_a(function):\n def inner():\n  startDependencies('a')\n  function()\n return inner\n"
    "@with_a\ndef start(): pass",
    "def _start(): startDependencies('a')\nstart = synchronized(_start)",
    "start = lambda: startDependencies('a')",
    "if True:\n def start(): startDependencies('a')",
    "def start():\n try: startDependencies('a')\n finally: pass",
    "A = 'a'\ndef start(): startDependencies(A)",
    "ALL = ['a']\ndef start(): startDependencies(*ALL)",
    "def start(): startDependencies(*('a',))",
    "def start():\n for each in ['a']: startDependencies(each)",
    "ALL = ('a',)\ndef start():\n [startDependencies(each) for each in ALL]",
    "from comar.service import startDependencies as need\ndef start(): need('a')",
    "need = startDependencies\ndef start(): need('a')",
    "import comar.service\ndef start(): comar.service.startDependencies('a')",
    "def start():\n from comar.service import startDependencies\n startDependencies('a')",
    "def helper(): startDependencies('a')\nhelper()",
    "for each in ('a',): startDependencies(each)",
])
def test_ways_to_start_dependencies(text):
    assert [(app, how) for app, _, how in starts(text)] == [("a", "startDependencies")]


@pytest.mark.parametrize("text", [
    "call('a', 'System.Service', 'start')",
    "call('a', 'System.Service', 'start', (), 30)",
    "call('a', 'System.Service', 'start', timeout=30)",
    "call(app='a', model='System.Service', method='start')",
    "call('a', method='start', model='System.Service')",
    "call('System.Service.start', 'a')",
    "call('System.Service.start', 'a', timeout=5)",
    "call(A, MODEL, START)",
])
def test_ways_to_call(text):
    names = "A = 'a'\nMODEL, START = 'System.Service', 'start'\n"
    assert starts(f"{names}def start(): {text}") == [["a", 3, "call"]]


@pytest.mark.parametrize("text", [
    "def stop(): startDependencies('a')",
    "if True:\n def stop(): startDependencies('a')",
    "stop = lambda: startDependencies('a')",
    "def start(): pass\ndef reload(): helper()\ndef helper(): startDependencies('a')",
    "def helper(): startDependencies('a')\nstop = helper",
    "def start(): stopDependencies('a')",
    "def start(): call('a', 'System.Service', 'stop')",
    "def start(): call('a', 'System.Package', 'start')",
    "def start(): call('System.Service.stop', 'a')",
    "def start(): modem.call('a', 'System.Service', 'start')",
    "A = 'a'\nA = 'b'\ndef start(): startDependencies(A)",
    "A = 'a'\ndef helper(A): startDependencies(A)\ndef start(): helper('b')",
    "A = 'a'\ndef start():\n A = other()\n startDependencies(A)",
    "def start():\n for each in ['a']:\n  each = 'b'\n  startDependencies(each)",
    "def start(): startDependencies('')",
    "def startDependencies(*names): pass\ndef start(): startDependencies('a')",
])
def test_what_is_not_started_by_a_start(text):
    assert starts(text) == []


def test_names_of_services_are_canonical():
    assert starts("def start(): startDependencies('my-app', '3d', 'çay')") == [
        ["_3d", 1, "startDependencies"], ["_ay", 1, "startDependencies"],
        ["my_app", 1, "startDependencies"],
    ]


def test_what_is_computed_is_not_guessed():
    text = """\
        def start():
            startDependencies(*names)
            startDependencies(name, "a")
            call(x, y, "start")
        """
    assert starts(text) == [["a", 3, "startDependencies"]]


def test_methods_that_are_assigned_or_imported_are_methods():
    text = "from other import reload\ndef go(): pass\nstart = stop = go\n"
    text += "status = lambda: 1\nx = 3\n"
    assert facts(text)["methods"] == ["reload", "go", "start", "stop", "status"]


# The vocabulary


def test_the_vocabulary_is_that_of_the_service_api():
    assert vocabulary.STAR_NAMES == set(comar.service.__all__)
    assert vocabulary.SCRIPT_BUILTINS | vocabulary.PYTHON2_BUILTINS == set(comar.builtins.__all__)


@pytest.mark.parametrize("name", sorted(vocabulary.FUNCTIONS))
def test_parameters_are_those_of_the_service_api(name):
    parameters = inspect.signature(getattr(comar.service, name)).parameters.values()
    known = vocabulary.FUNCTIONS[name]
    assert known.names == tuple(each.name for each in parameters)
    assert known.required == sum(each.default is inspect.Parameter.empty for each in parameters)


# Models


def test_models_are_read_from_xml(tmp_path):
    (tmp_path / "broken.xml").write_text("<node>")
    (tmp_path / "model.xml").write_text(
        '<node><interface name="tr.org.pardus.comar.Test.Model"><method name="setup">'
        '<arg name="a" type="s" direction="in"/><arg type="s"/><arg type="s" direction="out"/>'
        '</method><method name="clean"/><signal name="Done"/></interface></node>'
    )
    assert model_methods.of_model("Test.Model", str(tmp_path)) == {"setup": 2, "clean": 0}
    assert model_methods.of_model("Test.Other", str(tmp_path)) is None


def test_the_models_of_the_repository_are_found():
    assert model_methods.of_model("System.Service", str(REPOSITORY / "models")) == METHODS
    assert model_methods.of_model("System.Package")["postInstall"] == 4


def test_the_service_model_is_known_without_xml(tmp_path):
    assert model_methods.of_model("System.Service", str(tmp_path)) == METHODS


def test_readiness_by_pidfile_wants_a_status_that_looks_at_it():
    text = 'serviceReadiness = "pidfile"\ndef start(): pass\n'
    ((severity, line, message),) = in_service(text)
    assert (severity, line) == ("error", 1) and "isServiceRunning(PIDFILE)" in message
    assert in_service(text + 'def status(): return isServiceRunning("/run/web.pid")\n') == []
