# SPDX-License-Identifier: MIT
"""The optional settings of a service: one row each.

A script sets them as variables (script_settings.py), an administrator in a file (overrides.py), and
both are checked by this table. comard gets them by key, in the one form that normalizing leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from comar.app_names import canonical
from comar.forms import (
    ENVIRONMENT,
    FILES,
    GROUPS,
    PATH,
    SERVICES,
    Form,
    one_of,
    seconds,
    whole_number,
)
from comar.limits import LIMITS, RESTARTS
from comar.probes import HEALTH, READINESS


@dataclass(frozen=True)
class Setting:
    """variable: what a script calls it. key: the name in facts, requests and overrides."""

    variable: str
    key: str
    form: Form


#: Their defaults are comard's: what is not set is not in the facts.
SETTINGS = (
    Setting("serviceRestart", "restart", one_of("no", "on-failure", "always")),
    Setting("serviceRestartDelay", "restart_delay", seconds()),
    Setting("serviceRestartMaxDelay", "restart_max_delay", seconds(above_zero=True)),
    Setting("serviceRestartLimit", "restart_limit", RESTARTS),
    Setting("serviceRestartReset", "restart_reset", seconds()),
    Setting("serviceReadiness", "readiness", READINESS),
    Setting("serviceReadyTimeout", "ready_timeout", seconds(above_zero=True)),
    Setting("serviceHealth", "health", HEALTH),
    Setting("serviceWatchdog", "watchdog", seconds(above_zero=True)),
    Setting("serviceStopTimeout", "stop_timeout", seconds()),
    Setting("serviceKillMode", "kill_mode", one_of("sessions", "all", "none")),
    Setting("serviceEnvironment", "environment", ENVIRONMENT),
    Setting("serviceEnvironmentFile", "environment_files", FILES),
    Setting("serviceDirectory", "directory", PATH),
    Setting("serviceUmask", "umask", whole_number(0, 0o777, "a whole number from 0 to 0o777")),
    Setting("serviceLimits", "limits", LIMITS),
    Setting("serviceNice", "nice", whole_number(-20, 19)),
    Setting("serviceOomScoreAdj", "oom_score_adj", whole_number(-1000, 1000)),
    Setting("serviceGroups", "groups", GROUPS),
    Setting("serviceLog", "log", one_of("file", "journal", "syslog")),
    Setting("serviceRequires", "requires", SERVICES),
    Setting("serviceWants", "wants", SERVICES),
    Setting("serviceAfter", "after", SERVICES),
    Setting("serviceBefore", "before", SERVICES),
    Setting("serviceConflicts", "conflicts", SERVICES),
    Setting("serviceProvides", "provides", SERVICES),
    Setting("serviceRequirementLost", "requirement_lost", one_of("mark", "stop")),
)

#: Keys whose values name other services.
RELATIONS = tuple(each.key for each in SETTINGS if each.form is SERVICES)

BY_VARIABLE = {each.variable: each for each in SETTINGS}
BY_KEY = {each.key: each for each in SETTINGS}


def names_itself(key: str, value: Any, app: str) -> str:
    """What is wrong with a setting of `app` that names the service itself, after the setting's name.

    "": it does not.
    """
    if key not in RELATIONS or canonical(app) not in value:
        return ""
    return f"names {canonical(app)}, which is this service: leave it out"


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong with a setting. line: from 1; 0 when it cannot be told."""

    line: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the protocol."""
        return {"line": self.line, "message": self.message}
