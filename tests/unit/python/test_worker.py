# SPDX-License-Identifier: MIT
"""One call from the request to the end of the process."""

import os
import pathlib
import signal

import pytest

from conftest import end

SERVICE = """
    serviceType = "server"
    serviceDesc = _({"en": "Web server", "tr": "Web sunucusu"})
    from comar.service import *
    """


def test_returns_what_the_method_returns(comard):
    outcome = comard.run("def start():\n return {'a': [1, 2.5, None, b'x'], 2: ('t', True)}")
    assert outcome.value == {
        "dict": [["a", [1, 2.5, None, {"bytes": "eA=="}]], [2, ["t", True]]]
    }
    assert (outcome.left, outcome.code, outcome.stderr) == ([], 0, "")


def test_passes_the_arguments(comard):
    args = ["on", {"dict": [["k", [1]]]}]
    assert comard.value("def setState(*args): return repr(args)", "setState", args=args) == (
        "('on', {'k': [1]})"
    )


def test_a_method_that_is_not_there_is_missing(comard):
    outcome = comard.run("x = 1", "reload")
    assert outcome.error == ("Missing", "web does not define reload()")
    assert outcome.stderr == ""


@pytest.mark.parametrize("name", ["run", "startService", "synchronized", "Missing", "os", "x"])
def test_only_the_scripts_own_functions_can_be_called(comard, name):
    assert comard.run(SERVICE + "\n    x = 1", name, args=["true"]).error[0] == "Missing"


def test_the_defaults_of_services_are_not_those_of_other_models(comard):
    assert comard.run(SERVICE, "info", model="Network.Firewall").error[0] == "Missing"
    assert comard.value(SERVICE, "info") == ["server", "Web server", "off"]


def test_a_script_that_is_not_there_is_internal(comard):
    request = comard.request("", "start")
    os.unlink(request["script"])
    worker = comard.worker()
    worker.send(request)
    name, message = worker.finish().error
    assert name == "Internal"
    assert message.startswith("Unable to find")


def test_an_exception_ends_the_call_with_its_name_and_text(comard):
    outcome = comard.run("""
        class Odd(LookupError): pass
        def start(): helper()
        def helper(): raise Odd("no such thing")
        """)
    assert outcome.error == ("Odd", "no such thing")
    assert outcome.code == 0


def test_the_log_shows_where_in_the_script_an_exception_came_from(comard):
    outcome = comard.run("""
        from comar.service import *
        @synchronized
        def start(): run()
        """)
    assert outcome.error[0] == "ValueError"
    lines = outcome.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('web.py", line 4, in start')
    assert lines[-1] == "ValueError: run() needs a command"
    assert "comar/" not in outcome.stderr.replace("comar.service", "")


def test_an_error_name_is_fit_for_dbus(comard):
    script = "class Hatalı(Exception): pass\ndef start(): raise Hatalı('ş')"
    assert comard.run(script).error == ("Hatal_", "ş")


def test_fail_is_an_exception_without_a_traceback(comard):
    outcome = comard.run('def start(): fail({"en": "no disk", "tr": "disk yok"})', language="tr_TR")
    assert outcome.error == ("Exception", "disk yok")
    assert outcome.stderr == "start: disk yok\n"


@pytest.mark.parametrize("code, value", [("", None), ("0", None), ("None", None)])
def test_sys_exit_with_success_is_a_return(comard, code, value):
    assert comard.value(f"import sys\ndef start(): sys.exit({code})") is value


@pytest.mark.parametrize("code, message", [("3", "3"), ("'no luck'", "no luck")])
def test_sys_exit_with_a_failure_is_an_error(comard, code, message):
    outcome = comard.run(f"import sys\ndef start(): sys.exit({code})")
    assert outcome.error == ("SystemExit", message)


def test_any_other_way_out_is_an_error_too(comard):
    assert comard.run("def start(): raise KeyboardInterrupt('^C')").error == ("KeyboardInterrupt", "^C")
    assert comard.run("def start(): return start()").error[0] == "RecursionError"
    assert comard.run("raise GeneratorExit('top level')").error == ("GeneratorExit", "top level")


@pytest.mark.parametrize("line, name", [
    ("raise ValueError", "ValueError"), ("raise ValueError(' ')", "ValueError"),
    ("assert status()", "AssertionError"), ("fail('')", "Exception"), ("sys.exit('')", "SystemExit"),
    ("raise KeyError", "KeyError"), ("raise Mute()", "Mute"),
])
def test_an_exception_without_a_text_is_named_with_the_line_that_raised_it(comard, line, name):
    outcome = comard.run(f"""
        import sys
        class Mute(Exception):
            def __str__(self): raise ValueError()
        def status(): return False
        def start():
            {line}
        """)
    error, text = outcome.error
    assert error == name
    assert text.startswith(f"{name} without a text, raised at /")
    assert text.endswith(f"/web.py:7: {line}")


def test_a_script_that_does_not_compile_is_a_syntax_error(comard):
    outcome = comard.run("def start(:\n")
    assert outcome.error[0] == "SyntaxError"
    assert "web.py" in outcome.stderr


@pytest.mark.parametrize("value, name", [
    ("{1, 2}", "TypeError"), ("2**64", "OverflowError"), ("object()", "TypeError"),
    ("'x' * (17 << 20)", "ValueError"),
])
def test_a_value_that_cannot_be_sent_is_an_error(comard, value, name):
    assert comard.run(f"def start(): return {value}").error[0] == name


def test_text_that_is_not_utf_8_is_sent_all_the_same(comard):
    assert comard.value("import os\ndef start(): return os.fsdecode(b'a\\xff')") == "a?"


def test_the_script_is_module_csl(comard):
    script = """
        name = __name__
        def start():
            import csl
            return [name, csl.name, csl.start is start, __file__]
        """
    name, by_import, same, file = comard.value(script)
    assert (name, by_import, same) == ("csl", "csl", True)
    assert file.endswith("/web.py")


def test_an_edited_script_is_used_at_once(comard):
    """Also when size and time stamp of the file stay the same."""
    path = comard.folder / "web.py"
    assert comard.value("def start(): return 1") == 1
    before = os.stat(path)
    request = comard.request("def start(): return 2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    worker = comard.worker()
    worker.send(request)
    assert worker.finish().value == 2


def test_a_compiled_script_is_kept_with_a_hash_of_its_text(comard):
    comard.value("def start(): return 1")
    (compiled,) = (comard.folder / "__pycache__").glob("web.*.pyc")
    assert compiled.read_bytes()[4:8] == b"\3\0\0\0"
    kept = compiled.stat().st_ino
    comard.value("def start(): return 1")
    assert compiled.stat().st_ino == kept
    compiled.write_bytes(b"broken")
    assert comard.value("def start(): return 1") == 1
    assert compiled.read_bytes()[4:8] == b"\3\0\0\0"


def test_the_process_is_at_home(comard):
    script = """
        import os, signal
        def start():
            mask = os.umask(0)
            return [os.getcwd(), mask, os.readlink("/proc/self/fd/0"), os.environ["PATH"],
                    os.environ["LANG"], os.environ["COMAR_SERVICE"],
                    signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN]
        """
    assert comard.value(script, language="tr") == [
        "/", 0o022, "/dev/null",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "C.UTF-8", "web", True,
    ]


def test_output_goes_to_the_fifos_of_the_service(comard):
    fifos = [str(comard.folder / name) for name in ("web.out", "web.err")]
    for fifo in fifos:
        os.mkfifo(fifo)
    ends = [os.open(fifo, os.O_RDONLY | os.O_NONBLOCK) for fifo in fifos]
    script = """
        import os, sys
        def start():
            print("ğ out")
            os.system("echo child")
            sys.stderr.write("no newline")
            raise OSError("late")
        """
    outcome = comard.run(script, output=fifos)
    out, err = (os.read(fd, 1 << 16).decode() for fd in ends)
    for fd in ends:
        os.close(fd)
    assert out == "ğ out\nchild\n"
    assert err.startswith("no newline") and err.endswith("OSError: late\n")
    assert (outcome.error, outcome.stderr) == (("OSError", "late"), "")


def test_output_that_cannot_be_opened_is_internal(comard):
    missing = str(comard.folder / "none")
    name, message = comard.run("def start(): pass", output=[missing, missing]).error
    assert (name, missing in message) == ("Internal", True)


def test_nothing_is_started_when_the_cgroup_cannot_be_joined(comard):
    mark = comard.folder / "mark"
    script = f"import os\ndef start(): return os.system('touch {mark}')"
    folder = str(comard.folder / "cgroup")
    assert folder in comard.run(script, cgroup=folder, join_cgroup=True).error[1]
    assert not mark.exists()
    assert comard.value(script, cgroup=folder, join_cgroup=False) == 0
    assert mark.exists()


def test_children_that_stay_are_reported(comard):
    sleeper = comard.program("sleeper")
    outcome = comard.run(f"""
        import subprocess
        def start():
            subprocess.Popen(["true"])
            command = "{sleeper} 1000 >/dev/null 2>&1 & echo $!"
            return int(subprocess.check_output(["sh", "-c", command]))
        """)
    assert outcome.left == [outcome.value]
    end(outcome.value)


def test_a_forked_child_that_comes_back_says_nothing(comard):
    outcome = comard.run("""
        import os
        def start():
            if os.fork() == 0:
                return "child"
            os.wait()
            return "parent"
        """)
    assert outcome.value == "parent"
    assert len(outcome.messages) == 1


def test_a_lock_that_comes_with_the_request_is_not_asked_for(comard):
    outcome = comard.run("""
        from comar.service import *
        @synchronized
        def start():
            stop()
            return "started"
        @synchronized
        def stop():
            pass
        """, locked=True)
    assert outcome.value == "started"
    assert [message["op"] for message in outcome.messages] == ["return"]


def test_a_forked_child_that_fails_says_nothing(comard):
    outcome = comard.run("""
        import os
        from comar.service import *
        @synchronized
        def start():
            if os.fork() == 0:
                notify("System.Service", "Changed", ("web", "started"))
                raise OSError("in the child")
            return os.waitstatus_to_exitcode(os.wait()[1])
        """)
    assert outcome.value == 0
    assert [message["op"] for message in outcome.messages] == ["lock", "unlock", "return"]
    assert outcome.stderr == ""


def test_a_forked_child_cannot_ask_comard(comard):
    outcome = comard.run("""
        import os
        def start():
            read, write = os.pipe()
            if os.fork() == 0:
                try: call("x", "System.Service", "start")
                except RuntimeError as error: os.write(write, str(error).encode())
                os._exit(0)
            os.close(write)
            os.wait()
            return os.read(read, 1000).decode()
        """)
    assert "no comard" in outcome.value
    assert outcome.told("call") == []


def test_closing_all_descriptors_does_not_reach_the_socket(comard):
    script = """
        import os, resource
        def start():
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            os.closerange(3, min(soft, 1024))
            return soft
        """
    import resource
    assert comard.value(script) == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_script_that_closes_the_socket_ends(comard):
    outcome = comard.begin("""
        import os
        def start():
            os.closerange(3, 1 << 20)
            notify("System.Service", "Changed", ("web", "started"))
            os.system("touch /tmp/never")
        """)
    assert outcome.receive() is None
    assert outcome.end() == 1


def test_a_comard_that_goes_away_ends_the_worker(comard):
    idle = comard.worker()
    idle.close_socket()
    assert idle.end() == 0


def test_os_exit_and_crashes_take_the_worker_alone(comard):
    worker = comard.begin("import os\ndef start(): os._exit(7)")
    assert worker.receive() is None
    assert worker.end() == 7
    worker = comard.begin("import os, signal\ndef start(): os.kill(os.getpid(), signal.SIGSEGV)")
    assert worker.receive() is None
    assert worker.end() == 128 + signal.SIGSEGV


def test_a_thread_that_stays_does_not_keep_the_worker(comard):
    script = """
        import threading
        def start():
            threading.Thread(target=threading.Event().wait).start()
            return 1
        """
    assert comard.value(script) == 1


def test_files_that_a_script_leaves_open_are_written(comard):
    target = comard.folder / "written"
    comard.value(f"log = open({str(target)!r}, 'w')\ndef start(): log.write('all of it')")
    assert target.read_text() == "all of it"


def test_python_2_names_are_builtins(comard):
    target = str(comard.folder / "old")
    script = f"""
        def start():
            file({target!r}, "w").write(u"ş")
            return [file({target!r}).read(), isinstance("", basestring), unicode(1), long("2"),
                    list(xrange(2)), reduce(lambda a, b: a + b, [1, 2])]
        """
    assert comard.value(script) == ["ş", True, "1", 2, [0, 1], 3]


def test_a_script_knows_who_calls_it(comard):
    script = """
        def start():
            return [script(), package(), model(), bus_path(), bus_interface(), bus_member(),
                    bus_sender(), config_datapath(), config_interface(), config_modelbase()]
        """
    assert comard.value(script) == [
        "web", "web", "System.Service", "/package/web", "tr.org.pardus.comar.System.Service",
        "start", ":1.42", comard.paths["data"], "tr.org.pardus.comar", comard.paths["models"],
    ]


def test_an_unknown_request_is_internal(comard):
    worker = comard.worker()
    worker.send({"op": "explode"})
    assert worker.finish().error[0] == "Internal"


def poll(comard, *scripts, **shared):
    """What items share stands in the message itself."""
    own = ("app", "model", "method", "script", "service", "cgroup")
    requests = [
        comard.request(script, "status", app=f"app{number}") for number, script in enumerate(scripts)
    ]
    items = [{name: request[name] for name in own} for request in requests]
    worker = comard.worker()
    common = {name: value for name, value in requests[0].items() if name not in own}
    worker.send({**common, **shared, "op": "poll", "items": items})
    return worker.finish()


def test_a_poll_asks_each_status_in_its_own_module(comard):
    outcome = poll(
        comard,
        "x = 1\nserviceDesc = _({'tr': 'Ağ', 'en': 'Web'})\ndef status(): return script() == 'app0'",
        "serviceDesc = {'tr': 'Eski'}\ndef status(): return 'x' in globals()",
        "y = 2",
        language="tr",
    )
    assert outcome.told("item") == [
        {"op": "item", "index": 0, "running": True, "description": "Ağ"},
        {"op": "item", "index": 1, "running": False, "description": "Eski"},
        {"op": "item", "index": 2, "running": None, "description": ""},
    ]
    assert outcome.value is None


def test_one_bad_status_does_not_stop_a_poll(comard):
    outcome = poll(
        comard,
        "def status(): fail('broken')",
        "import sys\nsys.exit('at once')",
        "def status(:",
        "import os\ndef status(): return not os.fork()",
        "def status(): return 'yes'",
    )
    items = outcome.told("item")
    assert [item["index"] for item in items] == [0, 1, 2, 3, 4]
    assert [item["running"] for item in items] == [None, None, None, False, True]
    assert items[0]["error"] == "Exception: broken"
    assert items[1]["error"] == "SystemExit: at once"
    assert items[2]["error"].startswith("SyntaxError: ")
    assert "error" not in items[4]


def test_each_script_of_a_poll_has_its_own_config(comard):
    for number in range(2):
        pathlib.Path(comard.paths["conf"], f"app{number}").write_text(f"UP={number}\n")
    script = "from comar.service import *\ndef status(): return config.get('UP') == '1'"
    outcome = poll(comard, script, script)
    assert [item["running"] for item in outcome.told("item")] == [False, True]


def test_a_check_is_answered(comard):
    worker = comard.worker()
    text = "serviceType = 'server'\nserviceDesc = _({'en': 'X'})\ndef start(): pass\n"
    worker.send({
        "op": "check", "file": "/x/web.py", "name": "web.py", "text": text, "app": "web",
        "model": "System.Service", "methods": {"start": 0}, "types": ["server"],
    })
    value = worker.finish().value
    assert value["text"] == text
    assert value["facts"]["methods"] == ["start"]


def test_a_rehearsal_leaves_no_trace(comard):
    """Workers rehearse a call before the request comes; the script must not see anything of it."""
    worker = comard.worker(warm=True)
    worker.send(comard.request("""
        import sys
        from comar._call import current
        def start():
            names = [name for name in vars(sys.modules["csl"]) if name in ("stop", "status")]
            return [names, current().has_changed_service, os.environ["COMAR_SERVICE"]]
        import os
        """))
    outcome = worker.finish()
    assert outcome.value == [[], False, "web"]
    assert [message["op"] for message in outcome.messages] == ["return"]
    assert outcome.stderr == ""


# Functions that settings name


PROBES = """
    from comar.service import *
    def up(): return {value}
    def broken(): raise OSError("no answer")
    def ready(): return []
    """


@pytest.mark.parametrize("value, well", [
    ("True", True), ("None", True), ("1", True), ("[0]", True), ("False", False), ("0", False), ("''", False),
])
def test_an_internal_call_says_whether_the_function_complains(comard, value, well):
    assert comard.value(PROBES.format(value=value), "up", internal=True) is well


def test_an_exception_in_an_internal_call_is_an_error_as_ever(comard):
    assert comard.run(PROBES, "broken", internal=True).error == ("OSError", "no answer")


@pytest.mark.parametrize("name", ["info", "isServiceRunning", "setState", "os", "nowhere"])
def test_an_internal_call_is_of_the_scripts_own_functions(comard, name):
    outcome = comard.run(PROBES, name, internal=True)
    assert outcome.error == ("Missing", f"web does not define {name}()")


def test_an_internal_call_has_no_settings(comard):
    script = "import os\ndef start(): return 'A' not in os.environ"
    settings = {"environment": {"A": "1"}}
    assert comard.value(script, internal=True, settings=settings) is True
