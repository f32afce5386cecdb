# SPDX-License-Identifier: MIT
"""The methods that a script has without defining them, and the start-up state."""

from __future__ import annotations

from typing import Any

from comar import _script
from comar._call import current
from comar._messages import ask, fail, translate

_STARTUP_STATES = ("on", "off", "conditional")

# What info() says: (running, not running, unknown) for each start-up state.
_STATES = {
    "on": ("on", "stopped", "on"),
    "off": ("started", "off", "off"),
    "conditional": ("conditional_started", "conditional_stopped", "conditional"),
}


class Missing(Exception):
    """The script does not define the method."""


def info() -> tuple[str, str, str]:
    """Returns (serviceType, serviceDesc, state) of the service.

    The description is in the caller's language. The state combines the start-up state with whether
    the service runs: what status() says, or without one what comard knows:

        start-up state   running               not running           not known
        on               on                    stopped               on
        off              started               off                   off
        conditional      conditional_started   conditional_stopped   conditional
    """
    service_type = _script.namespace().get("serviceType", "local")
    return str(service_type), description(), _state()


def ready() -> None:
    """Calls start() when the start-up state is on: what happens at boot."""
    if is_on() == "on":
        start = _script.function("start")
        if start is None:
            raise Missing(f"{current().request.app} does not define start()")
        start()


def setState(state: str) -> None:
    """Sets the start-up state, "on", "off" or "conditional", and emits Changed(service, state).

    Anything else fails.
    """
    if state not in _STARTUP_STATES:
        fail(f"unknown start-up state {state!r}: it is on, off or conditional")
    ask({"op": "set_state", "state": state})
    service = current().request.service
    service.startup, service.chosen = state, True


def registerState() -> None:
    """Applies serviceDefault of the script, unless an administrator has chosen a state already."""
    default = _script.namespace().get("serviceDefault")
    if default is not None and not current().request.service.chosen:
        setState(default)


def is_on() -> str:
    """Returns the start-up state: "on", "off" or "conditional"."""
    return current().request.service.startup


def description() -> str:
    """serviceDesc in the caller's language, whether the script has translated it or not."""
    return str(translate(_script.namespace().get("serviceDesc", "")))


METHODS: dict[str, Any] = {
    "info": info,
    "ready": ready,
    "registerState": registerState,
    "setState": setState,
}
"""The default methods of model System.Service."""


def _state() -> str:
    running, stopped, unknown = _STATES.get(is_on(), _STATES["off"])
    runs = _runs()
    return unknown if runs is None else running if runs else stopped


def _runs() -> bool | None:
    status = _script.function("status")
    return current().request.service.running if status is None else bool(status())
