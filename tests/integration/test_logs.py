# SPDX-License-Identifier: MIT
"""What services print, from their FIFOs to their logs: line by line, whatever happens meanwhile."""

import fcntl
import os
import socket
import struct
import termios

import pytest

from support.bus import BusError
from support.logs import SCRIPT, Logs, numbers, printing_service, put, writer

MANY = {"log": {"file_bytes": 200_000, "kept_files": 1000}}


@pytest.fixture
def logs(comard):
    return Logs(comard)


def is_empty(fifo):
    fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0] == 0
    finally:
        os.close(fd)


def test_commands_of_scripts_and_detached_services_are_told_apart_by_stream(comard, logs):
    program = comard.program("printer")
    service = comard.register("web", f"""
        serviceType = "server"
        serviceDesc = _({{"en": "Web"}})
        from comar.service import *

        def start():
            print("the script itself")
            startService(command="/bin/sh", args=["-c", "echo a command; echo its trouble >&2"])
            startService(command="{program}", args="--say hello --complain trouble",
                         detach=True, donotify=True)

        def stop():
            stopService(command="{program}", donotify=True)
        """)
    service.start()
    logs.wait_for("web", "err trouble")
    logs.wait_for("web", "out hello")
    service.stop()
    assert sorted(logs.lines("web")) == [
        ("err", b"its trouble"), ("err", b"trouble"),
        ("out", b"a command"), ("out", b"hello"), ("out", b"the script itself")]


def test_streams_of_a_service_are_interleaved_line_by_line(comard, logs):
    out, err = printing_service(comard, "web")
    ends = [put(out, "begin"), put(err, "a whole line\n"), put(out, " and end\n")]
    logs.wait_for("web", "begin and end")
    assert set(logs.lines("web")) == {("err", b"a whole line"), ("out", b"begin and end")}
    for end in ends:
        os.close(end)


def test_a_writer_at_full_speed_loses_nothing_over_many_rotations(start_comard, place):
    comard = start_comard(MANY)
    logs = Logs(comard)
    out, _ = printing_service(comard, "web")
    process = writer(place, out, 0, 100_000)
    end = os.open(out, os.O_RDWR)
    process.wait_gone()
    logs.wait_for("web", "line 99999 ")
    logs.wait_compressed("web")
    assert len(logs.files("web")) > 10
    assert numbers(logs.texts("web")) == list(range(100_000))
    os.close(end)


def test_a_killed_comard_neither_loses_nor_doubles_a_line(start_comard, place):
    """The writer is never waited for: comard is killed wherever it is."""
    comard = start_comard(MANY)
    logs = Logs(comard)
    out, _ = printing_service(comard, "web")
    process = writer(place, out)
    end = os.open(out, os.O_RDWR)
    for _ in range(8):
        size = _total(logs)
        comard.until(lambda: _total(logs) > size + 300_000, "the writer to go on")
        comard.kill()
        comard.start()
    process.kill()
    comard.until(lambda: is_empty(out), "the FIFO to be read")
    comard.bus.sync()
    logs.wait_compressed("web")
    texts = logs.texts("web")
    counted = numbers(texts[:-1] if texts else [])
    assert counted == list(range(len(counted)))
    assert len(counted) > 8000
    os.close(end)


def _total(logs):
    """comard renames files meanwhile."""
    total = 0
    for path in logs.folder.iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            pass
    return total


def test_what_was_written_while_comard_was_away_is_read(comard, logs):
    out, _ = printing_service(comard, "web")
    end = put(out, "before\nbegin")
    logs.wait_for("web", "before")
    comard.until(lambda: is_empty(out), "the FIFO to be read")
    comard.bus.sync()
    comard.kill()
    other = put(out, "ning\nafter\n")
    comard.start()
    logs.wait_for("web", "after")
    assert logs.texts("web") == [b"before", b"beginning", b"after"]
    os.close(end)
    os.close(other)


def test_a_service_that_floods_starves_nobody(start_comard, place):
    comard = start_comard({"log": {"file_bytes": 1_000_000, "kept_files": 1}})
    logs = Logs(comard)
    flood, _ = printing_service(comard, "flood")
    quiet, _ = printing_service(comard, "quiet")
    process = writer(place, flood)
    end = os.open(flood, os.O_RDWR)
    logs.wait_for("flood", "line ")
    ends = []
    for number in range(20):
        ends.append(put(quiet, f"quiet {number}\n"))
        logs.wait_for("quiet", f"quiet {number}\n")
        assert comard.service("quiet").info()
    assert process.alive
    process.kill()
    assert logs.texts("quiet") == [b"quiet %d" % number for number in range(20)]
    for each in [end, *ends]:
        os.close(each)


def test_long_lines_are_split_and_bytes_kept_as_they_are(comard, logs):
    out, _ = printing_service(comard, "web")
    garbage = bytes(byte for byte in range(256) if byte != 10)
    end = put(out, b"x" * 20000 + b"\n" + garbage + b"\n\n" + b"last\n")
    logs.wait_for("web", "last")
    assert logs.texts("web") == [b"x" * 8192, b"x" * 8192, b"x" * 3616, garbage, b"", b"last"]
    os.close(end)


def test_a_last_line_without_its_end_is_a_line_and_nobody_elses_beginning(comard, logs):
    service = comard.register("web", """
        serviceType = "server"
        serviceDesc = "Web"
        from comar.service import *

        def start():
            startService(command="/bin/sh", args=["-c", "printf %s unended; exec sleep 1000"], detach=True)

        def stop():
            stopService(command="/bin/sh")
            stopService(name="sleep")
        """)
    for _ in range(2):
        service.start()
        comard.until(lambda: b"unended" in rest_of(comard, "web"), "the beginning of a line")
        service.stop()
    logs.wait_for("web", "unended")
    assert logs.lines("web") == [("out", b"unended")] * 2
    assert rest_of(comard, "web") == b""


def rest_of(comard, app):
    try:
        with open(f"{comard.root}/run/comar/output/{app}.out.rest", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def test_what_a_program_prints_without_a_newline_is_told_when_its_start_fails(comard):
    service = comard.register("web", """
        serviceType = "server"
        serviceDesc = "Web"
        serviceReadiness = "tcp:9"
        from comar.service import *

        def start():
            startService(command="/bin/sh", args=["-c", "printf %s 'cannot bind' >&2; exit 1"], detach=True)
        """)
    with pytest.raises(BusError, match="it printed:\ncannot bind"):
        service.start()


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "raise OSError('broken')", "fail('broken')"])
def test_what_a_script_prints_is_told_when_its_start_fails(comard, end):
    service = comard.register("web", f"""
        serviceType = "server"
        serviceDesc = "Web"
        import os
        from comar.service import *

        def start():
            print("no such disk", flush=True)
            {end}
        """)
    with pytest.raises(BusError, match="; it printed:\nno such disk$"):
        service.start()


def test_nothing_that_others_print_looks_like_a_message_of_comard(comard):
    service = comard.register("web", """
        serviceType = "server"
        serviceDesc = "Web"
        serviceRestart = "always"
        serviceRestartLimit = (1, 1000)
        serviceReadiness = "notify"
        from comar.service import *

        def start():
            startService(command="/bin/sh", args=["-c", "echo 'comard: all is \\033[2Jwell'; exit 1"], detach=True)
        """)
    with pytest.raises(BusError):
        service.start()
    comard.until(lambda: "reset web" in service.supervision["LastError"], "the end of all restarts")
    assert "comard: all is" in comard.log
    assert "\ncomard: all is" not in comard.log and "\033" not in comard.log


def test_what_a_command_prints_is_told_once_when_its_start_fails(comard):
    service = comard.register("web", """
        serviceType = "server"
        serviceDesc = "Web"
        from comar.service import *

        def start():
            startService(command="/bin/sh", args=["-c", "echo 'no such disk' >&2; exit 1"], donotify=True)
        """)
    with pytest.raises(BusError, match="^Exception: no such disk$"):
        service.start()


def test_all_logs_together_are_bounded(start_comard, place):
    comard = start_comard({"log": {"file_bytes": 100_000, "kept_files": 100, "total_bytes": 400_000}})
    logs = Logs(comard)
    for app in ("first", "second"):
        out, _ = printing_service(comard, app)
        end = os.open(out, os.O_RDWR)
        writer(place, out, 0, 30_000).wait_gone()
        logs.wait_for(app, "line 29999 ")
        os.close(end)
        logs.wait_compressed(app)
    assert _total(logs) <= 400_000
    counted = numbers(logs.texts("second"))
    assert counted == list(range(counted[0], 30_000))


def test_a_full_disk_costs_lines_and_says_so(place, start_comard):
    """The log folder is a file system of 128 KiB, which only comard sees."""
    folder = place.root / "var/log/comar"
    folder.mkdir(parents=True)
    comard = start_comard(mounts=[["-t", "tmpfs", "-o", "size=128k,mode=750", "tmpfs", folder]])
    seen = comard.file(f"{folder}/web.log")
    out, _ = printing_service(comard, "web")
    ballast = comard.file(f"{folder}/ballast")
    ballast.write_bytes(b"x" * 60_000)
    end = put(out, b"".join(b"line %d of many%s\n" % (n, b"." * (n % 50)) for n in range(3000)))
    comard.until(lambda: "No space left on device" in comard.log, "comard to say that the disk is full")
    assert comard.service("web").info()    # it does not wait for the disk
    comard.until(lambda: is_empty(out), "the FIFO to be read")
    lost = comard.service("web").supervision["LostLines"]
    assert f"Lost: {lost} lines of its output" in comard.cli("status", "web").stdout
    ballast.unlink()
    other = put(out, "here again\n")
    comard.until(lambda: b"here again" in seen.read_bytes(), "the log to go on")
    lines = [line[32:] for line in seen.read_bytes().splitlines()]
    before = numbers(lines[:-2])
    assert before == list(range(len(before)))
    assert lines[-2].startswith(b"comard: ")
    assert lines[-2].endswith(b"(%d lines) were lost: No space left on device" % (3000 - len(before)))
    assert comard.log.count("its lines are lost") == 1
    assert lost == 3000 - len(before)
    assert f"({lost} lines) were lost" in comard.log
    os.close(end)
    os.close(other)


def listen(place, path):
    file = place.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.settimeout(60)
    receiver.bind(str(file))
    return receiver


def test_lines_go_to_the_journal(place, start_comard):
    with listen(place, "run/systemd/journal/socket") as journal:
        comard = start_comard({"log": {"target": "journal"}})
        out, err = printing_service(comard, "web")
        ends = [put(out, "hello\n")]
        assert set(journal.recv(65536).decode().splitlines()) == {
            "PRIORITY=6", "SYSLOG_IDENTIFIER=web", "COMAR_SERVICE=web", "MESSAGE=hello"}
        ends.append(put(err, "trouble\n"))
        assert "PRIORITY=4" in journal.recv(65536).decode().splitlines()
        for end in ends:
            os.close(end)
    assert not (place.root / "var/log/comar/web.log").exists()


SPEAKER = """
serviceType = "server"
serviceDesc = "It says one line at its start."
{setting}
from comar.service import *

def start():
    startService(command="/bin/sh", args=["-c", "echo I am here; exec sleep 1000"], detach=True)

def stop():
    pass
"""


@pytest.mark.parametrize("target, path", [("journal", "run/systemd/journal/socket"), ("syslog", "dev/log")])
def test_one_service_has_a_log_of_its_own_until_that_setting_is_taken_away(place, start_comard, target, path):
    comard = start_comard()
    logs = Logs(comard)
    with listen(place, path) as receiver:
        service = comard.register("web", SPEAKER.format(setting=f"serviceLog = {target!r}"))
        other = comard.register("other", SPEAKER.format(setting=""))
        service.start()
        said = receiver.recv(65536)
        assert b"web" in said and b"I am here" in said
        other.start()
        comard.until(lambda: logs.texts("other") == [b"I am here"], "the line of the other one")
        assert not (logs.folder / "web.log").exists()

        # A comard that comes back has not forgotten.
        comard.kill()
        comard.start()
        comard.service("web").stop()
        comard.service("web").start()
        assert b"I am here" in receiver.recv(65536)

        service = comard.register("web", SPEAKER.format(setting=""))
        service.stop()
        service.start()
        comard.until(lambda: (logs.folder / "web.log").exists() and logs.texts("web") == [b"I am here"],
                     "the line in the file")
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(65536)
    service.stop()
    comard.service("other").stop()


def test_lines_that_syslog_does_not_take_are_counted_and_nobody_waits(place, start_comard):
    comard = start_comard({"log": {"target": "syslog"}})
    out, _ = printing_service(comard, "web")
    end = put(out, "nobody listens\n")
    comard.until(lambda: "its lines are lost" in comard.log, "comard to say that nobody listens")
    with listen(place, "dev/log") as syslog:
        other = put(out, "somebody does\n")
        assert b"comard: 47 bytes (1 lines) were lost: No such file or directory" in syslog.recv(65536)
        assert syslog.recv(65536).endswith(b" web: somebody does")
        os.close(end)
        os.close(other)
    comard.until(lambda: "(1 lines) were lost" in comard.log, "comard to say that it works again")


def test_syslog_that_is_slow_gets_all_lines_of_a_burst(place, start_comard):
    comard = start_comard({"log": {"target": "syslog"}})
    out, _ = printing_service(comard, "web")
    with listen(place, "dev/log") as syslog:
        end = put(out, "".join(f"line {number}\n" for number in range(1000)))
        comard.until(lambda: is_empty(out), "the FIFO to be read")
        for number in range(1000):
            assert syslog.recv(65536).endswith(b" web: line %d" % number)
        os.close(end)


def test_leftovers_of_a_crash_are_put_right(place, start_comard):
    place.write("/var/log/comar/.web.zst.new", "half")
    place.write("/var/log/comar/web.log.3", "2026-11-24T06:40:12.123456Z out old\n")
    (place.root / "var/log/comar").chmod(0o750)
    comard = start_comard()
    logs = Logs(comard)
    comard.register("web", SCRIPT)
    logs_are_there = lambda: [path.name for path in logs.folder.iterdir()] == ["web.log.1.zst"]
    comard.until(logs_are_there, "the old log to be compressed")
    assert logs.texts("web") == [b"old"]
