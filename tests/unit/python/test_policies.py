# SPDX-License-Identifier: MIT
"""Which authorization of its own a method wants, read from the text of the script."""

import ast

import pytest
from comar.policies import read_policies

DECORATOR = """
def policy(action):
    def mark(function):
        function.policy_action_id = action
        return function
    return mark
"""


@pytest.mark.parametrize("text, actions", [
    ("def start(): pass\nstart.policy_action_id = 'org.example.start'\n", {"start": "org.example.start"}),
    (DECORATOR + "@policy('a.b')\ndef stop(): pass\n", {"stop": "a.b"}),
    (DECORATOR + "@policy(action='a.b')\ndef stop(): pass\n", {"stop": "a.b"}),
    ("def guarded(f):\n    f.policy_action_id = 'a.b'\n    return f\n@guarded\ndef info(): pass\n", {"info": "a.b"}),
    (DECORATOR + "def start(): pass\n", {}),
    ("@synchronized\ndef start(): pass\n", {}),
])
def test_the_action_of_a_method_is_read(text, actions):
    found = read_policies(ast.parse(text))
    assert found.actions == actions
    assert found.unclear == []


@pytest.mark.parametrize("text, line", [
    ("def start(): pass\nstart.policy_action_id = NAME\n", 2),
    ("def start(): pass\nfor f in (start,):\n    f.policy_action_id = 'a.b'\n", 3),
    (DECORATOR + "@policy(NAME)\ndef stop(): pass\n", 7),
    (DECORATOR + "def stop(): pass\nstop = policy('a.b')(stop)\n", 4),
])
def test_what_only_running_tells_is_unclear(text, line):
    found = read_policies(ast.parse(text))
    assert not found.actions
    assert line in found.unclear
