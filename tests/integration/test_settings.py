# SPDX-License-Identifier: MIT
"""Settings of services, by what their programs see: environment, files, folder, umask, limits, priorities, groups."""

import grp
import json
import os
import pwd
import resource
import shutil

import pytest

from support.bus import BusError
from support.processes import Process
from support.supervised import assert_stays_down, with_settings
from support.ways import start_this_way
from support.wire import user

#: Ways in which scripts start a program that tells its pid.
WAYS_TO_START = {
    "detached": "startService(SERVER, args=ARGS, detach=True)",
    "forking": "startService(SERVER, args=['--fork'] + ARGS)",
    "by a shell": "os.system(' '.join([SERVER, '--fork'] + ARGS))",
    "by run": "run(SERVER, '--fork', *ARGS)",
    "by subprocess": "subprocess.Popen([SERVER] + ARGS)",
}


def begin(comard, told, start=WAYS_TO_START["detached"], **settings):
    """Starts a service with these settings; returns it and its process."""
    service = comard.register("app", with_settings(f"""
        def start():
            {start}
        """, names={"SERVER": comard.program("server"), "ARGS": ["--tell", str(told)]}, **settings))
    service.start()
    return service, Process(int(told.line()))


def read(process, name):
    with open(f"/proc/{process.pid}/{name}") as file:
        return file.read()


def limit(process, title):
    """(soft, hard) as /proc shows them."""
    for line in read(process, "limits").splitlines():
        if line.startswith(title):
            return tuple(line[len(title):].split()[:2])
    raise AssertionError(f"no {title} in limits")


@pytest.fixture(params=WAYS_TO_START)
def way(request):
    return WAYS_TO_START[request.param]


def test_all_of_them_reach_whatever_is_started_however(comard, told, way):
    folder = comard.place.folder / "work"
    folder.mkdir()
    file = comard.write("/etc/app.env", "FROM_FILE=file\nBOTH=file\n# FROM_COMMENT=x\n")
    service, main = begin(
        comard, told, way, serviceEnvironment={"OWN": "a b=c", "BOTH": "own"},
        serviceEnvironmentFile=[file, "-/no/such/file"], serviceDirectory=str(folder), serviceUmask=0o027,
        serviceLimits={"nofile": (100, 200), "core": 0}, serviceNice=7,
        serviceOomScoreAdj=123, serviceGroups=["tty", "audio"])
    assert main.environ["OWN"] == "a b=c"
    assert main.environ["FROM_FILE"] == "file"
    assert main.environ["BOTH"] == "own"
    assert "FROM_COMMENT" not in main.environ
    assert os.readlink(f"/proc/{main.pid}/cwd") == str(folder)
    assert main.umask == 0o027
    assert limit(main, "Max open files") == ("100", "200")
    assert limit(main, "Max core file size") == ("0", "0")
    assert main.nice == 7
    assert read(main, "oom_score_adj") == "123\n"
    groups = {grp.getgrnam(name).gr_gid for name in ("tty", "audio")}
    assert groups <= set(main.groups)
    assert main.uid == 0
    service.stop()
    assert_stays_down(service)


def test_the_least_limit_of_open_files_that_may_be_set_is_enough_for_comar(comard, told, way):
    service, main = begin(comard, told, way, serviceLimits={"nofile": 16})
    assert limit(main, "Max open files") == ("16", "16")
    service.stop()
    assert_stays_down(service)


def test_a_descriptor_above_the_limit_of_open_files_is_refused_with_both_settings(comard, told):
    text = "startService(SERVER, args=ARGS, detach=True)"
    for number, limits in ((1023, {"nofile": 100}), (20, {"nofile": (20, 4096)})):
        with pytest.raises(BusError) as refused:
            begin(comard, told, text, serviceReadiness=f"fd:{number}", serviceLimits=limits)
        for part in (f"descriptor {number} of serviceReadiness", "nofile of serviceLimits", f"{number + 1} or more",
                     comard.program("server")):
            assert part in refused.value.message
        assert "Traceback" not in refused.value.message
        assert_stays_down(comard.service("app"))


def test_without_settings_all_is_as_ever(comard, told, way):
    service, main = begin(comard, told, way)
    assert os.readlink(f"/proc/{main.pid}/cwd") == "/"
    assert main.umask == 0o022
    assert main.nice == comard.process.nice
    assert read(main, "oom_score_adj") == read(comard.process, "oom_score_adj")
    assert limit(main, "Max open files") == limit(comard.process, "Max open files")
    assert "NOTIFY_SOCKET" not in main.environ
    assert "WATCHDOG_USEC" not in main.environ
    service.stop()


def test_groups_come_with_another_user_too(comard, told):
    service, main = begin(comard, told, "startService(SERVER, args=ARGS, detach=True, chuid='nobody')",
                          serviceGroups=["audio"])
    assert main.uid == pwd.getpwnam("nobody").pw_uid
    assert grp.getgrnam("audio").gr_gid in main.groups
    assert 0 not in main.groups
    service.stop()


def test_without_them_another_user_has_its_own_groups_only(comard, told):
    service, main = begin(comard, told, "startService(SERVER, args=ARGS, detach=True, chuid='nobody')")
    assert grp.getgrnam("audio").gr_gid not in main.groups
    assert 0 not in main.groups
    service.stop()


def test_nice_is_added_to_that_of_the_service(comard, told):
    service, main = begin(comard, told, "startService(SERVER, args=ARGS, detach=True, nice=3)", serviceNice=2)
    assert main.nice == 5
    service.stop()


def test_a_limit_is_one_that_counts(comard, told):
    """Seen from inside: what may be opened, not what is printed."""
    service = comard.register("app", with_settings("""
        def start():
            reply = run("/usr/bin/python3", "-c", COUNT)
            tell(int(reply.stdout))
        """, told, {"COUNT": "import os\nn = 0\ntry:\n    while True: os.dup(0); n += 1\n"
                    "except OSError: print(n)"}, serviceLimits={"nofile": 20}))
    service.start()
    assert 10 < told.value() <= 17


def test_one_service_does_not_color_another(comard, told):
    """Workers are used again."""
    service, main = begin(comard, told, serviceEnvironment={"OWN": "x"}, serviceUmask=0o077, serviceNice=5,
                          serviceDirectory="/tmp")
    other = comard.register("other", with_settings("""
        def start():
            startService(SERVER, args=ARGS, detach=True)
        """, names={"SERVER": comard.program("other"), "ARGS": ["--tell", str(told)]}))
    other.start()
    process = Process(int(told.line()))
    assert "OWN" not in process.environ
    assert (process.umask, process.nice) == (0o022, comard.process.nice)
    assert os.readlink(f"/proc/{process.pid}/cwd") == "/"
    service.stop()
    other.stop()


# What cannot be had

@pytest.mark.parametrize("settings, said", [
    ({"serviceDirectory": "/no/such/folder"}, "/no/such/folder"),
    ({"serviceEnvironmentFile": "/no/such/file"}, "/no/such/file"),
    ({"serviceGroups": ["no-such-group"]}, "no-such-group"),
])
def test_what_cannot_be_had_ends_the_start_with_a_reason(comard, told, settings, said):
    service = comard.register("app", with_settings("""
        def start():
            startService(SERVER, detach=True)
        """, names={"SERVER": comard.program("server")}, **settings))
    with pytest.raises(BusError) as wrong:
        service.start()
    assert said in wrong.value.message
    assert next(iter(settings)) in wrong.value.message
    assert service.supervision["State"] == "failed"
    assert service.supervision["PIDs"] == []


def test_an_ordinary_user_cannot_have_what_only_root_can(place, start_comard, told):
    comard = start_this_way("nobody", place, start_comard)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for settings in ({"serviceNice": -5}, {"serviceOomScoreAdj": -500}, {"serviceGroups": ["audio"]},
                     {"serviceLimits": {"nofile": (20, hard + 1)}}):
        service = comard.register("app", with_settings("""
            def start():
                startService(SERVER, detach=True)
            """, names={"SERVER": comard.program("server")}, **settings))
        with pytest.raises(BusError) as wrong:
            service.start()
        assert next(iter(settings)) in wrong.value.message
        assert "CAP_" in wrong.value.message
    service, main = begin(comard, told, serviceNice=3, serviceUmask=0o077, serviceOomScoreAdj=900)
    assert (main.nice, main.umask, read(main, "oom_score_adj")) == (3, 0o077, "900\n")
    service.stop()


# comar show

SECRET = 'nice = 4\n\n[environment]\nDB_PASSWORD = "hunter2"\nPORT = "80"\n'


def with_secret(comard):
    """A service whose administrator has given it a password, in a file for root alone."""
    comard.write("/etc/comar/services/app.toml", SECRET, 0o600)
    return comard.register("app", with_settings("def start():\n    pass\n"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_what_an_environment_says_is_told_to_those_alone_who_can_read_it_anyway(comard):
    with_secret(comard)
    told = comard.cli("show", "app", user="nobody")
    row, = [line for line in told.stdout.splitlines() if line.startswith("environment ")]
    assert "DB_PASSWORD, PORT (withheld)" in row and "app.toml:3" in row
    assert "only root and the user that comard runs as are told" in told.stderr
    as_json = comard.cli("show", "--json", "app", user="nobody")
    assert json.loads(as_json.stdout)["environment"]["value"] == {"DB_PASSWORD": None, "PORT": None}
    assert json.loads(as_json.stdout)["environment"]["withheld"] is True
    assert json.loads(as_json.stdout)["nice"]["value"] == 4
    assert "hunter2" not in told.stdout + told.stderr + as_json.stdout + as_json.stderr
    own = comard.cli("show", "app")
    assert "hunter2" in own.stdout and "withheld" not in own.stdout + own.stderr
    assert "withheld" not in json.loads(comard.cli("show", "--json", "app").stdout)["environment"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_no_other_way_leads_to_what_an_environment_says(comard):
    service = with_secret(comard)
    service.start()
    # Neither what is said about it when it is right, nor when it is wrong.
    for text in (SECRET, SECRET.replace('"80"', "80")):
        comard.write("/etc/comar/services/app.toml", text, 0o600)
        if text != SECRET:
            with pytest.raises(BusError) as wrong:
                service.call("start")
            assert "app.toml:3" in wrong.value.message and "hunter2" not in wrong.value.message
        for words in (["show"], ["status"], ["status", "--json"], ["explain"], ["start", "--dry-run"],
                      ["graph", "--json"]):
            told = comard.cli(*words, "app", user="nobody")
            assert "hunter2" not in told.stdout + told.stderr, words
    with user("nobody"):
        stranger = comard.connect()
    objects = stranger.call("/package", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    said = json.dumps(objects, default=str)
    assert "LastError" in said and "hunter2" not in said
    assert "hunter2" not in comard.log


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_what_comard_notes_of_a_script_is_no_way_around_its_mode(comard):
    comard.register("app", with_settings("def start():\n    pass\n", serviceEnvironment={"DB_PASSWORD": "hunter2"}))
    scripts = comard.place.root / "var/lib/comar/scripts/System.Service"
    (scripts / "app.py").chmod(0o600)
    files = [file for file in scripts.iterdir() if "hunter2" in file.read_text()]
    assert sorted(file.suffix for file in files) == [".facts", ".py"]
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600", "0o600"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to run a comard as another user")
def test_whoever_runs_a_comard_is_told_what_its_environments_say(place, start_comard):
    shutil.chown(place.root, "nobody")
    comard = start_comard(user="nobody")
    comard.register("app", with_settings("def start():\n    pass\n", serviceEnvironment={"DB_PASSWORD": "hunter2"}))
    assert "hunter2" in comard.cli("show", "app", user="nobody").stdout
    assert "hunter2" in comard.cli("show", "app").stdout
    other = comard.cli("show", "app", user="daemon")
    assert "DB_PASSWORD (withheld)" in other.stdout and "hunter2" not in other.stdout


def test_show_tells_each_setting_and_where_it_comes_from(comard):
    service = comard.register("app", with_settings(
        "def start():\n    pass\n", serviceRestart="always", serviceNice=3))
    comard.write("/etc/comar/services/app.toml", "nice = 4\nstop_timeout = 2.5\n")
    service.start()
    lines = {line.split()[0]: line for line in comard.cli("show", "app").stdout.splitlines() if line.strip()}
    assert "always" in lines["restart"] and "app.py:" in lines["restart"]
    assert lines["nice"].split()[1] == "4" and "services/app.toml:1" in lines["nice"]
    assert lines["stop_timeout"].split()[1] == "2.5" and "app.toml:2" in lines["stop_timeout"]
    assert "default" in lines["ready_timeout"] and "60" in lines["ready_timeout"]
    assert comard.cli("show", "no-such").returncode != 0


def test_show_tells_the_whole_of_a_long_value(comard):
    variables = {f"NAME_{n}": str(n % 10) * 1000 for n in range(100)}
    comard.register("app", with_settings("def start():\n    pass\n", serviceEnvironment=variables))
    assert json.loads(comard.cli("show", "--json", "app").stdout)["environment"]["value"] == variables
    row, = [line for line in comard.cli("show", "app").stdout.splitlines() if line.startswith("environment ")]
    assert all(value in row for value in variables.values())


def test_show_takes_for_a_probe_what_is_one(comard):
    """Which setting it is tells that, and not how it looks."""
    comard.register("app", with_settings(
        "def start():\n    pass\n", serviceEnvironment={"kind": "tcp", "check": "HEALTHY", "OTHER": "x"},
        serviceReadiness="unix:/run/app", serviceHealth={"check": "tcp:80"}))
    shown = comard.cli("show", "app").stdout
    rows = dict(line.split(maxsplit=1) for line in shown.splitlines() if line.strip())
    assert rows["environment"].startswith('{"OTHER":"x","check":"HEALTHY","kind":"tcp"} ')
    assert rows["readiness"].startswith("unix:/run/app ")
    assert '"check":"tcp:127.0.0.1:80"' in rows["health"]


def test_show_tells_where_all_services_print_to(start_comard):
    comard = start_comard(settings={"log": {"target": "syslog"}})
    comard.register("app", with_settings("def start():\n    pass\n"))
    comard.register("other", with_settings("def start():\n    pass\n", serviceLog="file"))
    rows = {name: dict((line.split()[0], line) for line in comard.cli("show", name).stdout.splitlines() if line.strip())
            for name in ("app", "other")}
    assert "syslog" in rows["app"]["log"] and "comard.toml:2" in rows["app"]["log"]
    assert "file" in rows["other"]["log"] and "other.py:" in rows["other"]["log"]


def test_show_writes_values_as_people_write_them(comard):
    comard.register("app", with_settings("def start():\n    pass\n", serviceRestartLimit="for ever", serviceReadiness="tcp:80",
                                         serviceHealth={"check": "http://localhost/", "every": 5}))
    comard.write("/etc/comar/services/other.toml", 'readiness = "function:is_up"\n')
    comard.register("other", with_settings("def start():\n    pass\n\ndef is_up():\n    return True\n"))
    comard.service("other").start()
    shown = comard.cli("show", "app").stdout
    for value in ("for ever", "tcp:127.0.0.1:80", '"check":"http://localhost/"'):
        assert value in shown
    assert "function:is_up" in comard.cli("show", "other").stdout
