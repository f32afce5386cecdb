# SPDX-License-Identifier: MIT
"""Settings of the service put into effect in this process, before its script runs.

Whatever the script starts, and however, inherits them. Each takes effect, or the call ends with a
Failure that says which did not, and why.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import resource
from typing import Any, Callable, Iterator, Mapping

from comar._call import current
from comar._environment_file import read_environment
from comar._messages import Failure

_NOTIFY_SOCKET, _WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"
_MICROSECONDS = 1_000_000
_OOM_SCORE_ADJ = "/proc/self/oom_score_adj"
_NEEDS = "comard needs {} for that"


def apply_settings() -> None:
    """Applies the settings of the current call, and tells programs where to report."""
    call = current()
    settings, notify_socket = call.settings, call.notify_socket
    if not settings and notify_socket is None:
        return
    call.has_applied_settings = True
    for key, use in EFFECTS:
        if key in settings:
            use(settings[key])
    # What the service sets itself must not lead its programs to somebody else's socket.
    os.environ.pop(_NOTIFY_SOCKET, None)
    if notify_socket is not None:
        os.environ[_NOTIFY_SOCKET] = notify_socket
        if "watchdog" in settings:
            os.environ[_WATCHDOG] = str(max(round(settings["watchdog"] * _MICROSECONDS), 1))


def extra_groups() -> list[int]:
    """Ids of serviceGroups, for programs that run as another user; what runs as us has them."""
    return [_find_group(name) for name in current().settings.get("groups", ())]


@contextlib.contextmanager
def _using(variable: str, value: Any, advice: str) -> Iterator[None]:
    """Turns what the system says against a setting into a Failure."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"cannot use {variable} = {_shown(value)}: {reason}"
        raise Failure(f"{message}; {advice}") from None


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _load_files(paths: list[str]) -> None:
    for path in paths:
        with _using("serviceEnvironmentFile", path, "correct the file or the setting"):
            try:
                os.environ.update(read_environment(path.removeprefix("-")))
            except (FileNotFoundError, NotADirectoryError):
                if not path.startswith("-"):
                    raise


def _set_environment(variables: Mapping[str, str]) -> None:
    # Values may be secrets.
    with _using("serviceEnvironment", sorted(variables), "correct these variables"):
        os.environ.update(variables)


def _set_umask(mask: int) -> None:
    os.umask(mask)


def _join_groups(names: list[str]) -> None:
    """Adds groups to ours. Being in them already needs no right."""
    gids = {_find_group(name) for name in names}
    own = set(os.getgroups())
    if not gids <= own | {os.getegid()}:
        with _using("serviceGroups", names, _NEEDS.format("CAP_SETGID")):
            os.setgroups(sorted(own | gids))


def _find_group(name: str) -> int:
    with _using("serviceGroups", name, "create it (groupadd), or correct the setting"):
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            raise ValueError("there is no such group") from None


def _set_oom_score_adj(score: int) -> None:
    with _using("serviceOomScoreAdj", score, _NEEDS.format("CAP_SYS_RESOURCE")):
        with open(_OOM_SCORE_ADJ, "w", encoding="ascii") as file:
            file.write(str(score))


def _set_niceness(nice: int) -> None:
    with _using("serviceNice", nice, _NEEDS.format("CAP_SYS_NICE")):
        os.setpriority(os.PRIO_PROCESS, 0, nice)


def _set_limits(limits: Mapping[str, list[int]]) -> None:
    advice = _NEEDS.format("CAP_SYS_RESOURCE") + ", and nofile ends at fs.nr_open"
    for name, (soft, hard) in limits.items():
        with _using("serviceLimits", {name: [soft, hard]}, advice):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (soft, hard))


def _enter_directory(path: str) -> None:
    with _using("serviceDirectory", path, "create it, or name another one"):
        os.chdir(path)


# In this order: a variable of serviceEnvironment wins over the files'.
EFFECTS: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("environment_files", _load_files),
    ("environment", _set_environment),
    ("umask", _set_umask),
    ("groups", _join_groups),
    ("oom_score_adj", _set_oom_score_adj),
    ("nice", _set_niceness),
    ("directory", _enter_directory),
    ("limits", _set_limits),
)
