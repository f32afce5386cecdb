# SPDX-License-Identifier: MIT
"""Environment files, line by line."""

import os
import re

import pytest
from comar._environment_file import LineError, read_environment


@pytest.fixture
def read(tmp_path):
    """The variables of a file with that text."""

    def read_text(text):
        path = tmp_path / "web.env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_environment(str(path))

    return read_text


@pytest.mark.parametrize("text, variables", [
    ("", {}),
    ("\n  \n# A=b\n  ; A=b\n", {}),
    ("A=b", {"A": "b"}),
    ("A=b\nA=c\n", {"A": "c"}),
    ("A=", {"A": ""}),
    ("  A = b c  \r\n", {"A": "b c"}),
    ("export A=b", {"A": "b"}),
    ("export\tA=b", {"A": "b"}),
    ("export=b", {"export": "b"}),
    ("A=b # no comment", {"A": "b # no comment"}),
    ("A=b=c", {"A": "b=c"}),
    ("A=it's", {"A": "it's"}),
    ("A=$HOME\\n", {"A": "$HOME\\n"}),
    ("A='b \"c\" \\ $d'", {"A": 'b "c" \\ $d'}),
    ('A="b \'c\' \\" \\\\ \\$ \\` \\n"', {"A": "b 'c' \" \\ $ ` \\n"}),
    ('A=""', {"A": ""}),
    ("A=b\\\nc\nB=d", {"A": "bc", "B": "d"}),
    ("A=b\\\n\\\nc", {"A": "bc"}),
    ("A=b\\\\\nB=c", {"A": "b\\\\", "B": "c"}),
    ("A=b\\", {"A": "b"}),
    ('A="b\\\n# c"', {"A": "b# c"}),
    ("# A \\\nB=c", {"B": "c"}),
    ("A=b\fc\u2028d", {"A": "b\fc\u2028d"}),
    ("A=ş", {"A": "ş"}),
    (b"A=\xff", {"A": "\udcff"}),
])
def test_lines_set_variables(read, text, variables):
    assert read(text) == variables


@pytest.mark.parametrize("text, line, message", [
    ("A=b\nnonsense", 2, "this is no KEY=value"),
    ("1A=b", 1, "this is no KEY=value"),
    ("A-B=c", 1, "this is no KEY=value"),
    ("=b", 1, "this is no KEY=value"),
    ("export A", 1, "this is no KEY=value"),
    ("A=b\0c", 1, "this is no KEY=value"),
    ('\n\nA="b', 3, "the closing quote is missing"),
    ('A="b\\"', 1, "the closing quote is missing"),
    ("A='b\nc'", 1, "the closing quote is missing"),
    ('A="b" c', 1, "there is something after the closing quote"),
    ("A='b' # c", 1, "there is something after the closing quote"),
    ("A=b\\\nc\nd\\\ne", 3, "this is no KEY=value"),
])
def test_another_line_is_an_error_with_file_and_line(read, tmp_path, text, line, message):
    with pytest.raises(LineError, match=re.escape(f"{tmp_path}/web.env:{line}: {message}") + "$"):
        read(text)


def test_a_secret_is_not_in_the_error(read):
    with pytest.raises(LineError) as caught:
        read('PASSWORD="hunter2')
    assert "hunter2" not in str(caught.value)


def test_many_joined_lines_take_no_time(read):
    assert read("A=" + "\\\n" * 500_000) == {"A": ""}


def test_a_file_is_a_megabyte_at_most(read):
    assert read("#" * (1 << 20)) == {}
    with pytest.raises(OSError, match="larger"):
        read("#" * (1 << 20) + "\n")


def test_only_a_regular_file_is_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        read_environment(str(tmp_path / "fifo"))
    with pytest.raises(FileNotFoundError):
        read_environment(str(tmp_path / "none"))
