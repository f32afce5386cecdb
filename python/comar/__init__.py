# SPDX-License-Identifier: MIT
"""comar, the service manager: the Service API of service scripts, and what runs them.

`comar.service` is what scripts import; `comar.builtins` is what they find without importing.
`comar.Link` is how other programs talk to comard; `comar.client` holds it.
Importing the package itself costs nothing: each module is loaded where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comar.client.errors import Error, PolicyKitError, Unreachable
    from comar.client.link import Link

__version__ = "0.1.0"
__all__ = ["Error", "Link", "PolicyKitError", "Unreachable"]


def __getattr__(name: str) -> Any:
    if name == "Link":
        from comar.client import link as module
    elif name in __all__:
        from comar.client import errors as module    # type: ignore[no-redef]
    else:
        raise AttributeError(f"module 'comar' has no attribute '{name}'")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
