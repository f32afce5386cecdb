# SPDX-License-Identifier: MIT
"""What every call takes besides the arguments of its method."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Callable, Optional, Tuple

from comar.client.errors import Error

Callback = Callable[[str, Optional[Error], Tuple[Any, ...]], object]
"""callback(package, error, results): error is None when all went well, results are empty when not."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How to call."""

    callback: Callback | None = None
    timeout: float | None = None
    """Seconds until we give up; None: never, for comard itself ends calls that take too long."""
    quiet: bool = False
    """No dialogs, whatever link.useAgent() says."""


def options_of(method: str, keywords: Mapping[str, Any]) -> Options:
    """The keywords of a call. `async` is what `callback` was called when Python allowed it."""
    words = dict(keywords)
    if "async" in words and "callback" not in words:
        words["callback"] = words.pop("async")
    unknown = words.keys() - {"callback", "timeout", "quiet"}
    if unknown:
        raise TypeError(f"{method}() got an unexpected keyword argument '{min(unknown)}'")
    options = Options(**words)
    if options.callback is not None and not callable(options.callback):
        raise TypeError(f"{method}() needs a function as callback")
    return options
