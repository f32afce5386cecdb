# SPDX-License-Identifier: MIT
"""Scripts of the Python 2 time: translated when registered, they run as they were meant."""

import pathlib

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import doing, service_script


# What runs

RUNS = {
    "except": ("""
        try:
            raise OSError, (2, "no disk")
        except OSError, error:
            tell((error.errno, error.strerror))
        """, (2, "no disk")),
    "except several": ("""
        try:
            int("x")
        except (ValueError, TypeError), error:
            tell(type(error).__name__)
        """, "ValueError"),
    "except into a tuple": ("""
        try:
            raise IOError(5, "broken")
        except IOError, (number, text):
            tell((number, text))
        """, (5, "broken")),
    "raise": ("""
        try:
            raise ValueError, "odd"
        except ValueError, error:
            tell(str(error))
        """, "odd"),
    "raise a text": ("""
        try:
            raise "number %d" % 7
        except Exception, error:
            tell(str(error))
        """, "number 7"),
    "has_key": ("""
        tell([{"a": 1}.has_key("a"), config.has_key("PORT"), not config.has_key("HOST"),
              os.environ.has_key("PATH"), not os.environ.has_key("NO SUCH")])
        """, [True] * 5),
    "backticks": ("tell(`7` + `'a'`)", "7'a'"),
    "octal": ("""
        os.mkdir(FOLDER, 0700)
        os.chmod(FOLDER, 0750)
        tell([os.stat(FOLDER).st_mode & 07777 == 0750, 0644L, 010, 00])
        """, [True, 420, 8, 0]),
    "long": ("tell([10L, 0xFFL, long('7'), isinstance(3, (int, long)), -1l])", [10, 255, 7, True, -1]),
    "unicode": ("""
        tell([unicode(7), u"ş", ur"\\d", isinstance(u"a", basestring), isinstance("a", unicode),
              isinstance(7, basestring), unichr(351)])
        """, ["7", "ş", "\\d", True, True, False, "ş"]),
    "xrange": ("tell([number for number in xrange(3)] + [sum(xrange(0, 10, 2))])", [0, 1, 2, 20]),
    "unequal": ("tell([1 <> 2, 1 <> 1])", [True, False]),
    "exec": ("""
        names = {}
        exec "answer = 6 * 7" in names
        tell(names["answer"])
        """, 42),
    "reduce": ("print\ntell(reduce(lambda a, b: a * b, [1, 2, 3, 4]))", 24),
    "lists": ("""
        words = map(str, [1, 2])
        words.append("x")
        tell(words + filter(None, [0, 3]) + [zip([1], [2])[0]])
        """, ["1", "2", "x", 3, (1, 2)]),
    "keys": ("""
        names = {"b": 1, "a": 2}.keys()
        names.sort()
        tell([names, {"c": 3}.keys()[0], {"c": 3}.items()[0], {"c": 3}.values()[0]])
        """, [["a", "b"], "c", ("c", 3), 3]),
    "iteritems": ("""
        tell([[pair for pair in {"a": 1}.iteritems()], list({"b": 2}.itervalues()),
              list({"c": 3}.iterkeys())])
        """, [[("a", 1)], [2], ["c"]]),
    "file": ("""
        file(PATH, "w").write("a\\nb\\n")
        tell([[line.strip() for line in file(PATH)], file(PATH, "rU").read()])
        """, [["a", "b"], "a\nb\n"]),
    "unbuffered": ("""
        out = open(PATH, "w", 0)
        out.write("now\\n")
        tell(file(PATH, "r").read())
        """, "now\n"),
    "arguments taken apart": ("""
        def add((a, b), c):
            return a + b + c
        tell([add((1, 2), 3), (lambda (a, b): a - b)((3, 1))])
        """, [6, 2]),
    "commands": ("""
        import commands
        tell([commands.getoutput("echo hi"), commands.getstatusoutput("echo hi; exit 0")])
        """, ["hi", (0, "hi")]),
    "modules with new names": ("""
        import ConfigParser
        from StringIO import StringIO
        parser = ConfigParser.ConfigParser()
        tell([parser.has_section("a"), StringIO("text").read()])
        """, [False, "text"]),
    "output of processes": ("""
        print
        out = subprocess.Popen(["echo", "günaydın"], stdout=subprocess.PIPE).communicate()[0]
        tell(out.strip() + os.popen("echo hi").read())
        """, "günaydınhi\n"),
    "names of modules": ("""
        import sys, string, types
        tell([sys.maxint > 2 ** 30, string.letters[:3], type("a") is types.StringType, os.getcwdu()])
        """, [True, "abc", True, "/"]),
    "apply": ("tell(apply(max, (1, 3, 2)))", 3),
    "execfile": ("""
        with open(PATH, "w") as other:
            other.write("answer = 6 * 7")
        names = {}
        execfile(PATH, names)
        tell(names["answer"])
        """, 42),
    "itertools": ("import itertools\ntell(list(itertools.izip([1], itertools.imap(str, [2]))))", [(1, "2")]),
    "exit": ("""
        tell("exits")
        raise SystemExit, 0
        """, "exits"),
}


@pytest.mark.parametrize("what", RUNS)
def test_a_leftover_of_python_2_runs_as_it_was_meant(comard, told, what):
    body, expected = RUNS[what]
    comard.write_conf("app", PORT="80")
    folder = comard.place.folder
    comard.register("app", doing(body, told, FOLDER=folder / "new", PATH=folder / "file")).start()
    assert told.value() == expected


def test_print_statements_print_to_the_log(comard):
    comard.register("app", doing("""
        import sys
        print "hello", "world", 7
        print "%d%%" % 50
        print "one",
        print "line"
        print ("a" + "b")
        print ("a", "b")
        print >>sys.stderr, "oops"
        print
        print("last")
        """)).start()
    lines = [line.split(" ", 1)[1] for line in comard.service_log("app").splitlines()]
    assert [line for line in lines if line.startswith("out")] == [
        "out hello world 7", "out 50%", "out one line", "out ab", "out ('a', 'b')", "out ", "out last"]
    assert "err oops" in lines


def test_a_text_that_is_raised_ends_the_call_with_it(comard):
    comard.register("app", doing('raise "no %s here" % "disk"'))
    with pytest.raises(BusError) as caught:
        comard.service("app").start()
    assert (caught.value.name, caught.value.message) == ("Exception", "no disk here")


def test_names_of_python_2_are_builtins_for_code_that_is_made_at_run_time(comard, told):
    comard.write_conf("app", CODE="[unicode(7), isinstance('a', basestring), long('3'), "
                      "list(xrange(2)), reduce(max, [1, 3, 2]), file('/etc/passwd', 'rU').mode]")
    comard.register("app", doing("tell(eval(config['CODE']))", told)).start()
    assert told.value() == ["7", True, 3, [0, 1], 3, "r"]


def test_indentation_by_tabs_and_spaces_means_what_it_meant(comard, told):
    text = service_script("def stop(): pass\n", told=told) + (
        "def start():\n"
        "\tfor number in (1, 2):\n"
        "\t\tif number == 2:\n"
        "\t\t\ttell('two')\n"
        "                tell(number)\n"       # sixteen columns: with the `if`
        "        tell('done')\n")              # eight: with the `for`
    comard.register("app", text).start()
    assert [told.value() for _ in range(4)] == [1, "two", 2, "done"]


WHOLE = '''
    # -*- coding: utf-8 -*-
    serviceType = "server"
    serviceDesc = _({"en": u"Server", "tr": u"Sunucu"})
    serviceConf = "whole.conf"

    from comar.service import *

    FOLDER, SERVER = "%(folder)s", "%(server)s"
    PIDFILE = FOLDER + "/server.pid"

    @synchronized
    def start(boot=False, level=0L):
        if not os.path.isdir(FOLDER): os.makedirs(FOLDER, 0755)
        try:
            os.unlink(FOLDER + "/stale")
        except OSError, e:
            print "nothing stale:", e.errno
        if config.has_key("ARGS") and config["ARGS"] <> "":
            startService(command=SERVER, args=config["ARGS"], pidfile=PIDFILE, makepid=True,
                         detach=True, donotify=True)
        else:
            raise "no arguments in %%s" %% serviceConf

    @synchronized
    def stop():
        stopService(pidfile=PIDFILE, signal=15, donotify=True)
        for name in filter(lambda f: f.endswith(".pid"), os.listdir(FOLDER)):
            os.unlink(os.path.join(FOLDER, name))

    def status():
        return checkDaemon(PIDFILE)
    '''


def test_a_whole_service_of_that_time_lives_as_any_other(comard):
    folder = comard.place.folder / "var"
    service = comard.register("app", WHOLE % {"folder": folder, "server": comard.program("server")})
    changed = comard.signals()
    with pytest.raises(BusError, match="no arguments in whole.conf"):
        service.start()
    comard.write_conf("whole.conf", ARGS="--comm legacy")
    service.start()
    main = Process(service.supervision["MainPID"])
    assert main.argv[1:] == ["--comm", "legacy"]
    assert folder.stat().st_mode & 0o777 == 0o755
    assert service.info() == ("server", "Server", "started")
    assert " out nothing stale: 2\n" in comard.service_log("app")
    service.stop()
    main.wait_gone()
    assert service.info()[2] == "off"
    assert list(folder.iterdir()) == []
    assert changed.all() == [("app", "started"), ("app", "stopped")]


# Encodings

TURKISH = 'serviceType = "server"\nserviceDesc = _({"en": "Hardware", "tr": "Donanım ğüşİ"})\n' \
          "from comar.service import *\ndef start(): fail('olmadı: ş')\ndef stop(): pass\n"


@pytest.mark.parametrize("declaration", ["", "# -*- coding: iso-8859-9 -*-\n", "# coding: utf-8\n",
                                         "#!/usr/bin/python\n# vim: set fileencoding=latin5 :\n"])
def test_a_script_in_the_old_turkish_encoding_is_read_as_that(comard, declaration):
    path = pathlib.Path(comard.write("/scripts/app.py", ""))
    path.write_bytes((declaration + TURKISH).encode("iso-8859-9"))
    answer = comard.cli("register", "app", path)
    assert answer.returncode == 0
    is_guess = declaration in ("", "# coding: utf-8\n")
    assert ("ISO-8859-9" in answer.stderr) == is_guess
    comard.bus.set_locale("tr")
    assert comard.service("app").info()[1] == "Donanım ğüşİ"
    with pytest.raises(BusError, match="olmadı: ş"):
        comard.service("app").start()
