# SPDX-License-Identifier: MIT
"""Whether the scripts of tests/data/field are like those in the field, and test_field.py tries all of them."""

import json
import re
import subprocess

import pytest

from support.census import census
from support.field import SCRIPTS, canonical
from support.field_table import COMMON, TABLE
from support.place import BUILD

# The census of SPEC.md, section 6: what of it is how often in 206 scripts.

CENSUS = {
    "startService()": 220, "stopService()": 242, "isServiceRunning()": 208,
    "isServiceRunning(pidfile)": 149, "config.get()": 251, "run()": 77, "fail()": 72, "os.system()": 42,
    "startDependencies()": 27, "notify()": 14, "script()": 10, "loadEnvironment()": 9, "is_on()": 9,
    "call()": 7,
    "startService command": 218, "startService donotify": 198, "startService args": 167,
    "startService pidfile": 136, "startService detach": 49, "startService makepid": 38,
    "startService chuid": 18, "startService nice": 2, "startService misspelled": 2,
    "stopService donotify": 219, "stopService pidfile": 178, "stopService command": 71,
    "stopService args": 37, "stopService signalno": 5, "stopService signal": 4, "stopService chuid": 4,
    "def reload": 39, "def ready": 15, "def start(boot)": 3, "def restart": 2, "@synchronized": 402,
    "type server": 120, "type local": 82, "type script": 2,
    "default off": 45, "default on": 32, "default conditional": 10, "serviceConf": 72,
    "language en": 250, "language tr": 248,
    "os without import": 11, "file()": 12,
}
CENSUS_SCRIPTS = 206
WITHOUT_A_NUMBER = ("fail(dict)", "fail(_)", "eval(config.get())", "config at module level",
                    "message at module level", "several programs", "Python 2")
OFTEN = 10    # what is expected that often must be there about that often


@pytest.fixture(scope="module")
def counts():
    """The census of our scripts. `comar check` tells what they are in Python 3."""
    command = [BUILD / "bin/comar", "check", "--json", *(field.source for field in TABLE)]
    reports = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return census([(field.text, report["text"]) for field, report in zip(TABLE, reports)])


def test_all_that_scripts_in_the_field_use_is_used_here(counts):
    assert [construct for construct in (*CENSUS, *WITHOUT_A_NUMBER) if not counts[construct]] == []


def test_what_is_common_in_the_field_is_about_as_common_here(counts):
    expected = {construct: number * len(TABLE) / CENSUS_SCRIPTS for construct, number in CENSUS.items()}
    odd = {construct: (counts[construct], number) for construct, number in expected.items()
           if number >= OFTEN and not number / 2 <= counts[construct] <= number * 2}
    assert odd == {}, "(how often here, how often in the field)"


# The table.

def test_the_table_has_all_scripts():
    assert sorted(field.name for field in TABLE) == sorted(path.stem for path in SCRIPTS.glob("*.py"))
    assert len(TABLE) >= 60


def test_the_table_tells_what_each_reload_does():
    assert {field.name for field in TABLE if field.defines("reload")} == {
        field.name for field in TABLE if field.reload}


def test_no_script_reaches_a_program_of_this_machine():
    programs = [each for field in TABLE for each in field.programs] + list(COMMON)
    provided = {canonical(each.path) for each in programs} | {canonical("/bin/sh")}
    for field in TABLE:
        for path in re.findall(r"(?<![\w/])/(?:usr/)?(?:s?bin|libexec)/[\w.-]+", field.text):
            # Of "/usr/sbin/bacula-%s" only the beginning is written there, of java only the end.
            is_provided = any(each.startswith(canonical(path)) or each.endswith(path) for each in provided)
            assert is_provided, f"{field.name} would run {path}"


def test_a_script_with_its_own_ready_is_tried_in_all_states_that_matter():
    assert {field.name for field in TABLE if field.defines("ready")} == {
        field.name for field in TABLE if field.ready}
    for field in TABLE:
        assert not field.ready or {"on", "conditional"} <= field.ready.keys()
