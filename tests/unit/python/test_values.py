# SPDX-License-Identifier: MIT
"""Values on their way to comard and back."""

import json
import math

import pytest

from comar import values
from comar._commands import execReply


@pytest.mark.parametrize("value, encoded", [
    (None, None),
    (True, True),
    (-7, -7),
    (2**64 - 1, 2**64 - 1),
    ("ş", "ş"),
    (1.0, 1.0),
    (float("inf"), {"float": "inf"}),
    (float("-inf"), {"float": "-inf"}),
    ([1, [2]], [1, [2]]),
    (b"\0\xff", {"bytes": "AP8="}),
    ({"a": 1, 2: {}}, {"dict": [["a", 1], [2, {"dict": []}]]}),
    ({"bytes": "x"}, {"dict": [["bytes", "x"]]}),
])
def test_a_value_survives_the_way(value, encoded):
    assert values.encode(value) == encoded
    assert values.decode(json.loads(json.dumps(encoded))) == value


def test_what_python_has_beyond_is_sent_as_what_it_is_like():
    assert values.encode((1, bytearray(b"x"))) == [1, {"bytes": "eA=="}]
    assert json.dumps(values.encode(execReply(3, "out"))) == "3"
    assert values.encode(float("nan")) == {"float": "nan"}
    assert math.isnan(values.decode({"float": "nan"}))


def test_a_whole_float_stays_a_float():
    assert json.dumps(values.encode(2.0)) == "2.0"


@pytest.mark.parametrize("value, error", [
    ({1}, TypeError), (object(), TypeError), ([print], TypeError),
    (2**64, OverflowError), (-(2**63) - 1, OverflowError),
])
def test_what_dbus_cannot_hold_is_refused(value, error):
    with pytest.raises(error, match="cannot send"):
        values.encode(value)


def test_a_value_within_itself_is_refused():
    circle = []
    circle.append(circle)
    with pytest.raises(ValueError, match="nested"):
        values.encode(circle)


@pytest.mark.parametrize("encoded", [
    {}, {"dict": [], "bytes": ""}, {"set": []}, {"dict": [1]}, {"dict": [[[], 1]]},
    {"bytes": "?"}, {"bytes": 3}, {"float": "1"}, {"dict": None},
])
def test_what_is_no_value_is_refused(encoded):
    with pytest.raises(ValueError, match="cannot decode"):
        values.decode(encoded)
