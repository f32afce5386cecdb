# SPDX-License-Identifier: MIT
"""Settings of the service as its programs find them."""

import grp
import os
import resource

import pytest

from conftest import end

ROOT = os.geteuid() == 0
API = "from comar.service import *\n"

only_root = pytest.mark.skipif(not ROOT, reason="needs root")


def script(command, **arguments):
    """One that starts the command, and returns what it printed."""
    words = "".join(f", {name}={value!r}" for name, value in arguments.items())
    return f"{API}def start():\n    return startService({command!r}{words}).stdout\nreload = start\nstop = start\n"


def printed(comard, shell, settings, method="start", **request):
    """What a program that is started with these settings prints."""
    command = comard.program("tool", shell)
    return comard.value(script(command), method, settings=settings, **request)


def refused(comard, settings, **request):
    """The text of the failure."""
    outcome = comard.run(f"{API}def start(): pass\n", settings=settings, **request)
    name, message = outcome.error
    assert name == "Exception"
    assert f"start: {message}\n" == outcome.stderr
    assert outcome.last["again"] is False
    return message


def started_in_the_background(comard, shell, settings, **arguments):
    """What a detached program says of itself, and its pid."""
    told = comard.folder / "told"
    os.mkfifo(told)
    command = comard.program("probe", f"({shell}) > {told}; exec sleep 1000")
    worker = comard.begin(script(command, detach=True, **arguments), settings=settings)
    text = told.read_text()
    outcome = worker.finish()
    (report,) = outcome.told("process")
    end(report["pid"])
    return text


def test_the_environment_is_that_of_files_and_then_of_variables(comard):
    first = comard.write("a.env", "A=1\nB='two words'\nC=3\n")
    second = comard.write("b.env", "B=2\n")
    settings = {
        "environment_files": [first, f"-{comard.folder}/none", second],
        "environment": {"C": "of the script", "PATH": "/bin:/usr/bin"},
    }
    shell = 'echo "$A $B $C $PATH"'
    assert printed(comard, shell, settings) == "1 2 of the script /bin:/usr/bin\n"
    assert started_in_the_background(comard, shell, settings) == "1 2 of the script /bin:/usr/bin\n"


def test_whatever_way_a_script_starts_programs_they_inherit(comard):
    text = f"""{API}
TOP_LEVEL = os.environ["A"]
def start():
    return [TOP_LEVEL, run("/usr/bin/env").stdout.count("A=1\\n"),
            subprocess.check_output(["sh", "-c", "umask; pwd; echo $A"], text=True)]
"""
    settings = {"environment": {"A": "1"}, "umask": 0o27, "directory": str(comard.folder)}
    assert comard.value(text, settings=settings) == ["1", 1, f"0027\n{comard.folder}\n1\n"]


@pytest.mark.parametrize("detach", [False, True])
def test_umask_directory_and_limits_reach_programs(comard, detach):
    shell = "umask; pwd; ulimit -Sn; ulimit -Hn; ulimit -c"
    settings = {"umask": 0o77, "directory": str(comard.folder),
                "limits": {"nofile": [100, 200], "core": [0, 0]}}
    start = started_in_the_background if detach else printed
    assert start(comard, shell, settings) == f"0077\n{comard.folder}\n100\n200\n0\n"


def test_without_the_setting_a_detached_program_has_the_usual_umask(comard):
    assert started_in_the_background(comard, "umask", {"nice": os.nice(0)}) == "0022\n"


def test_what_comar_keeps_is_not_subject_to_the_umask(comard):
    """A compiled script that others may write would be run as root."""
    comard.value(f"{API}def start(): pass\n", settings={"umask": 0})
    (kept,) = (comard.folder / "__pycache__").iterdir()
    assert [path.stat().st_mode & 0o22 for path in (kept, kept.parent)] == [0, 0]


def test_nice_is_absolute_and_that_of_startservice_is_added(comard):
    assert printed(comard, "nice", {"nice": 7}) == "7\n"
    assert started_in_the_background(comard, "nice", {"nice": 7}, nice=2) == "9\n"


def test_the_oom_score_reaches_programs(comard):
    assert printed(comard, "cat /proc/self/oom_score_adj", {"oom_score_adj": 500}) == "500\n"


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] != -1, reason="needs the right")
def test_a_limit_of_minus_one_is_none(comard):
    limits = {"core": [4096, -1]}
    assert printed(comard, "ulimit -Hc", {"limits": limits}) == "unlimited\n"


@only_root
def test_groups_are_added_to_our_own(comard):
    names = ["daemon", "audio"]
    groups = {grp.getgrnam(name).gr_gid for name in names} | {*os.getgroups(), os.getgid()}
    said = printed(comard, "id -G", {"groups": names})
    assert {int(each) for each in said.split()} == groups


@only_root
def test_groups_are_added_to_those_of_another_user(comard):
    text = f"""{API}
def start():
    return startService("/usr/bin/id", args="-G", chuid="nobody").stdout
"""
    own = comard.value(text).split()
    said = comard.value(text, settings={"groups": ["audio", "audio"]}).split()
    assert sorted(said) == sorted([*own, str(grp.getgrnam("audio").gr_gid)])


@only_root
def test_home_of_another_user_gives_way_to_the_settings(comard):
    os.chmod(comard.folder, 0o755)
    text = f"""{API}
def start():
    return startService("/usr/bin/env", chuid="nobody").stdout.splitlines()
"""
    lines = comard.value(text, settings={"environment": {"HOME": "/srv", "A": "1"}})
    assert {"HOME=/srv", "A=1", "USER=nobody"} <= set(lines)


@pytest.mark.parametrize("method, expected", [("start", "1\n"), ("reload", "1\n"), ("stop", "\n")])
def test_only_methods_that_start_something_have_them(comard, method, expected):
    settings = {"environment": {"A": "1"}}
    assert printed(comard, "echo $A", settings, method) == expected


def test_status_has_none(comard):
    text = f"{API}def status(): return 'A' not in os.environ\n"
    assert comard.value(text, "status", settings={"environment": {"A": "1"}}) is True


# Where programs report


SHOW_SOCKET = 'echo "${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}"'


def test_programs_are_told_where_to_report(comard):
    socket = {"notify_socket": "/run/comar/notify"}
    assert printed(comard, SHOW_SOCKET, {"watchdog": 1.5}, **socket) == "/run/comar/notify 1500000\n"
    assert printed(comard, SHOW_SOCKET, {}, **socket) == "/run/comar/notify none\n"
    assert printed(comard, SHOW_SOCKET, {"watchdog": 1.5}) == "none none\n"
    assert printed(comard, SHOW_SOCKET, {}, "stop", **socket) == "none none\n"


def test_a_service_cannot_point_its_programs_elsewhere(comard):
    settings = {"environment": {"NOTIFY_SOCKET": "/run/systemd/notify"}}
    assert printed(comard, SHOW_SOCKET, settings) == "none none\n"


def test_comards_own_socket_is_not_for_services(monkeypatch):
    from comar import worker

    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    worker.forget_own_watchdog()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


# What cannot be


@pytest.mark.parametrize("settings, message", [
    ({"directory": "/srv/none"},
     'cannot use serviceDirectory = "/srv/none": No such file or directory; '
     "create it, or name another one"),
    ({"environment_files": ["/etc/none.env"]},
     'cannot use serviceEnvironmentFile = "/etc/none.env": No such file or directory; '
     "correct the file or the setting"),
    ({"environment_files": ["-/dev/null"]},
     'cannot use serviceEnvironmentFile = "-/dev/null": not a regular file; '
     "correct the file or the setting"),
    ({"groups": ["no-such-group"]},
     'cannot use serviceGroups = "no-such-group": there is no such group; '
     "create it (groupadd), or correct the setting"),
    ({"environment": {"A": "b\0"}},
     'cannot use serviceEnvironment = ["A"]: embedded null byte; correct these variables'),
])
def test_what_cannot_take_effect_ends_the_call(comard, settings, message):
    assert refused(comard, settings) == message


def test_a_bad_line_of_a_file_ends_the_call(comard):
    path = comard.write("a.env", "A=b\nnonsense\n")
    assert refused(comard, {"environment_files": [path]}) == (
        f'cannot use serviceEnvironmentFile = "{path}": {path}:2: this is no KEY=value; '
        "correct the file or the setting"
    )


def test_a_limit_that_is_refused_ends_the_call(comard):
    message = refused(comard, {"limits": {"core": [0, 0], "nofile": [1, 1 << 60]}})
    assert message.startswith(f'cannot use serviceLimits = {{"nofile": [1, {1 << 60}]}}: ')


@only_root
@pytest.mark.parametrize("setting, value, variable", [
    ("nice", -20, "serviceNice"), ("oom_score_adj", -1000, "serviceOomScoreAdj"),
    ("groups", ["audio"], "serviceGroups"), ("limits", {"core": [-1, -1]}, "serviceLimits"),
])
def test_what_needs_a_capability_names_it(inside, setting, value, variable):
    """In a process of its own, which gives up its rights."""
    message = in_a_child(inside, {setting: value})
    assert message.startswith(f"cannot use {variable} = ")
    assert "; comard needs CAP_" in message


def in_a_child(inside, settings):
    """The Failure of applying settings as nobody."""
    from comar._effects import apply_settings
    from comar._messages import Failure

    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            inside(method="start", settings=settings)
            apply_settings()
        except Failure as failure:
            os.write(theirs, str(failure).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


# Reuse


TAME = "from comar.service import *\ndef start(): pass\n"


def is_reused(comard, **request):
    worker = comard.worker()
    worker.send(comard.request(TAME, **request))
    return worker.finish().last["again"]


def test_a_worker_that_has_applied_settings_is_not_reused(comard):
    assert is_reused(comard) is True
    assert is_reused(comard, settings={}) is True
    assert is_reused(comard, settings={"nice": os.nice(0)}) is False
    assert is_reused(comard, settings={"limits": {"core": [0, 0]}}) is False
    assert is_reused(comard, notify_socket="/run/comar/notify") is False
