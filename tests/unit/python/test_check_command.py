# SPDX-License-Identifier: MIT
"""The command `check`: what it prints, and how it ends."""

import json

from comar.check import main
from faultless import SERVER


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return str(path)


def test_the_command_is_silent_about_a_faultless_script(tmp_path, capsys):
    assert main([write(tmp_path, "web.py", SERVER)]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_command_tells_errors_like_a_compiler(tmp_path, capsys):
    good = write(tmp_path, "good.py", SERVER)
    bad = write(tmp_path, "bad.py", SERVER.replace("def stop():", "def stop(x):"))
    assert main([good, bad, "/nowhere/none.py"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{bad}:15: error: stop() is called with no arguments, but takes 1 argument",
        "/nowhere/none.py: error: cannot read this script: No such file or directory",
    ]


def test_the_command_succeeds_with_warnings(tmp_path, capsys):
    path = write(tmp_path, "web.py", SERVER + "\ndef reload():\n    print 1\n")
    assert main([path]) == 0
    assert capsys.readouterr().out.startswith(f"{path}:24: warning: brought up to Python 3")


def test_the_command_writes_json(tmp_path, capsys):
    path = write(tmp_path, "web.py", SERVER + "\nprint 1\n")
    assert main(["--json", path]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["file"] == path
    assert report["facts"]["type"] == "server"
    assert "+print(1)" in report["diff"]
    assert [each["line"] for each in report["findings"]] == [23]


def test_the_command_checks_against_other_models(tmp_path, capsys):
    path = write(tmp_path, "web.py", "def setup(): pass\n")
    model = '<node><interface name="A.B"><method name="setup"/></interface></node>'
    write(tmp_path, "m.xml", model)
    assert main(["--model", "A.B", "--models", str(tmp_path), path]) == 0
    assert main(["--model", "A.C", "--models", str(tmp_path), path]) == 2
    assert "A.C" in capsys.readouterr().err


def test_the_command_takes_the_name_of_the_service(tmp_path, capsys):
    text = SERVER + "\ndef ready(): startDependencies('web')\n"
    path = write(tmp_path, "copy.py", text)
    assert main([path]) == 0
    assert capsys.readouterr().out == ""
    assert main(["--app", "web", path]) == 0
    assert "this service" in capsys.readouterr().out


def test_wrong_use_of_the_command_is_2_and_help_is_0(capsys):
    assert main([]) == 2
    assert main(["--help"]) == 0
    assert "usage: comar check" in capsys.readouterr().out
