# SPDX-License-Identifier: MIT
"""Python 2 into Python 3: what comes out runs and means the same, what needs nothing stays."""

import ast
import functools
import os
import pathlib
import random
import subprocess
import sys

import pytest
from comar.source import SourceError, declare_utf8, decode_source, is_guessed, read_source
from comar.translate import TranslationError, translate

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
FIELD = sorted((REPOSITORY / "tests/data/field").glob("*.py"))
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.py"))

# Python 2 can take arguments apart; Python 3 needs a line more for that.
GROWS = {"netfs.py", "samba.py"}
PYTHON2 = (REPOSITORY / "tests/data/field/python2.txt").read_text().split()


def by_name(path):
    return path.name


def python3(text):
    return translate(text, "script.py").text


def value_after(text):
    """The variable x after running the translation."""
    names = {"file": open, "reduce": functools.reduce}
    exec(compile(python3(text), "script.py", "exec"), names)
    return names["x"]


def error_of(text):
    with pytest.raises(TranslationError) as caught:
        translate(text, "script.py")
    return caught.value


# What changes


@pytest.mark.parametrize(
    "python2, expected",
    [
        ('print "a"\n', 'print("a")\n'),
        ('print "a", b\n', 'print("a", b)\n'),
        ('print "a",\n', "print(\"a\", end=' ')\n"),
        ('print >>log, "a"\n', 'print("a", file=log)\n'),
        ("print\n", "print()\n"),
        ('print ("a" + b)\nprint c\n', 'print ("a" + b)\nprint(c)\n'),
        ('print "a"\nprint("b", file=log)\n', 'print("a")\nprint("b", file=log)\n'),
        ("try: f()\nexcept A, e: pass\n", "try: f()\nexcept A as e: pass\n"),
        ("try: f()\nexcept (A, B), e: pass\n", "try: f()\nexcept (A, B) as e: pass\n"),
        ('raise E, "a"\n', 'raise E("a")\n'),
        ('raise "a"\n', 'raise Exception("a")\n'),
        ('raise "a %s" % b\n', 'raise Exception("a %s" % b)\n'),
        ('raise "a", b\n', 'raise Exception("a", b)\n'),
        ("x = 0600\n", "x = 0o600\n"),
        ("x = 10L\n", "x = 10\n"),
        ("x = [0600L, 07l, 0L, 00L, 0xFFL]\n", "x = [0o600, 0o7, 0, 00, 0xFF]\n"),
        ('x = ur"\\d"\n', 'x = r"\\d"\n'),
        ("if a <> b: pass\n", "if a != b: pass\n"),
        ("x = `a`\n", "x = repr(a)\n"),
        ('exec "a = 1" in b\n', 'exec("a = 1", b)\n'),
        ('if config.has_key("a"): pass\n', 'if "a" in config: pass\n'),
        ('if not os.environ.has_key("a"): pass\n', 'if "a" not in os.environ: pass\n'),
        ("isinstance(a, basestring)\n", "isinstance(a, str)\n"),
        ("a = unicode(b)\n", "a = str(b)\n"),
        ("for i in xrange(3): pass\n", "for i in range(3): pass\n"),
        ('a = file("b").read()\n', 'a = open("b").read()\n'),
        ('a = open("b", "rU")\n', 'a = open("b", "r")\n'),
        ('a = open("b", "w", 0)\n', 'a = open("b", "w", 1)\n'),
        ('a = file("b", "w", 0)\n', 'a = open("b", "w", 1)\n'),
        ("a = apply(f, (1, 2))\n", "a = f(*(1, 2))\n"),
        ("a = itertools.izip(b, c)\n", "a = zip(b, c)\n"),
        ("for a, b in c.iteritems(): pass\n", "for a, b in c.items(): pass\n"),
        ("a = b.keys()[0]\n", "a = list(b.keys())[0]\n"),
        ("a = os.getcwdu()\n", "a = os.getcwd()\n"),
        ("class A(StandardError): pass\n", "class A(Exception): pass\n"),
        ("import commands\ncommands.getoutput(a)\n", "import subprocess\nsubprocess.getoutput(a)\n"),
        ("from ConfigParser import ConfigParser\n", "from configparser import ConfigParser\n"),
        ("from StringIO import StringIO\n", "from io import StringIO\n"),
    ],
)
def test_translates(python2, expected):
    assert python3(python2) == expected


@pytest.mark.parametrize(
    "python2, expected",
    [
        ('d = {"a": 1}\nx = d.has_key("a") and not d.has_key("b")\n', True),
        ("x = 0600 | 07\n", 391),
        ("x = map(str, range(3)) + filter(None, [0, 1])\n`x`\n", ["0", "1", "2", 1]),
        ("d = {1: 2}\nfor k in d.keys(): del d[k]\nx = `d`\n", "{}"),
        ('try: raise KeyError, "a"\nexcept (KeyError, OSError), e: x = e.args\n', ("a",)),
        ("def f((a, b), c): return a + b + c\nx = f((1, 2), 3)\n", 6),
        ("import types\nx = type('a') is types.StringType\n", True),
        ("import sys\nx = sys.maxint > 2 and isinstance(3L, (int, long))\n", True),
        ("x = reduce(lambda a, b: a + b, xrange(4))\n", 6),
        ('from subprocess import *\nx = Popen("echo", stdout=PIPE).communicate()[0]\n`x`\n', "\n"),
        ("x = 'a'.encode is None or u'ş' == unicode('ş')\n", True),
    ],
)
def test_the_translation_means_the_same(python2, expected):
    assert value_after(python2) == expected


def test_tabs_are_worth_eight_columns_and_those_in_strings_stay():
    text = 'if 1:\n\tx = """\n\ta"""\n        y = 2\n'
    assert python3(text) == 'if 1:\n        x = """\n\ta"""\n        y = 2\n'


def test_tabs_and_print_statements_together():
    text = "def f():\n\tif 1:\n\t        print 1\n        return 2\nx = f()\n"
    assert value_after(text) == 2


def test_lines_end_as_they_did():
    assert python3('print "a"\r\nx = 0600\r\n') == 'print("a")\r\nx = 0o600\r\n'
    assert python3('print "a"') == 'print("a")'


# What stays


@pytest.mark.parametrize(
    "text",
    [
        "",
        'print("a", file=log)\n',
        "for file in files:\n    open(file)\n",
        "long = 3\nprint(long)\n",
        "def unicode(a): return a\nunicode(1)\n",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
        "class A:\n    def has_key(self, a): pass\nA().has_key(1)\n",
        'x = u"a"\n',
        "x = reduce(f, [])\n",
        "for a in b.keys(): pass\nc = map(f, b)\n",
        "import urllib.request\nurllib.request.urlopen(a)\n",
        'raise ValueError("a")\n',
        "try:\n    import configparser\nexcept ImportError:\n    import ConfigParser\n",
        "x = f\"{a!r:>{b}}\"\nif (n := 3): pass\n",
        "import subprocess\na = subprocess.check_output(b)\n",
        "def f():\n\treturn 1\n",
        'print ("a")\r\n',
        "x = a / 2\n",
        'x = open("a", "wb", 0)\n',
        'x = open("a", "w", 0x0)\n',
        "def apply(a): pass\napply(1)\n",
    ],
)
def test_python3_stays_to_the_byte(text):
    translation = translate(text, "script.py")
    assert (translation.text, translation.diff, translation.notes) == (text, "", ())
    assert translation.first_changed_line == 0


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_examples_need_no_translation(path):
    assert translate(path.read_text(), path.name).diff == ""


def test_a_script_that_needs_nothing_does_not_load_fissix():
    code = (
        "import sys; sys.path[:0] = %r; from comar.translate import translate;"
        "translate('def start(): pass', 'x'); sys.exit('fissix' in sys.modules)" % sys.path
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Scripts in the field


@pytest.mark.parametrize("path", FIELD, ids=by_name)
def test_a_script_in_the_field_translates(path):
    text = decode_source(path.read_bytes())
    translation = translate(text, path.name)
    ast.parse(translation.text)
    assert (translation.diff != "") == (path.stem in PYTHON2)
    if path.name not in GROWS:
        assert translation.text.count("\n") == text.count("\n")


@pytest.mark.parametrize("path", FIELD, ids=by_name)
def test_a_translation_needs_no_other(path):
    once = translate(decode_source(path.read_bytes()), path.name).text
    assert translate(once, path.name).diff == ""


@pytest.mark.parametrize("path", FIELD, ids=by_name)
def test_broken_scripts_give_an_error_that_names_a_line(path):
    text = decode_source(path.read_bytes())
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    for _ in range(25):
        broken = damaged(text, dice)
        try:
            ast.parse(translate(broken, path.name).text)
        except TranslationError as error:
            assert 1 <= error.line <= broken.count("\n") + 3, f"seed {seed}"


def damaged(text, dice):
    """The text with up to three pieces lost or replaced."""
    letters = list(text)
    for _ in range(dice.randrange(1, 4)):
        start = dice.randrange(len(letters))
        end = start + dice.randrange(1, 20)
        letters[start:end] = dice.choice(["", "(", '"', "\t", ":\n", "\0", "0L"])
    return "".join(letters)


# What it tells


def test_the_diff_shows_what_changed():
    translation = translate('a = 1\nprint "b"\nc = 2', "web.py")
    assert translation.diff == (
        "--- web.py\n+++ web.py (Python 3)\n@@ -1,3 +1,3 @@\n a = 1\n"
        '-print "b"\n+print("b")\n c = 2\n\\ No newline at end of file\n'
    )
    assert translation.first_changed_line == 2


GROWING = """\
def f((a, b), (c, d)):
    return a
try:
    print 1
except OSError, (number, text):
    pass
print 1 / 2
"""


def test_lines_of_a_translation_that_is_longer_are_known_by_those_of_the_script():
    translation = translate(GROWING, "script.py")
    given = GROWING.split("\n")
    new = translation.text.split("\n")
    assert len(new) == len(given) + 3
    origins = {line.split(" as ")[0].strip(): translation.given_line(at)
               for at, line in enumerate(new, 1)}
    assert origins["return a"] == 2
    assert origins["print(1)"] == 4
    assert origins["except OSError"] == 5
    assert origins["pass"] == 6
    assert origins["print(1 / 2)"] == 7
    assert [note.line for note in translation.notes] == [7]
    assert [node.lineno for node in translation.tree("script.py").body] == [1, 3, 7]


def test_an_error_in_a_translation_that_is_longer_has_the_line_of_the_script():
    error = error_of(GROWING + "def g():\n    from os import *\n")
    assert (error.line, error.message) == (
        9, "import * only allowed at module level: from os import *")


def test_a_division_in_python2_is_worth_a_look():
    notes = translate("print a / 2\n", "script.py").notes
    assert [(note.line, "//" in note.message) for note in notes] == [(1, True)]


def test_python2_amid_syntax_newer_than_fissix_is_told_and_left():
    text = "match a:\n    case 1: b.has_key(2)\n"
    translation = translate(text, "script.py")
    assert translation.text == text
    assert len(translation.notes) == 1


# What cannot be translated


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("def start():\n\ndef stop():\n    pass\n", 1, "start() has no body"),
        ("def broken(:\n    pass\n", 1, "invalid syntax: def broken(:"),
        ("def broken(:\n", 1, "def broken(:"),
        ("print 'a'\nclass Broken(:\n    pass\n", 2, "class Broken(:"),
        ("def start(a, (b, c)):\n", 1, "start() has no body"),
        ("def start():\n    # later\n", 1, "start() has no body"),
        ("def start():", 1, "start() has no body"),
        ('print "a"\ndef start():\n\ndef stop(): pass\n', 2, "start() has no body"),
        ('class A:\n    def a(self):\n    def b(self): print "c"\n', 2, "a() has no body"),
        ('print "a"\nclass A:\nb = 1\n', 2, "A has no body"),
        ("a = (1,\nb = 2\n", 1, "'(' was never closed"),
        ('print "a"\nb = """c\n', 2, "unterminated triple-quoted string"),
        ('print "a"\n\nb = )\n', 3, "b = )"),
        ('print "a"\nb = f(1,\n', 2, "'(' is never closed"),
        ("return 1\n", 1, "'return' outside function"),
        ('def f():\n    from os import *\n    print "a"\n', 2, "import *"),
        ("a = '\0'\n", 1, "null bytes"),
        ("a = '\ud800'\n", 1, "Unicode"),
        pytest.param("(" * 500 + ")" * 500, 1, "nested", id="nested"),
        ("if 1:\n        a = 1\n    b = 2\n", 3, "unindent"),
    ],
)
def test_an_error_says_where_and_what(text, line, words):
    error = error_of(text)
    assert (error.line, error.name) == (line, "script.py")
    assert words in error.message
    assert str(error) == f"script.py:{line}: {error.message}"
    error.message.encode("utf-8")


# Encodings


@pytest.mark.parametrize(
    "data, text",
    [
        ("ş".encode(), "ş"),
        (b"\xef\xbb\xbf" + "ş".encode(), "ş"),
        ("# coding: iso-8859-9\nş".encode("iso-8859-9"), "# coding: iso-8859-9\nş"),
        ("# vim: fileencoding=latin5 :\nş".encode("latin5"), "# vim: fileencoding=latin5 :\nş"),
        ("ş".encode("iso-8859-9"), "ş"),
        ("# coding: utf-8\nş".encode("iso-8859-9"), "# coding: utf-8\nş"),
        ("# coding: klingon\nş".encode(), "# coding: klingon\nş"),
        ("# coding: rot13\nş".encode(), "# coding: rot13\nş"),
    ],
)
def test_bytes_are_decoded_as_declared_or_sensibly(data, text):
    assert decode_source(data) == text


@pytest.mark.parametrize(
    "text", ["# coding: latin5\na = 1\n", "# coding: utf-8\na = 'ş'\n", "a = 'ş'\n"]
)
def test_a_true_declaration_stays(text):
    assert declare_utf8(text) == text


@pytest.mark.parametrize("encoding", ["iso-8859-9", "cp1254", "klingon"])
def test_a_declaration_becomes_true_of_what_is_stored(encoding):
    text = f"#!/usr/bin/python\n# -*- coding: {encoding} -*-\na = 'ş'\n"
    new = python3(text)
    assert new == "#!/usr/bin/python\n# -*- coding: utf-8 -*-\na = 'ş'\n"
    names = {}
    exec(compile(new.encode(), "script.py", "exec"), names)
    assert names["a"] == "ş"


def test_a_guessed_encoding_is_known_to_be_one():
    assert is_guessed("ş".encode("iso-8859-9"))
    assert not is_guessed("ş".encode())
    assert not is_guessed("# coding: iso-8859-9\nş".encode("iso-8859-9"))


def test_reading_refuses_what_is_no_script(tmp_path):
    large = tmp_path / "large.py"
    large.write_bytes(b"#" * (1 << 20) + b"\n")
    refused = {large: "too large", tmp_path: "", "/dev/zero": "ordinary", "/none": "No such"}
    for path, words in refused.items():
        with pytest.raises(SourceError, match=words):
            read_source(str(path))


def test_reading_does_not_wait_for_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo.py")
    with pytest.raises(SourceError, match="ordinary"):
        read_source(str(tmp_path / "fifo.py"))


def test_reading_gives_the_bytes(tmp_path):
    path = tmp_path / "script.py"
    path.write_bytes(b"a = 1\n")
    assert read_source(str(path)) == b"a = 1\n"
