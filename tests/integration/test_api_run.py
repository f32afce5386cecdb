# SPDX-License-Identifier: MIT
"""run() in all its forms, execReply, and waitBus()."""

import os
import socket

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import doing, service_script


def start(comard, told, body, **names):
    """Starts a service "app" whose start() does `body`."""
    service = comard.register("app", doing(body, told, **names))
    service.start()
    return service


def value_of(comard, told, expression, **names):
    """What an expression is in start() of a service "app"."""
    start(comard, told, f"tell({expression})", **names)
    return told.value()


def reply_of(comard, told, call, **names):
    """(exit code, stdout, stderr) of a call of run() in start() of a service "app"."""
    start(comard, told, f"reply = {call}\ntell((int(reply), reply.stdout, reply.stderr))", **names)
    return told.value()


# How a command is given

FORMS = [
    """run("printf '%s|' a 'b c' d\\ e")""",
    """run(["printf", "%s|", "a", "b c", "d e"])""",
    """run(("printf", "%s|", "a", "b c", "d e"))""",
    """run("printf", "%s|", "a", "b c", "d e")""",
]


@pytest.mark.parametrize("call", FORMS, ids=["text", "list", "tuple", "arguments"])
def test_a_command_is_a_text_a_list_or_arguments(comard, told, call):
    assert reply_of(comard, told, call) == (0, "a|b c|d e|", "")


def test_what_is_no_text_is_given_as_text(comard, told):
    assert reply_of(comard, told, 'run("echo", 7, 2.5, None)') == (0, "7 2.5 None\n", "")


def test_no_shell_sees_the_command(comard, told):
    witness = comard.place.folder / "witness"
    call = 'run("echo $HOME * ; touch " + WITNESS + " > x | y &")'
    words = f"$HOME * ; touch {witness} > x | y &\n"
    assert reply_of(comard, told, call, WITNESS=witness) == (0, words, "")
    assert not witness.exists()


def test_a_shell_can_be_asked_for(comard, told):
    assert reply_of(comard, told, "run('sh', '-c', 'x=2; echo $x >&2; exit 4')") == (4, "", "2\n")


@pytest.mark.parametrize("call", ["run()", "run('')", "run('  ')", "run([])"])
def test_no_command_at_all_is_an_error_that_says_so(comard, call):
    service = comard.register("app", doing(call))
    with pytest.raises(BusError) as caught:
        service.start()
    assert (caught.value.name, caught.value.message) == ("ValueError", "run() needs a command")


@pytest.mark.parametrize("call", ["run(COMMAND)", "startService('/bin/echo', COMMAND)",
                                  "stopService(command='/bin/echo', args=COMMAND)"])
def test_a_quote_that_is_never_closed_is_an_error_that_shows_the_command(comard, call):
    service = comard.register("app", doing(call, COMMAND="echo 'never closed"))
    with pytest.raises(BusError) as caught:
        service.start()
    assert caught.value.name == "ValueError"
    assert "echo 'never closed" in caught.value.message
    assert "no closing quotation" in caught.value.message


# What comes back

def test_a_reply_is_an_int_with_text(comard, told):
    start(comard, told, """
        reply = run("sh", "-c", "echo out; echo err >&2; exit 3")
        tell((type(reply).__name__, isinstance(reply, int), reply == 3, reply + 1, reply > 0))
        tell((str(reply), "%d" % reply, bool(reply), not run("true")))
        tell((type(reply.stdout).__name__, type(reply.stderr).__name__))
        """)
    assert told.value() == ("execReply", True, True, 4, True)
    assert told.value() == ("3", "3", True, True)
    assert told.value() == ("str", "str")


def test_a_script_can_make_a_reply_of_its_own(comard, told):
    start(comard, told, """
        reply = execReply(2, "out", "err")
        reply.stdout += "put"
        tell((reply, reply.stdout, reply.stderr, execReply(0).stdout, execReply(1).stderr))
        """)
    assert told.value() == (2, "output", "err", "", "")


@pytest.mark.parametrize("code, expected", [("exit 0", 0), ("exit 255", 255), ("kill -9 $$", -9),
                                            ("kill -TERM $$", -15)])
def test_the_exit_code_is_that_of_the_command_or_the_negative_signal(comard, told, code, expected):
    assert value_of(comard, told, "int(run('sh', '-c', CODE))", CODE=code) == expected


def test_output_is_text_in_utf_8(comard, told):
    call = r"run('printf', r'g\303\274nayd\304\261n \377.')"
    assert reply_of(comard, told, call) == (0, "günaydın \ufffd.", "")


def test_both_streams_are_read_though_neither_fits_a_pipe(comard, told):
    code = "for i in 1 2 3 4 5 6 7 8; do head -c 50000 /dev/zero; head -c 50000 /dev/zero >&2; done"
    start(comard, told, """
        reply = run("sh", "-c", CODE)
        tell((reply, len(reply.stdout), len(reply.stderr)))
        """, CODE=code)
    assert told.value() == (0, 400000, 400000)


def test_output_above_the_limit_is_cut_and_says_so(start_comard, told):
    comard = start_comard({"calls": {"output_bytes": 1024}})
    _, out, _ = reply_of(comard, told, "run('head -c 5000 /dev/zero')")
    assert out == "\0" * 1024 + "\n[3976 more bytes were not kept]\n"


@pytest.mark.parametrize("command, code, words", [
    ("/nowhere/program", 127, "No such file"),
    ("no-such-program", 127, "No such file"),
    ("/etc/passwd", 126, "Permission denied"),
    ("/etc", 126, "Permission denied"),
    ("/etc/passwd/program", 127, "Not a directory"),
])
def test_what_cannot_be_run_is_a_code_and_a_text_that_names_it(comard, told, command, code, words):
    reply = reply_of(comard, told, "run(COMMAND + ' --option')", COMMAND=command)
    assert reply[:2] == (code, "")
    assert f"cannot start {command}: {words}" in reply[2]


def test_a_program_whose_interpreter_is_missing_is_not_found(comard, told):
    script = comard.write("/usr/bin/script", "#!/nowhere/interpreter\n", 0o755)
    code, _, error = reply_of(comard, told, "run(SCRIPT)", SCRIPT=script)
    assert code == 127
    assert script in error


# Where a command runs

def test_a_command_without_a_slash_is_searched_for_along_path(comard, told):
    folder = os.path.dirname(comard.write("/opt/bin/own-program", "#!/bin/sh\necho mine\n", 0o755))
    start(comard, told, """
        tell(int(run("own-program")))
        os.environ["PATH"] = FOLDER + ":" + os.environ["PATH"]
        tell(run("own-program").stdout)
        """, FOLDER=folder)
    assert told.value() == 127
    assert told.value() == "mine\n"


def test_the_environment_is_the_scripts_own(comard, told):
    start(comard, told, """
        os.environ["GREETING"] = "günaydın"
        os.environ.pop("LANG")
        tell(run("printenv GREETING").stdout)
        tell(int(run("printenv LANG")))
        tell(run("printenv COMAR_SERVICE").stdout)
        """)
    assert told.value() == "günaydın\n"
    assert told.value() == 1
    assert told.value() == "app\n"


def test_stdin_is_empty(comard, told):
    assert reply_of(comard, told, "run('cat')") == (0, "", "")
    assert value_of(comard, told, "run('readlink /proc/self/fd/0').stdout") == "/dev/null\n"


def test_stdin_stays_empty_though_the_script_opens_another(comard, told):
    start(comard, told, """
        os.dup2(os.open("/etc/passwd", os.O_RDONLY), 0)
        tell(run("cat").stdout)
        """)
    assert told.value() == ""


def test_a_command_has_the_folder_and_the_umask_of_the_script(comard, told):
    start(comard, told, """
        tell(run("sh -c 'pwd; umask'").stdout)
        os.chdir("/etc")
        os.umask(0o077)
        tell(run("sh -c 'pwd; umask'").stdout)
        """)
    assert told.value() == "/\n0022\n"
    assert told.value() == "/etc\n0077\n"


def test_a_command_has_no_other_descriptor_and_ignores_no_signal(comard, told):
    start(comard, told, """
        kept = open("/etc/passwd")
        os.set_inheritable(kept.fileno(), True)
        tell(run("sh", "-c", "ls /proc/$$/fd; true").stdout.split())
        tell([line.split()[1] for line in run("cat /proc/self/status").stdout.splitlines()
              if line.startswith(("SigIgn", "SigBlk"))])
        """)
    assert told.value() == ["0", "1", "2"]
    assert told.value() == ["0" * 16] * 2


def test_a_reader_that_leaves_early_ends_a_pipeline_as_in_a_shell(comard, told):
    assert reply_of(comard, told, "run('sh', '-c', 'yes | head -n 1')") == (0, "y\n", "")


def test_the_script_is_not_left_with_a_child_or_a_descriptor(comard, told):
    start(comard, told, """
        before = os.listdir("/proc/self/fd")
        for command in ("true", "false", "/nowhere/program", "sh -c 'kill -9 $$'"):
            run(command)
        tell(os.listdir("/proc/self/fd") == before)
        try:
            os.waitpid(-1, os.WNOHANG)
            tell("a child")
        except ChildProcessError:
            tell("no child")
        """)
    assert told.value() is True
    assert told.value() == "no child"


def test_run_does_not_take_what_it_has_no_argument_for(comard):
    service = comard.register("app", doing("run('true', chuid='nobody')"))
    with pytest.raises(BusError, match=r"run\(\).*chuid") as caught:
        service.start()
    assert caught.value.name == "TypeError"


# What a command leaves behind

def test_a_daemon_left_behind_does_not_hold_run_up_and_is_the_services(comard, told):
    gate = comard.gate("later")
    service = comard.register("app", service_script("""
        def start():
            tell(run("sh", "-c", CODE).stdout)

        def stop():
            stopService(command="/bin/sh")
        """, told=told, CODE=f"(read x < {gate}; echo from behind; echo $$ > {told}) & echo $!"))
    service.start()
    pid = int(told.value())
    assert pid in service.supervision["PIDs"]
    with open(gate.path, "w") as end:
        end.write("\n")
    told.line()
    Process(pid).wait_gone()
    assert " out from behind\n" in comard.service_log("app")


# waitBus()

def listen(path, kind=socket.SOCK_STREAM):
    """A socket that accepts at `path`."""
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


@pytest.fixture
def bus(place):
    """A path for a socket; nobody listens there yet."""
    return str(place.folder / "bus.socket")


def waiting(comard, told, bus, arguments):
    """Starts a service that is about to call waitBus(), and tells what it returned."""
    service = comard.register("app", doing(f"""
        tell("waiting")
        found = waitBus(BUS, {arguments})
        tell((found, os.path.exists(BUS)))
        """, told, BUS=bus))
    pending = service.begin("start")
    assert told.value() == "waiting"
    return pending


@pytest.mark.parametrize("kind, arguments", [
    (socket.SOCK_STREAM, "timeout=60"),
    (socket.SOCK_STREAM, "60, 0.001"),
    (socket.SOCK_DGRAM, "60, 0.01, False"),
    (socket.SOCK_DGRAM, "timeout=60, wait=0.01, stream=False"),
])
def test_wait_bus_waits_until_somebody_listens(comard, told, bus, kind, arguments):
    pending = waiting(comard, told, bus, arguments)
    assert not pending.done
    with listen(bus, kind):
        pending.result()
    assert told.value() == (True, True)


def test_wait_bus_is_not_content_with_a_file_that_nobody_listens_at(comard, told, bus):
    with listen(bus):
        pass    # the file stays
    pending = waiting(comard, told, bus, "timeout=60")
    assert not pending.done
    os.unlink(bus)
    with listen(bus):
        pending.result()
    assert told.value() == (True, True)


def test_wait_bus_finds_what_a_service_has_started(comard, told, bus):
    gate = comard.gate("listen")
    server = comard.program("server")
    service = comard.register("app", service_script("""
        def start():
            startService("/bin/sh", ["-c", CODE], detach=True)
            tell(waitBus(BUS, timeout=60))

        def stop():
            stopService(command=SERVER)
        """, told=told, BUS=bus, SERVER=server,
        CODE=f"head -c 1 {gate} > /dev/null; exec {server} --listen {bus}"))
    pending = service.begin("start")
    gate.open()
    pending.result()
    assert told.value() is True
    service.stop()


@pytest.mark.parametrize("arguments, seconds", [
    ("timeout=0.3", 0.3), ("0.3", 0.3), ("timeout=0.3, wait=0.001", 0.3), ("timeout=0.2, wait=9", 0.2),
    ("timeout=0", 0), ("timeout=0.2, stream=False", 0.2),
])
def test_wait_bus_gives_up_after_its_time_and_not_before(comard, told, bus, arguments, seconds):
    start(comard, told, f"""
        before = time.monotonic()
        found = waitBus(BUS, {arguments})
        tell((found, time.monotonic() - before))
        """, BUS=bus)
    found, taken = told.value()
    assert found is False
    assert taken >= seconds


def test_wait_bus_waits_five_seconds_when_nobody_says_how_long(comard, told, bus):
    start(comard, told, """
        before = time.monotonic()
        tell((waitBus(BUS), time.monotonic() - before >= 5))
        """, BUS=bus)
    assert told.value() == (False, True)


def test_wait_bus_tells_streams_from_datagrams(comard, told, bus):
    with listen(bus):
        assert value_of(comard, told, "waitBus(BUS, 0)", BUS=bus) is True
        assert value_of(comard, told, "waitBus(BUS, 0, stream=False)", BUS=bus) is False


def test_wait_bus_knows_abstract_names(comard, told):
    name = f"comar-test-{os.getpid()}"
    with listen(f"\0{name}"):
        assert value_of(comard, told, "waitBus('@' + NAME, 0)", NAME=name) is True
    assert value_of(comard, told, "waitBus('@' + NAME, 0)", NAME=name) is False


def test_a_listener_that_takes_nobody_does_not_hold_wait_bus_up(comard, told, bus):
    with listen(bus) as server:
        server.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(bus)
            assert value_of(comard, told, "waitBus(BUS, timeout=0.2)", BUS=bus) is False


@pytest.mark.parametrize("path", ["", "/nowhere/at/all", "x" * 200, "/etc/passwd", "/etc"])
def test_wait_bus_is_false_for_what_can_be_no_socket(comard, told, path):
    assert value_of(comard, told, "waitBus(PATH, timeout=0)", PATH=path) is False


def test_wait_bus_leaves_no_descriptor(comard, told, bus):
    with listen(bus):
        start(comard, told, """
            before = os.listdir("/proc/self/fd")
            waitBus(BUS, 0)
            waitBus(BUS + "x", 0)
            tell(os.listdir("/proc/self/fd") == before)
            """, BUS=bus)
    assert told.value() is True
