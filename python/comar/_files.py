# SPDX-License-Identifier: MIT
"""Files that people write: bounded in size, and nothing that could keep us waiting."""

from __future__ import annotations

import errno
import os
import stat
from typing import Callable

LARGEST_BYTES = 1 << 20


def read_file(path: str, inspect: Callable[[os.stat_result], None] | None = None) -> bytes:
    """All of a regular file. OSError: it is something else, cannot be read, or is too large.

    `inspect` looks at the file before it is read, and raises what it likes.
    """
    with open(path, "rb", opener=_open_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        if inspect is not None:
            inspect(status)
        text = file.read(LARGEST_BYTES + 1)
    if len(text) > LARGEST_BYTES:
        raise OSError(errno.EFBIG, f"larger than {LARGEST_BYTES} bytes", path)
    return text


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
