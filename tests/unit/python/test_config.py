# SPDX-License-Identifier: MIT
"""Settings in /etc/conf.d, and /etc/profile.env."""

import os
import sys

import pytest

from comar import _config
from comar._call import Paths
from comar._config import Config, loadConfig, loadEnvironment, parse_setting


@pytest.mark.parametrize("line, setting", [
    ("KEY=value", ("KEY", "value")),
    ("KEY=", ("KEY", "")),
    ("KEY = value ", ("KEY", "value")),
    ("export KEY=value", ("KEY", "value")),
    ("KEY=two words", ("KEY", "two words")),
    ("KEY=a=b", ("KEY", "a=b")),
    ('KEY="quoted"', ("KEY", "quoted")),
    ("KEY='quoted'", ("KEY", "quoted")),
    ('KEY="a \\"b\\" \\$c \\n"', ("KEY", 'a "b" $c \\n')),
    ("KEY='a \"b\" \\'", ("KEY", 'a "b" \\')),
    ('KEY="it\'s" # why', ("KEY", "it's")),
    ("KEY='#1'# why", ("KEY", "#1")),
    ('KEY=""', ("KEY", "")),
    ("KEY=value # why", ("KEY", "value")),
    ("KEY=http://x/#part", ("KEY", "http://x/#part")),
    ("KEY= # nothing", ("KEY", "")),
    ("a-b.c_1=x", ("a-b.c_1", "x")),
    ("KEY=ş", ("KEY", "ş")),
])
def test_a_setting_is_read(line, setting):
    assert parse_setting(line) == setting


@pytest.mark.parametrize("line", [
    "KEY", "=value", "two words=x", "1KEY=x", 'KEY="open', "KEY='open", 'KEY="a" b', 'KEY="a"b',
    "KEY=a\0b", "export", "[section]", 'KEY="a\\"',
])
def test_anything_else_is_no_setting(line):
    assert parse_setting(line) is None


@pytest.fixture
def conf(inside, tmp_path, monkeypatch):
    """Writes the file of service "web"; the script is not loaded."""
    monkeypatch.delitem(sys.modules, "csl", raising=False)
    inside(app="web", paths=Paths(conf=str(tmp_path), profile_env=str(tmp_path / "profile.env")))

    def write(text, name="web"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


USES = {
    "[]": lambda config: config["A"] == "1",
    "get": lambda config: config.get("A") == "1",
    "in": lambda config: "A" in config,
    "has_key": lambda config: config.has_key("A"),
    "len": lambda config: len(config) == 2,
    "bool": bool,
    "iter": lambda config: list(config) == ["A", "B"],
    "keys": lambda config: list(config.keys()) == ["A", "B"],
    "values": lambda config: list(config.values()) == ["1", "2"],
    "items": lambda config: list(config.items()) == [("A", "1"), ("B", "2")],
    "==": lambda config: config == {"A": "1", "B": "2"},
    "!=": lambda config: not config != {"A": "1", "B": "2"},
    "dict": lambda config: dict(config) == {"A": "1", "B": "2"},
    "**": lambda config: dict(**config) == {"A": "1", "B": "2"},
    "|": lambda config: config | {} == {"A": "1", "B": "2"},
    "copy": lambda config: config.copy() == {"A": "1", "B": "2"},
    "%": lambda config: "%(A)s" % config == "1",
    "format": lambda config: "{A}".format_map(config) == "1",
    "repr": lambda config: repr(config) == "{'A': '1', 'B': '2'}",
    "pop": lambda config: config.pop("A") == "1",
    "setdefault": lambda config: config.setdefault("A", "0") == "1",
}


@pytest.mark.parametrize("use", USES)
def test_whatever_is_done_with_it_first_it_is_there(conf, use):
    conf("A=1\n\n# B=0\nB=2\n")
    config = Config()
    assert isinstance(config, dict)
    assert USES[use](config)


def test_a_change_stays_until_it_is_read_anew(conf):
    conf("A=1\n")
    config = _config.config
    config["A"] = "changed"
    config["C"] = "new"
    assert config == {"A": "changed", "C": "new"}
    assert loadConfig() is config
    assert config == {"A": "1"}


def test_a_setting_that_is_missing_is_named_with_its_file(conf):
    path = conf("A=1\n")
    with pytest.raises(KeyError, match=f"B is not set in {path}"):
        Config()["B"]
    assert Config().get("B") is None


def test_another_file_can_be_read(conf, tmp_path):
    conf("A=1\n")
    conf("A=other\n", "other")
    assert loadConfig("other") == {"A": "other"}
    assert loadConfig(str(tmp_path / "web")) == {"A": "1"}
    assert loadConfig("missing") == {}
    assert loadConfig("web/missing") == {}


def test_service_conf_names_the_file(comard):
    with open(os.path.join(comard.paths["conf"], "web.conf"), "w") as file:
        file.write("PORT=80\n")
    script = """
        from comar.service import *
        serviceConf = "web.conf"
        PORT = eval(config.get("PORT", "1")) + 1
        def start(): return [PORT, config.has_key("PORT"), config.get("X", "no")]
        """
    assert comard.value(script) == [81, True, "no"]


def test_a_bad_line_is_skipped_and_told(conf, capsys):
    path = conf('A=1\nnonsense\n# fine\nB="open\nC=3\r\n')
    assert dict(loadConfig()) == {"A": "1", "C": "3"}
    assert capsys.readouterr().err.splitlines() == [
        f"{path}:2: not a setting, ignoring: 'nonsense'",
        f"{path}:4: not a setting, ignoring: 'B=\"open'",
    ]


def test_bytes_that_are_not_utf_8_survive(conf):
    conf(b"A=\xff\n")
    assert os.fsencode(loadConfig()["A"]) == b"\xff"


def test_a_huge_file_or_no_file_at_all_is_an_error(conf, tmp_path):
    conf(b"A" * ((1 << 20) + 1))
    with pytest.raises(OSError, match="larger than"):
        loadConfig()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        loadConfig("fifo")
    with pytest.raises(OSError):
        loadConfig(str(tmp_path))


def test_an_error_is_told_again_at_the_next_use(conf):
    conf(b"A" * ((1 << 20) + 1))
    config = Config()
    for _ in range(2):
        with pytest.raises(OSError):
            config.get("A")


def test_the_systems_environment_is_loaded(conf, monkeypatch):
    conf("# made by env-update\nexport EDITOR='/usr/bin/nano -w'\nexport PATH='/opt/x/bin:/usr/bin'\n",
         "profile.env")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("EDITOR", raising=False)
    loadEnvironment()
    assert os.environ["EDITOR"] == "/usr/bin/nano -w"
    assert os.environ["PATH"] == (
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/x/bin"
    )
    monkeypatch.delenv("EDITOR")


def test_without_that_file_there_is_a_sane_path(conf, monkeypatch):
    monkeypatch.setenv("PATH", "/own/bin")
    loadEnvironment()
    assert os.environ["PATH"].split(":")[-2:] == ["/bin", "/own/bin"]
