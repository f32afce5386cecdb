# SPDX-License-Identifier: MIT
"""How a service says that it is ready, and how it is asked whether it is well."""

from __future__ import annotations

import re
import shlex
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from comar.forms import Form, Refused, is_path, is_text, one_of, part, seconds, whole_number
from comar.wording import nearest, shown

Probe = dict[str, Any]

_HOST = "127.0.0.1"
_DEFAULT_FD, _LAST_FD = 3, 1023
_MOST_FAILURES = 1000
_LONGEST_COMMAND = 128 * 1024 - 1
_LONGEST_URL = 2048
# sun_path of unix(7), with its final zero.
_LONGEST_SOCKET = 107

_SCHEME = re.compile(r"(?i)(https?):")
_URL = re.compile(r"[!-~]+")
_TCP = re.compile(r"tcp:(?:(\[[^\[\]]*\]|[^:\[\]]*):)?([0-9]{1,5})")
_FD = re.compile(r"fd(?::([0-9]{1,4}))?")
_WORDS = ("exit", "pidfile", "notify")


@dataclass(frozen=True)
class FunctionName:
    """A function of the script, where a script names it, or an administrator by "function:NAME"."""

    name: str

    def __repr__(self) -> str:
        return self.name


def _readiness(value: Any) -> Probe:
    found = _probe(value)
    if found is None and isinstance(value, str):
        if value in _WORDS:
            return {"kind": value}
        descriptor = _FD.fullmatch(value)
        if descriptor:
            return {"kind": "fd", "fd": _descriptor(descriptor[1])}
        raise Refused(nearest(value, (*_WORDS, "fd")).removeprefix("; "))
    if found is None:
        raise Refused
    return found


def _descriptor(text: str | None) -> int:
    number = _DEFAULT_FD if text is None else int(text)
    if not _DEFAULT_FD <= number <= _LAST_FD:
        raise Refused(f"the descriptor is from {_DEFAULT_FD} to {_LAST_FD}")
    return number


def _check(value: Any) -> Probe:
    found = _probe(value)
    if found is not None:
        return found
    if not is_text(value) or len(value.encode()) > _LONGEST_COMMAND:
        raise Refused
    if value in _WORDS or _FD.fullmatch(value):
        raise Refused("that is for readiness only")
    return {"kind": "command", "command": _command(value)}


def _command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Refused(f"cannot split the command: {error}") from None
    if not words:
        raise Refused("there is no command in it")
    return text


def _probe(value: Any) -> Probe | None:
    """What can tell both readiness and health. None: it is none of these."""
    if isinstance(value, FunctionName):
        return {"kind": "function", "name": value.name}
    if not isinstance(value, str):
        return None
    if value.startswith("function:"):
        raise Refused("write the name of the function itself, without quotes")
    if value.startswith("tcp:"):
        return _tcp(value)
    if value.startswith("unix:"):
        return _unix(value.removeprefix("unix:"))
    return _http(value) if _SCHEME.match(value) else None


def _tcp(text: str) -> Probe:
    match = _TCP.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 1 << 16:
        raise Refused("write tcp:PORT or tcp:HOST:PORT, with a port from 1 to 65535")
    host = _HOST if match[1] in (None, "localhost") else match[1]
    if not _is_address(host):
        raise Refused(f"{shown(host)} is no address such as 127.0.0.1 or [::1]: no name is looked up")
    return {"kind": "tcp", "host": host.strip("[]"), "port": int(match[2])}


def _unix(path: str) -> Probe:
    if not is_path(path) or len(path.encode()) > _LONGEST_SOCKET:
        raise Refused(f"the path of a socket is absolute, {_LONGEST_SOCKET} bytes at most")
    return {"kind": "unix", "path": path}


def _http(text: str) -> Probe:
    if text.lower().startswith("https:"):
        raise Refused("https is not supported: use http on an address of this machine, or a command")
    url = _split(text)
    if url is None:
        raise Refused("write http://HOST:PORT/PATH, in ASCII without spaces")
    host, path = url
    if host != "localhost" and not _is_address(host):
        raise Refused(f"{shown(host)} is no address such as 127.0.0.1 or [::1]: no name is looked up")
    return {"kind": "http", "url": text if path else f"{text}/"}


def _split(text: str) -> tuple[str, bool] | None:
    """Host (with the brackets of IPv6) of a URL, and whether there is a path."""
    try:
        url = urlsplit(text)
        port, name = url.port, url.hostname
    except ValueError:
        return None
    fine = text.startswith("http://") and len(text) <= _LONGEST_URL and _URL.fullmatch(text)
    if not fine or not name or port == 0 or "@" in url.netloc or "#" in text or "\\" in text:
        return None
    if not url.path and url.query:
        return None
    return (f"[{name}]" if ":" in name else name), bool(url.path)


def _is_address(host: str) -> bool:
    is_v6 = host.startswith("[") and host.endswith("]")
    try:
        socket.inet_pton(socket.AF_INET6 if is_v6 else socket.AF_INET, host.strip("[]"))
    except (OSError, ValueError):
        return False
    return True


READINESS = Form(
    '"exit", "pidfile", "notify", "fd:N", "tcp:PORT", "unix:/PATH", "http://HOST/PATH" '
    "or the name of a function",
    _readiness,
)

_CHECK = Form(
    'a command, "http://HOST/PATH", "tcp:PORT", "unix:/PATH" or the name of a function', _check
)

# What serviceHealth may have: its form, and what counts without it.
_HEALTH: dict[str, tuple[Form, Any]] = {
    "check": (_CHECK, None),
    "every": (seconds(above_zero=True), 30),
    "timeout": (seconds(above_zero=True), 10),
    "failures": (whole_number(1, _MOST_FAILURES), 3),
    "then": (one_of("report", "restart"), "report"),
}


def _health(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused
    for key in value:
        if key not in _HEALTH:
            hint = nearest(key, _HEALTH) if isinstance(key, str) else ""
            raise Refused(f"{shown(key)} has no meaning{hint}")
    if "check" not in value:
        raise Refused('"check" is missing')
    return {
        key: part(key, form, value[key]) if key in value else default
        for key, (form, default) in _HEALTH.items()
    }


HEALTH = Form('a dict with "check", and perhaps "every", "timeout", "failures", "then"', _health)
