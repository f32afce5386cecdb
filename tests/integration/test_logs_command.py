# SPDX-License-Identifier: MIT
"""comar logs, which reads the files of comard, and needs no comard for that."""

import json
import os
import pathlib
import random
import shutil
import subprocess

import pytest

from support.daemon import Daemon
from support.logs import Following, Logs, printing_service, put
from support.supervised import with_settings

UTC = {"TZ": "UTC"}

WEB = """\
2026-11-24T06:40:12.123456Z out one
2026-11-24T06:40:14.000000Z err two
a line without a stamp
2026-11-24T06:40:16.500000Z out five
"""
MAIL = """\
2026-11-24T06:40:13.000000Z out mail one
2026-11-24T06:40:15.000000Z out mail two
"""


class Written:
    """A root with logs, and no comard."""

    def __init__(self, place):
        self.place = place
        self.folder = place.root / "var/log/comar"
        self._daemon = Daemon(place)

    def write(self, name, text):
        return self.place.write(f"/var/log/comar/{name}", text)

    def write_whole(self, name, text):
        """For who looks meanwhile."""
        os.rename(self.write("unfinished", text), self.folder / name)

    def compress(self, name):
        """As comard does it."""
        unfinished = self.folder / ".unfinished"
        subprocess.run(["zstd", "-q", self.folder / name, "-o", unfinished], check=True)
        unfinished.rename(self.folder / f"{name}.zst")
        (self.folder / name).unlink()

    def run(self, *arguments, **keywords):
        environment = {**UTC, **keywords.pop("environment", {})}
        return self._daemon.cli("logs", *arguments, environment=environment, **keywords)

    def lines(self, *arguments):
        result = self.run(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.splitlines()


@pytest.fixture
def written(place):
    it = Written(place)
    it.write("web.log", WEB)
    it.write("mail.log", MAIL)
    return it


def test_one_service_is_shown_in_local_time(written):
    assert written.lines("web") == [
        "2026-11-24 06:40:12.123 one",
        "2026-11-24 06:40:14.000 two",
        "2026-11-24 06:40:14.000 a line without a stamp",
        "2026-11-24 06:40:16.500 five"]
    assert written.run("web", environment={"TZ": "UTC-3"}).stdout.startswith("2026-11-24 09:40:12.123 one\n")


def test_several_services_are_merged_by_time_and_named(written):
    merged = [
        "2026-11-24 06:40:12.123 web  one",
        "2026-11-24 06:40:13.000 mail mail one",
        "2026-11-24 06:40:14.000 web  two",
        "2026-11-24 06:40:14.000 web  a line without a stamp",
        "2026-11-24 06:40:15.000 mail mail two",
        "2026-11-24 06:40:16.500 web  five"]
    assert written.lines("web", "mail") == merged
    assert written.lines() == merged
    assert written.lines("-n", "4") == merged[-4:]
    assert written.lines("-n100") == merged
    assert written.lines("-n0") == []


def test_old_files_are_read_compressed_or_not(written):
    def text(begin, end):
        return "".join(f"2026-11-20T06:{n // 60:02}:{n % 60:02}.000000Z out {n}\n" for n in range(begin, end))
    written.write("old.log.3", text(0, 1000))
    written.write("old.log.2", text(1000, 2000))
    written.write("old.log.1", text(2000, 3000))
    written.write("old.log", text(3000, 3100))
    written.compress("old.log.3")
    written.compress("old.log.2")
    for arguments in ([], ["-n", "5000"]):
        assert [line.split()[2] for line in written.lines("old", *arguments)] == list(map(str, range(3100)))
    assert [line.split()[2] for line in written.lines("old", "-n", "1500")] == list(map(str, range(1600, 3100)))
    since = written.lines("old", "--since", "2026-11-20 06:30")
    assert [line.split()[2] for line in since] == list(map(str, range(1800, 3100)))
    assert written.lines("old", "--since", "2026-11-20 06:30", "-n", "2") == since[-2:]


def test_the_compressed_one_counts_where_a_crash_has_left_both(written):
    written.write("mail.log.1", MAIL)
    subprocess.run(["zstd", "-q", written.folder / "mail.log.1"], check=True)
    written.write("mail.log", "")
    assert len(written.lines("mail")) == 2


def test_since_takes_times_as_people_write_them(written):
    for since in ("2026-11-24 06:40:15", "2026-11-24T06:40:15Z", "2026-11-24T06:40:15.000000Z"):
        assert [line[-4:] for line in written.lines("--since", since)] == [" two", "five"]
    assert len(written.lines("--since", "2026-11-24 06:40")) == 6
    assert len(written.lines("--since", "2026-11-24")) == 6
    assert written.lines("--since", "2026-11-25") == []
    wrong = written.run("--since", "tea time")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("cannot understand the time 'tea time': write ")


def test_grep_takes_extended_expressions(written):
    assert [line[-3:] for line in written.lines("--grep", "^(one|two)$")] == ["one", "two"]
    assert len(written.lines("--grep", "mail", "-n", "1")) == 1
    assert written.lines("web", "--grep", "stamp") == ["2026-11-24 06:40:14.000 a line without a stamp"]
    wrong = written.run("--grep", "(")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("cannot use '(' as a regular expression: Unmatched ( ")


def test_an_expression_cannot_take_forever(written):
    written.write("long.log", "2026-11-24T06:40:12.000000Z out " + "a" * 5000 + "\n")
    assert written.lines("long", "--grep", "(a*)*b") == []


def test_json_is_an_object_a_line(written):
    assert [json.loads(line) for line in written.lines("web", "--json")] == [
        {"time": "2026-11-24T06:40:12.123456Z", "service": "web", "stream": "out", "text": "one"},
        {"time": "2026-11-24T06:40:14.000000Z", "service": "web", "stream": "err", "text": "two"},
        {"time": "2026-11-24T06:40:14.000000Z", "service": "web", "stream": "out", "text": "a line without a stamp"},
        {"time": "2026-11-24T06:40:16.500000Z", "service": "web", "stream": "out", "text": "five"}]


def test_a_file_that_begins_without_a_stamp_is_shown(written):
    written.write("odd.log", "no stamp\n" + MAIL + "no end")
    assert written.lines("odd") == [
        "                        no stamp", "2026-11-24 06:40:13.000 mail one",
        "2026-11-24 06:40:15.000 mail two", "2026-11-24 06:40:15.000 no end"]
    assert written.lines("odd", "-n", "10") == written.lines("odd")
    assert json.loads(written.lines("odd", "--json")[0])["time"] is None


def test_control_characters_are_harmless(written):
    (written.folder / "evil.log").write_bytes(
        b"2026-11-24T06:40:12.000000Z out \x1b[2Jcleared\x00\xff\ttab\n")
    assert written.lines("evil") == ["2026-11-24 06:40:12.000 \\x1b[2Jcleared\\x00\\xff\ttab"]
    assert "\x1b" not in written.run("evil", "--json").stdout


def test_what_went_to_stderr_is_colored(written):
    colored = written.run("web", "-n", "3", environment={"CLICOLOR_FORCE": "1"}).stdout.splitlines()
    assert colored[0] == "2026-11-24 06:40:14.000 \x1b[33mtwo\x1b[0m"
    assert "\x1b" not in colored[2]


def test_an_unknown_name_is_told_what_there_is(written):
    wrong = written.run("wbe")
    assert wrong.returncode == 5
    assert wrong.stderr == "cannot show the log of wbe: no such service; there are logs of: mail, web\n"


def test_a_service_that_has_printed_nothing_has_no_log(written):
    written.place.write("/var/lib/comar/scripts/System.Service/quiet.py", "")
    quiet = written.run("quiet")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert "quiet has no log" in quiet.stderr


@pytest.mark.parametrize("target, way", [
    ("journal", "to the journal ({}:{} says so); read it with: journalctl -t quiet"),
    ("syslog", "to syslog ({}:{} says so); its daemon writes that where it is told to, "
               "as in: grep 'quiet:' /var/log/syslog"),
])
def test_a_service_that_prints_elsewhere_is_read_there(start_comard, target, way):
    comard = start_comard({"log": {"target": target}})
    comard.register("quiet", with_settings("def start():\n    pass\n", serviceLog=target))
    comard.register("other", with_settings("def start():\n    pass\n"))
    comard.register("file", with_settings("def start():\n    pass\n", serviceLog="file"))
    registered = f"{comard.root}/var/lib/comar/scripts/System.Service/quiet.py"
    with open(registered) as script:
        line = 1 + [text.startswith("serviceLog") for text in script].index(True)
    (comard.place.root / "var/log/comar").mkdir(exist_ok=True)
    assert comard.cli("logs", "quiet").stderr == f"quiet has no log here, as it prints {way.format(registered, line)}\n"
    assert "comard.toml:2 says so" in comard.cli("logs", "other").stderr
    assert comard.cli("logs", "file").stderr == "file has no log: it has printed nothing\n"


def test_names_may_be_written_as_elsewhere(written):
    written.write("my_app.log", MAIL)
    assert len(written.lines("my-app")) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_user_who_may_not_read_logs_is_told_what_to_do(written):
    written.folder.chmod(0o700)
    denied = written.run("web", user="nobody")
    assert denied.returncode == 4
    assert denied.stderr == (f"cannot read {written.folder}: Permission denied\n"
                             "  logs are not for everyone; as root: sudo comar logs\n")


@pytest.fixture(params=["archive", "folder", "link"])
def unreadable(request, written):
    """(the path of a file of web's log that cannot be read, what is said about it)"""
    if request.param == "archive":
        return written.write("web.log.9.zst", "this is not zstd"), "it is damaged: Unknown frame descriptor"
    path = written.folder / "web.log.2"
    if request.param == "folder":
        path.mkdir()
        return path, "it is a folder, and no file"
    path.symlink_to("mail.log")
    return path, "it is a symbolic link, and no file"


@pytest.mark.parametrize("arguments", [
    ["web"], ["web", "mail"], [], ["-n", "100"], ["--since", "2026-11-24"],
    ["web", "--since", "2026-11-24", "-n", "100"]], ids=" ".join)
def test_a_file_that_cannot_be_read_hides_no_other(written, unreadable, arguments):
    path, why = unreadable
    shown = written.run(*arguments)
    complaint, advice = shown.stderr.splitlines()
    assert complaint.startswith("cannot read ") and str(path) in complaint and complaint.endswith(why)
    assert str(written.folder) in advice
    assert shown.returncode == 1
    pathlib.Path(path).rename(written.folder / "elsewhere")
    assert shown.stdout.splitlines() == written.lines(*arguments) != []


def test_what_need_not_be_read_is_no_matter(written):
    written.write("web.log.9.zst", "this is not zstd")
    assert len(written.lines("web", "-n", "2")) == 2
    assert len(written.lines("web", "mail", "--since", "2026-11-24 06:40:14")) == 4


def test_following_goes_on_where_a_file_cannot_be_read(written, unreadable):
    following = Following(Daemon(written.place), "web")
    assert [following.line()[-4:] for _ in range(4)] == [" one", " two", "tamp", "five"]
    (written.folder / "web.log").rename(written.folder / "web.log.1")
    written.write_whole("web.log", "2026-11-24T06:43:00.000000Z out after\n")
    assert following.line().endswith(" after")
    assert following.close() in (0, 1)


def blocks_of(frame):
    """Where the blocks of a frame of zstd begin, RFC 8878."""
    descriptor = frame[4]
    at = 5 + (descriptor & 0x20 == 0) + (0, 1, 2, 4)[descriptor & 3] + (descriptor & 0x20 > 0, 2, 4, 8)[descriptor >> 6]
    while True:
        yield at
        header = int.from_bytes(frame[at:at + 3], "little")
        if header & 1:
            return
        at += 3 + (header >> 3)


@pytest.mark.parametrize("damage", ["in its middle", "at its end"])
def test_a_damaged_archive_gives_its_lines_up_to_there(written, damage):
    noise = random.Random(7)
    lines = [f"2026-11-20T06:00:00.000000Z out {n} {noise.randbytes(400).hex()}\n" for n in range(2000)]
    written.write("web.log.1", "".join(lines))
    written.compress("web.log.1")
    archive = written.folder / "web.log.1.zst"
    data = bytearray(archive.read_bytes())
    blocks = list(blocks_of(data))
    middle = blocks[len(blocks) // 2]
    if damage == "at its end":
        del data[middle + 100:]
    else:
        data[middle:middle + 3] = b"\xff\xff\xff"
    archive.write_bytes(data)
    for arguments in (["web"], ["web", "-n", "5000"]):
        shown = written.run(*arguments)
        assert shown.returncode == 1
        complaint, _ = shown.stderr.splitlines()
        assert complaint.startswith(f"cannot read all of {archive}: it is damaged: ")
        texts = [line.split()[2:] for line in shown.stdout.splitlines()]
        saved = texts[:-4 - 1]  # but for one that is cut off
        assert saved == [line.split()[2:] for line in lines[:len(saved)]]
        assert 500 < len(saved) < 1500
        assert [text[0] for text in texts[-4:]] == ["one", "two", "a", "five"]


def test_following_goes_on_across_rotations(start_comard):
    comard = start_comard({"log": {"file_bytes": 4096, "kept_files": 1000}})
    out, _ = printing_service(comard, "web")
    ends = [put(out, "begin\n")]
    logs = Logs(comard)
    logs.wait_for("web", "begin")
    following = Following(comard, "web")
    assert following.line().endswith(" begin")
    for number in range(0, 3000, 50):
        ends.append(put(out, "".join(f"line {n}\n" for n in range(number, number + 50))))
        logs.wait_for("web", f"line {number + 49}\n")
    for number in range(3000):
        assert following.line().endswith(f" line {number}")
    assert len(logs.files("web")) > 10
    assert following.close() in (0, 1)
    for end in ends:
        os.close(end)


def test_following_reads_files_that_were_compressed_meanwhile(written):
    """It may see any of the states in between, or none."""
    following = Following(Daemon(written.place), "web", "--grep", "kept|five")
    assert following.line().endswith(" five")
    current = written.folder / "web.log"
    with open(current, "a") as file:
        file.write("2026-11-24T06:41:00.000000Z out kept 1\n")
    current.rename(written.folder / "web.log.1")
    written.compress("web.log.1")
    (written.folder / "web.log.1.zst").rename(written.folder / "web.log.2.zst")
    written.write_whole("web.log.1", "2026-11-24T06:42:00.000000Z out kept 2\n")
    written.compress("web.log.1")
    written.write_whole("web.log", "2026-11-24T06:43:00.000000Z out kept 3\n")
    assert [following.line()[-6:] for _ in range(3)] == ["kept 1", "kept 2", "kept 3"]
    assert following.close() in (0, 1)


def test_following_all_welcomes_new_services(written):
    following = Following(Daemon(written.place), "-n", "1")
    assert following.line().endswith(" web  five")
    written.write("new.log", "2026-11-24T06:43:00.000000Z out hello\n")
    assert following.line().endswith(" new  hello")
    assert following.close() in (0, 1)


def test_following_ends_when_its_reader_leaves(written):
    following = Following(Daemon(written.place), "-n", "1")
    assert following.line()
    assert following.close() in (0, 1)


def test_without_a_log_folder_there_is_an_error(place):
    nowhere = Written(place)
    shutil.rmtree(nowhere.folder, ignore_errors=True)
    missing = nowhere.run()
    assert missing.returncode == 1
    assert missing.stderr == f"cannot read {nowhere.folder}: No such file or directory\n"
