# SPDX-License-Identifier: MIT
"""Other services that a script starts or stops."""

from __future__ import annotations

import sys

from comar._messages import call

_MODEL = "System.Service"


def startDependencies(*services: str) -> None:
    """Starts the services, each in turn, and waits for each. Never raises; warns in the log."""
    _call_each("start", services)


def stopDependencies(*services: str) -> None:
    """Stops the services, each in turn, and waits for each. Never raises; warns in the log."""
    _call_each("stop", services)


def _call_each(method: str, services: tuple[str, ...]) -> None:
    for service in services:
        try:
            call(service, _MODEL, method)
        except Exception as error:
            name = type(error).__name__
            print(f"cannot {method} {service}, going on: {name}: {error}", file=sys.stderr)
