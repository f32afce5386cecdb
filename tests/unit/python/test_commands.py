# SPDX-License-Identifier: MIT
"""run(), execReply and waitBus()."""

import os
import socket
import threading

import pytest

from comar._arguments import named_arguments, split_words
from comar._bus import waitBus
from comar._commands import describe_end, execReply, run


@pytest.fixture(autouse=True)
def a_call(inside):
    inside(app="web")


def test_a_reply_is_an_int_with_text():
    reply = execReply(3, "out", "err")
    assert (reply, reply + 1, bool(execReply(0)), str(reply)) == (3, 4, False, "3")
    assert (reply.stdout, reply.stderr) == ("out", "err")
    reply = execReply(0)
    reply.stdout = "later"
    assert (reply.stdout, reply.stderr) == ("later", "")


@pytest.mark.parametrize("command", [
    ("printf '%s|' a 'b c'",), (["printf", "%s|", "a", "b c"],), (("printf", "%s|", "a", "b c"),),
    ("printf", "%s|", "a", "b c"),
])
def test_a_command_is_run_in_all_its_forms(command):
    reply = run(*command)
    assert (reply, reply.stdout, reply.stderr) == (0, "a|b c|", "")


def test_no_shell_sees_the_command(tmp_path):
    assert run("echo $HOME > x; *").stdout == "$HOME > x; *\n"
    assert run("echo", 1, 2.5).stdout == "1 2.5\n"


def test_exit_codes_and_signals_come_back(comard):
    assert run("sh -c 'exit 3'") == 3
    assert run("sh -c 'kill -9 $$'") == -9
    assert run("cat") == 0


def test_a_command_that_cannot_be_run_is_no_exception(comard):
    reply = run("/no/such/program --x")
    assert reply == 127 and "/no/such/program" in reply.stderr
    reply = run(comard.write("plain", "text"))
    assert reply == 126 and reply.stderr


def test_no_command_is_an_error():
    for nothing in ((), ("",), ([],)):
        with pytest.raises(ValueError):
            run(*nothing)


def test_output_that_is_no_utf_8_is_text_all_the_same():
    assert run("printf", r"a\377b").stdout == "a\ufffdb"


def test_both_streams_are_read_while_the_command_runs():
    """More than a pipe holds, on both, in turns."""
    script = "i=0; while [ $i -lt 40 ]; do head -c 9000 /dev/zero; head -c 9000 /dev/zero >&2; i=$((i+1)); done"
    reply = run(["sh", "-c", script])
    assert (reply, len(reply.stdout), len(reply.stderr)) == (0, 360000, 360000)


def test_no_descriptor_is_left_open():
    before = os.listdir("/proc/self/fd")
    run("true")
    run("/no/such")
    assert os.listdir("/proc/self/fd") == before


def test_how_a_command_ended_is_told():
    assert describe_end("/bin/x", 3) == "/bin/x exited with code 3"
    assert describe_end("/bin/x", -15) == "/bin/x was ended by SIGTERM"
    assert describe_end("/bin/x", -40) == "/bin/x was ended by signal 40"


def test_words_are_split_as_a_shell_does():
    assert split_words("a 'b c' \"d\\\"e\" f\\ g") == ["a", "b c", 'd"e', "f g"]
    assert split_words(["a b", 1]) == ["a b", "1"]
    assert split_words(None) == split_words("") == []
    with pytest.raises(ValueError, match="cannot split into words: 'open: no closing quotation"):
        split_words("'open")


def test_arguments_are_named():
    @named_arguments(old="new")
    def function(new, other=0):
        return new, other

    assert function(1, other=2) == function(old=1, other=2) == (1, 2)
    with pytest.raises(TypeError, match=r"function\(\) has no argument 'ohter'; did you mean 'other'\?"):
        function(1, ohter=2)
    with pytest.raises(TypeError, match="'xyz'; it takes new, other"):
        function(1, xyz=2)
    with pytest.raises(TypeError):
        function(1, old=1)


def listen(kind, address):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(address)
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


@pytest.mark.parametrize("kind, stream", [(socket.SOCK_STREAM, True), (socket.SOCK_DGRAM, False)])
def test_wait_bus_finds_a_server(tmp_path, kind, stream):
    path = str(tmp_path / "bus")
    assert waitBus(path, timeout="0") is False  # as a setting of conf.d is
    with listen(kind, path):
        assert waitBus(path, timeout=60, stream=stream) is True
        assert waitBus(path, timeout=0, stream=not stream) is False
    assert waitBus(path, timeout=0.01, wait=0.001) is False


def test_wait_bus_knows_abstract_names():
    with listen(socket.SOCK_STREAM, f"\0comar-test-{os.getpid()}"):
        assert waitBus(f"@comar-test-{os.getpid()}", timeout=0) is True


def test_wait_bus_waits_for_a_server_that_comes_later(tmp_path):
    path = str(tmp_path / "bus")
    found = []
    waiter = threading.Thread(target=lambda: found.append(waitBus(path, timeout=60, wait=0.001)))
    waiter.start()
    with listen(socket.SOCK_STREAM, path):
        waiter.join()
    assert found == [True]
