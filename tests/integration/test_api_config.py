# SPDX-License-Identifier: MIT
"""config and loadEnvironment(), the start-up state, and what a script knows of itself."""

import os
import pathlib

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import doing, service_script

STATES = {"on": "enabled", "off": "disabled", "conditional": "conditional"}

# A service that says GREETING of its settings as its description.
GREETER = service_script("""
    def info():
        return ("server", config.get("GREETING", "nothing"), "off")

    def start():
        config["GREETING"] = "changed"

    def stop():
        pass
    """)


def write_conf(comard, text, name="app"):
    """A file of settings as its bytes are; returns its path."""
    path = pathlib.Path(comard.write(f"/etc/conf.d/{name}", ""))
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def start(comard, told, body, **names):
    """Starts a service "app" whose start() does `body`."""
    comard.register("app", doing(body, told, **names)).start()


def value_of(comard, told, expression, **names):
    """What an expression is in start() of a service "app"."""
    start(comard, told, f"tell({expression})", **names)
    return told.value()


def error_of(comard, body, **names):
    """How start() of a service "app" fails."""
    with pytest.raises(BusError) as caught:
        comard.register("app", doing(body, **names)).start()
    return caught.value


# Settings

SETTINGS = r"""
# PLAIN=commented out
PLAIN=value
  INDENTED = spaced
QUOTED="two words"
SINGLE='$HOME "and" # that'
EMPTY=
EMPTY_TOO=""
COMMENTED=value # but not this
HASH="a # b"   # but not this
URL=http://host/#part
EQUALS=a=b
ESCAPED="say \"hello\" \$you"
UNICODE="günaydın"
WORDS=three plain words
TWICE=first
TWICE=last
export EXPORTED="yes"
"""

READ = {
    "PLAIN": "value", "INDENTED": "spaced", "QUOTED": "two words",
    "SINGLE": '$HOME "and" # that', "EMPTY": "", "EMPTY_TOO": "", "COMMENTED": "value",
    "HASH": "a # b", "URL": "http://host/#part", "EQUALS": "a=b",
    "ESCAPED": 'say "hello" $you', "UNICODE": "günaydın", "WORDS": "three plain words",
    "TWICE": "last", "EXPORTED": "yes",
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "dos"])
def test_settings_are_text_without_quotes_and_comments(comard, told, ends):
    write_conf(comard, SETTINGS.replace("\n", ends))
    assert value_of(comard, told, "dict(config)") == READ


ASKED = {
    'config["PORT"]': "80",
    'config.get("PORT")': "80",
    'config.get("PORT", "none")': "80",
    'config.get("HOST")': None,
    'config.get("HOST", "none")': "none",
    '"PORT" in config': True,
    '"HOST" in config': False,
    '"HOST" not in config': True,
    'config.has_key("PORT")': True,
    'config.has_key("HOST")': False,
    "len(config)": 2,
    "bool(config)": True,
    "sorted(config)": ["NAME", "PORT"],
    "sorted(config.keys())": ["NAME", "PORT"],
    "sorted(config.values())": ["80", "web"],
    "sorted(config.items())": [("NAME", "web"), ("PORT", "80")],
    '"%(NAME)s:%(PORT)s" % config': "web:80",
    "isinstance(config, dict)": True,
}


def test_every_way_to_ask_for_a_setting_works(comard, told):
    write_conf(comard, "PORT=80\nNAME=web\n")
    answers = value_of(comard, told, "[eval(question) for question in ASKED]", ASKED=list(ASKED))
    assert dict(zip(ASKED, answers)) == ASKED


def test_a_setting_that_is_missing_is_a_key_error_that_names_it_and_its_file(comard):
    path = write_conf(comard, "NAME=web\n")
    error = error_of(comard, "config['PORT']")
    assert error.name == "KeyError"
    assert f"PORT is not set in {path}" in error.message


def test_a_missing_setting_can_be_caught(comard, told):
    start(comard, told, """
        try:
            tell(config["PORT"])
        except KeyError:
            tell("default")
        """)
    assert told.value() == "default"


def test_a_missing_file_is_an_empty_dict(comard, told):
    assert not (comard.place.root / "etc/conf.d").exists()
    assert value_of(comard, told, "[dict(config), config.get('A', 'none')]") == [{}, "none"]


def test_the_file_is_named_like_the_script(comard, told):
    write_conf(comard, "A=mine\n")
    write_conf(comard, "A=another's\n", "other")
    assert value_of(comard, told, "config['A']") == "mine"


def test_service_conf_names_another_file(comard, told):
    write_conf(comard, "A=of the name\n")
    write_conf(comard, "A=of serviceConf\n", "web.conf")
    assert value_of(comard, told, "config['A']", serviceConf="web.conf") == "of serviceConf"


def test_an_edited_file_counts_from_the_next_call_on(comard):
    path = write_conf(comard, "GREETING=hello\n")
    service = comard.register("app", GREETER)
    assert service.info()[1] == "hello"
    write_conf(comard, "GREETING=hullo\n")
    assert service.info()[1] == "hullo"
    os.unlink(path)
    assert service.info()[1] == "nothing"


def test_what_a_script_changes_in_config_is_gone_with_the_call(comard):
    path = write_conf(comard, "GREETING=hello\n")
    service = comard.register("app", GREETER)
    service.start()
    assert service.info()[1] == "hello"
    assert pathlib.Path(path).read_text() == "GREETING=hello\n"


def test_what_a_script_changes_in_config_stays_for_the_call(comard, told):
    write_conf(comard, "A=1\nB=2\n")
    start(comard, told, """
        config["A"] = "changed"
        del config["B"]
        tell(config.get("A"))
        tell(dict(config))
        """)
    assert told.value() == "changed"
    assert told.value() == {"A": "changed"}


def test_code_at_module_level_reads_settings(comard, told):
    write_conf(comard, "PORTS=[80, 443]\n")
    service = comard.register("app", service_script("""
        PORTS = eval(config.get("PORTS", "[]"))

        def start():
            tell(PORTS)

        def stop():
            pass
        """, told=told))
    service.start()
    assert told.value() == [80, 443]


def test_other_files_can_be_loaded_in_place_of_the_own(comard, told):
    write_conf(comard, "A=own\nB=own\n")
    other = write_conf(comard, "A=other\n", "other")
    start(comard, told, """
        tell(dict(loadConfig("other")))
        tell(dict(config))
        tell(dict(loadConfig()))
        tell(dict(loadConfig(OTHER)))
        tell(dict(loadConfig("missing")))
        """, OTHER=other)
    own = {"A": "own", "B": "own"}
    assert [told.value() for _ in range(5)] == [{"A": "other"}, {"A": "other"}, own, {"A": "other"}, {}]


def test_a_line_that_is_no_setting_is_skipped_and_told_in_the_log(comard, told):
    path = write_conf(comard, 'A=1\n[section]\nB="never closed\nC=3\n')
    assert value_of(comard, told, "dict(config)") == {"A": "1", "C": "3"}
    log = comard.service_log("app")
    assert f"{path}:2: not a setting, ignoring: '[section]'" in log
    assert f"{path}:3: not a setting" in log
    assert log.count("not a setting") == 2


def make_fifo(path):
    os.mkfifo(path)


def make_huge(path):
    path.touch()
    os.truncate(path, 1 << 30)


@pytest.mark.parametrize("make, words", [
    (make_fifo, "not a regular file"), (make_huge, "larger than"), (pathlib.Path.mkdir, "directory"),
], ids=["fifo", "huge", "folder"])
def test_what_is_no_file_of_settings_ends_the_call_and_is_named(comard, make, words):
    path = pathlib.Path(write_conf(comard, ""))
    path.unlink()
    make(path)
    error = error_of(comard, "config.get('A')")
    assert error.name in ("OSError", "IsADirectoryError")
    assert words in error.message
    assert str(path) in error.message


def test_bytes_that_are_no_text_come_through(comard, told):
    write_conf(comard, b"A=\xfe\xff\n")
    assert value_of(comard, told, "os.fsencode(config['A'])") == b"\xfe\xff"


@pytest.mark.parametrize("status", ["", "def status():\n    return False\n"],
                         ids=["without status()", "with status()"])
def test_services_that_are_listed_together_have_their_own_settings(comard, status):
    for app in ("one", "two", "three"):
        comard.register(app, f'{GREETER}\nserviceDesc = config.get("NAME", "nameless")\n{status}')
        write_conf(comard, f"NAME=number {app}\n", app)
    os.unlink(comard.place.root / "etc/conf.d/three")
    rows = {row["name"]: row["description"] for row in comard.bus.list_services()}
    assert rows == {"one": "number one", "three": "nameless", "two": "number two"}


# The environment

PROFILE = """\
# made by env-update, do not edit
export EDITOR='/usr/bin/nano -w'
export EMPTY=''
export PATH='/opt/x/bin:/usr/bin'
"""
SANE = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]


def test_load_environment_exports_to_the_script_and_to_what_it_starts(comard, told):
    comard.write("/etc/profile.env", PROFILE)
    start(comard, told, """
        tell(os.environ.get("EDITOR"))
        loadEnvironment()
        tell([os.environ["EDITOR"], os.environ["EMPTY"], os.environ["PATH"]])
        tell(run("printenv EDITOR PATH").stdout)
        """)
    path = ":".join([*SANE, "/opt/x/bin"])
    assert told.value() is None
    assert told.value() == ["/usr/bin/nano -w", "", path]
    assert told.value() == f"/usr/bin/nano -w\n{path}\n"


def test_a_detached_program_gets_the_loaded_environment(comard, told):
    comard.write("/etc/profile.env", PROFILE)
    service = comard.register("app", service_script("""
        def start():
            loadEnvironment()
            startService("/bin/sh", ["-c", "echo $$ $EDITOR > " + TOLD], detach=True)

        def stop():
            pass
        """, told=told))
    service.start()
    pid, _, editor = told.line().partition(" ")
    assert editor == "/usr/bin/nano -w"
    Process(int(pid)).wait_gone()


def test_without_profile_env_the_path_is_sane(comard, told):
    start(comard, told, """
        os.environ["PATH"] = "/opt/own/bin::/bin"
        loadEnvironment()
        tell(os.environ["PATH"].split(":"))
        """)
    assert told.value() == [*SANE, "/opt/own/bin"]


def test_what_load_environment_has_loaded_is_gone_with_the_call(comard, told):
    comard.write("/etc/profile.env", PROFILE)
    service = comard.register("app", service_script("""
        def start():
            loadEnvironment()
            os.environ["OWN"] = "1"

        def reload():
            tell([os.environ.get("EDITOR"), os.environ.get("OWN"), "/opt" in os.environ["PATH"]])

        def stop():
            pass
        """, told=told))
    service.start()
    service.reload()
    assert told.value() == [None, None, False]


# The start-up state

def state_files(comard):
    """The folders of start-up states in which "app" has a file."""
    folder = comard.place.root / "etc/mudur/services"
    return [state for state, name in STATES.items() if (folder / name / "app").exists()]


def test_is_on_tells_what_the_administrator_has_chosen(comard, told):
    service = comard.register("app", doing("tell(is_on())", told))
    service.start()
    assert told.value() == "off"
    for state in STATES:
        service.set_state(state)
        service.start()
        assert told.value() == state


def test_is_on_tells_it_to_status_too(comard):
    service = comard.register("app", service_script("""
        def start():
            pass

        def stop():
            pass

        def status():
            return is_on() == "conditional"
        """))
    service.set_state("on")
    assert service.state == "stopped"
    service.set_state("conditional")
    assert service.state == "conditional_started"


@pytest.mark.parametrize("state", STATES)
def test_a_script_that_sets_its_state_records_and_announces_it(comard, told, state):
    service = comard.register("app", doing("setState(STATE)\ntell(is_on())", told, STATE=state))
    service.set_state("off" if state == "on" else "on")
    changed = comard.signals()
    service.start()
    assert told.value() == state
    assert changed.all() == [("app", state)]
    assert state_files(comard) == [state]


@pytest.mark.parametrize("state", ["'onn'", "''", "None", "'started'", "['on']"])
def test_a_state_that_does_not_exist_fails_and_says_which_do(comard, state):
    service = comard.register("app", doing(f"setState({state})"))
    service.set_state("conditional")
    changed = comard.signals()
    with pytest.raises(BusError) as caught:
        service.start()
    assert caught.value.name == "Exception"
    assert state in caught.value.message
    assert "on, off or conditional" in caught.value.message
    assert state_files(comard) == ["conditional"]
    assert changed.all() == []


def unchosen(comard, told, body):
    """A service whose default is "on", about which nobody has decided by now."""
    service = comard.register("app", doing(body, told, serviceDefault="on"))
    os.unlink(comard.place.root / "etc/mudur/services/enabled/app")
    return service


def test_register_state_applies_the_default_where_nobody_has_chosen(comard, told):
    service = unchosen(comard, told, "registerState()\ntell(is_on())")
    changed = comard.signals()
    service.start()
    assert told.value() == "on"
    assert state_files(comard) == ["on"]
    assert changed.all() == [("app", "on")]


def test_register_state_leaves_a_disabled_service_alone(comard, told):
    service = unchosen(comard, told, "registerState()\ntell(is_on())")
    service.set_state("off")
    service.start()
    assert told.value() == "off"
    assert state_files(comard) == ["off"]


def test_register_state_respects_what_the_script_itself_has_chosen(comard, told):
    service = unchosen(comard, told, "setState('off')\nregisterState()\ntell(is_on())")
    service.start()
    assert told.value() == "off"
    assert state_files(comard) == ["off"]


# What a script knows of itself

def test_a_script_knows_its_name_and_who_calls_what(comard, told):
    comard.register("my-app", service_script("""
        def reload():
            tell([script(), package(), model()])
            tell([bus_path(), bus_interface(), bus_member(), bus_sender()])

        def stop():
            pass

        def start():
            pass
        """, told=told))
    comard.bus.service("my_app").reload()
    assert told.value() == ["my_app", "my_app", "System.Service"]
    assert told.value() == ["/package/my_app", "tr.org.pardus.comar.System.Service", "reload",
                            comard.bus.unique_name]


def test_a_script_of_another_model_knows_that_model(comard, told):
    comard.register("fw", f"""
        def getState():
            with open("{told}", "w") as mailbox:
                mailbox.write(repr([model(), bus_interface(), bus_member()]) + "\\n")
            return "on"
        """, model="Network.Firewall")
    interface = "tr.org.pardus.comar.Network.Firewall"
    assert comard.bus.call("/package/fw", interface, "getState") == "on"
    assert told.value() == ["Network.Firewall", interface, "getState"]


def test_a_script_knows_where_comar_keeps_its_things(comard, told):
    start(comard, told, """
        tell([config_datapath(), config_interface()])
        tell(os.path.exists(config_modelbase() + "/System.Service.xml"))
        """)
    assert told.value() == [f"{comard.root}/var/lib/comar", "tr.org.pardus.comar"]
    assert told.value() is True


def test_builtins_are_there_before_the_import(comard, told):
    service = comard.register("app", f"""
        serviceType = "server"
        serviceDesc = _({{"en": "Server of " + script()}})
        PATH = bus_path()

        from comar.service import *

        def start():
            open("{told}", "w").write(PATH + "\\n")

        def stop():
            pass
        """)
    assert service.info()[1] == "Server of app"
    service.start()
    assert told.line() == "/package/app"


def test_the_running_script_is_the_module_csl(comard, told):
    write_conf(comard, "")
    start(comard, told, """
        import csl
        from csl import GREETING
        csl.GREETING = "changed"
        tell([GREETING, globals()["GREETING"], csl.start is start, csl.serviceType])
        """, GREETING="hello")
    assert told.value() == ["hello", "changed", True, "server"]


def test_a_module_of_several_scripts_reaches_the_one_that_runs(comard, told):
    library = os.path.dirname(comard.write("/lib/helper.py", """
def greeting():
    import csl
    return csl.GREETING
"""))
    for app in ("one", "two"):
        comard.register(app, doing("""
            import sys
            sys.path.insert(0, LIBRARY)
            import helper
            tell(helper.greeting())
            """, told, LIBRARY=library, GREETING=app))
    for app in ("one", "two", "one"):
        comard.service(app).start()
        assert told.value() == app


MODULES = ["os", "signal", "time", "subprocess", "shlex", "socket", "fcntl", "termios", "pwd", "grp"]
FUNCTIONS = ["startService", "stopService", "isServiceRunning", "checkDaemon", "run", "config",
             "loadConfig", "loadEnvironment", "startDependencies", "stopDependencies", "is_on",
             "waitBus", "execReply", "FileLock", "synchronized", "setState", "registerState",
             "info", "ready"]


def test_the_star_import_brings_modules_and_functions(comard, told):
    start(comard, told, """
        tell([globals()[name].__name__ for name in MODULES])
        tell([name for name in FUNCTIONS if name not in globals()])
        """, MODULES=MODULES, FUNCTIONS=FUNCTIONS)
    assert told.value() == MODULES
    assert told.value() == []


def test_the_modules_of_the_star_import_can_be_used(comard, told):
    start(comard, told, """
        tell(subprocess.Popen(["echo", "hi"], stdout=subprocess.PIPE, text=True).communicate()[0])
        tell([os.getuid() == pwd.getpwnam("root").pw_uid, grp.getgrgid(0).gr_name])
        tell([shlex.split("a 'b c'"), int(signal.SIGTERM), fcntl.LOCK_EX, time.time() > 0])
        tell(os.system("exit 3") >> 8)
        """)
    assert told.value() == "hi\n"
    assert told.value() == [True, "root"]
    assert told.value() == [["a", "b c"], 15, 2, True]
    assert told.value() == 3
