# SPDX-License-Identifier: MIT
"""Settings of a service: its file in /etc/conf.d, and the system's environment."""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import Any, Callable, Iterator

from comar._call import Call, current
from comar._files import read_file
from comar._script import namespace

_BASE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

_SETTING = re.compile(r"(?:export\s+)?(?P<key>[A-Za-z_][\w.-]*)\s*=\s*(?P<value>.*)")
_DOUBLE_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE_QUOTED = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
_ESCAPED = re.compile(r'\\(["\\$`])')
_COMMENT = re.compile(r"(?:^|\s)#.*")


class Config(dict[str, str]):
    """The settings of the running service, {name: value}, both text. Read when first looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._loaded_for: Call | None = None
        self._path = ""

    def load(self, filename: str | None = None) -> None:
        """Reads the file anew; see loadConfig()."""
        path = _path_of(filename)
        settings = _read_settings(path)
        super().clear()
        super().update(settings)
        self._loaded_for, self._path = current(), path

    def __missing__(self, key: str) -> str:
        raise KeyError(f"{key} is not set in {self._path}")

    def has_key(self, key: str) -> bool:
        """Older spelling of `key in config`."""
        return key in self

    def _load_once(self) -> None:
        if self._loaded_for is not current():
            self.load()


def _after_loading(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def loaded(self: Config, *args: Any, **keywords: Any) -> Any:
        self._load_once()
        return method(self, *args, **keywords)

    return loaded


# Whatever looks into a dict, or changes it.
for _name in (
    "__contains__ __delitem__ __eq__ __getitem__ __ior__ __iter__ __len__ __ne__ __or__ __repr__ "
    "__reversed__ __ror__ __setitem__ clear copy get items keys pop popitem setdefault update values"
).split():
    setattr(Config, _name, _after_loading(getattr(dict, _name)))
del _name

config = Config()
"""The service's settings: KEY=value lines of /etc/conf.d/<serviceConf>, or of the file there that is
named like the script. `#` starts a comment, quotes are optional, a missing file is an empty dict."""


def loadConfig(filename: str | None = None) -> Config:
    """Reads settings into `config`, in place of what was there, and returns it.

    `filename` is a path, or the name of a file in /etc/conf.d; default: serviceConf of the script,
    or else the script's own name. A missing file reads as empty; a line that is no setting is
    skipped, with a warning in the log. OSError: the file cannot be read or is too large.
    """
    config.load(filename)
    return config


def loadEnvironment() -> None:
    """Puts the exports of /etc/profile.env into the environment, and a sane PATH.

    PATH begins with the system's own folders; those of the file follow. A missing file is an empty
    one. OSError: the file cannot be read or is too large.
    """
    settings = _read_settings(current().request.paths.profile_env)
    path = settings.pop("PATH", os.environ.get("PATH", ""))
    os.environ.update(settings)
    folders = [*_BASE_PATH, *(folder for folder in path.split(":") if folder)]
    os.environ["PATH"] = ":".join(dict.fromkeys(folders))


def _path_of(filename: str | None) -> str:
    if filename is None:
        filename = namespace().get("serviceConf") or current().request.app
    return os.path.join(current().request.paths.conf, filename)


def _read_settings(path: str) -> dict[str, str]:
    settings = {}
    for number, line in enumerate(_read_lines(path), 1):
        if not line or line.startswith("#"):
            continue
        setting = parse_setting(line)
        if setting is None:
            print(f"{path}:{number}: not a setting, ignoring: {line[:80]!r}", file=sys.stderr)
        else:
            settings[setting[0]] = setting[1]
    return settings


def parse_setting(line: str) -> tuple[str, str] | None:
    """(name, value) of a line such as `KEY="value"  # comment`; None when it is no setting."""
    match = _SETTING.fullmatch(line)
    if match is None or "\0" in line:
        return None
    value = _unquote(match["value"])
    return None if value is None else (match["key"], value)


def _unquote(value: str) -> str | None:
    if value.startswith('"'):
        match = _DOUBLE_QUOTED.fullmatch(value)
        return None if match is None else _ESCAPED.sub(r"\1", match["text"])
    if value.startswith("'"):
        match = _SINGLE_QUOTED.fullmatch(value)
        return None if match is None else match["text"]
    return _COMMENT.sub("", value).strip()


def _read_lines(path: str) -> Iterator[str]:
    try:
        text = read_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    # Not splitlines(), which also splits at form feeds and the like.
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        yield line.strip()
