# SPDX-License-Identifier: MIT
"""Limits of resources (getrlimit(2)), and of restarts."""

from __future__ import annotations

from typing import Any

from comar.forms import Form, Refused, part, seconds, whole_number
from comar.wording import nearest, shown

_UNLIMITED = -1
_LARGEST = (1 << 63) - 1
_MOST_RESTARTS = 10_000
#: What a worker needs itself, which is under the limits of what it starts.
_LEAST_FILES = 16

#: Names as of resource.RLIMIT_*, in lower case.
RESOURCES = tuple(
    "nofile core nproc memlock as cpu data fsize stack rss rtprio nice sigpending msgqueue".split()
)


def _limits(value: Any) -> dict[str, list[int]]:
    if not isinstance(value, dict):
        raise Refused
    for name in value:
        if name not in RESOURCES:
            hint = nearest(name, RESOURCES) if isinstance(name, str) else ""
            raise Refused(f"{shown(name)} is no resource{hint or ': ' + ', '.join(RESOURCES)}")
    limits = {name: part(name, _LIMIT, limit) for name, limit in value.items()}
    files = limits.get("nofile", [_UNLIMITED])[0]
    if files != _UNLIMITED and files < _LEAST_FILES:
        raise Refused(f"with nofile {files} comar itself cannot run the script: give it {_LEAST_FILES} or more")
    return limits


def _limit(value: Any) -> list[int]:
    pair = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(pair) != 2:
        raise Refused
    soft, hard = (_bound(each) for each in pair)
    if hard != _UNLIMITED and not _UNLIMITED < soft <= hard:
        raise Refused("the soft limit is above the hard one")
    return [soft, hard]


def _bound(value: Any) -> int:
    if value == "unlimited":
        return _UNLIMITED
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise Refused
    return value


def _restarts(value: Any) -> list[Any] | None:
    if value == "for ever":
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise Refused
    count, within = value
    return [
        part("count", whole_number(1, _MOST_RESTARTS), count),
        part("seconds", seconds(above_zero=True), within),
    ]


_LIMIT = Form('a whole number from 0, (soft, hard) or "unlimited"', _limit)
LIMITS = Form("a dict of resources to limits", _limits)
RESTARTS = Form('(count, seconds) or "for ever"', _restarts)
