# SPDX-License-Identifier: MIT
"""comar, the service manager: the Service API of service scripts, and what runs them.

`comar.service` is what scripts import; `comar.builtins` is what they find without importing.
Importing the package itself costs nothing: each module is loaded where it is used.
"""

__version__ = "0.1.0"
