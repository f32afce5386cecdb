# SPDX-License-Identifier: MIT
"""waitBus()."""

from __future__ import annotations

import socket
import time


def waitBus(unix_name: str, timeout: float = 5, wait: float = 0.1, stream: bool = True) -> bool:
    """Waits until somebody accepts connections at a Unix socket.

    Arguments:
        unix_name: path of the socket; "@name" is one in the abstract name space.
        timeout: seconds until we give up; a string of digits will do, as `config` has it.
        wait: seconds between two attempts.
        stream: a stream socket; False: a datagram socket.

    Returns True as soon as one connection was made, False when none was in that time.
    """
    deadline = time.monotonic() + float(timeout)
    while not _accepts(unix_name, stream, max(deadline - time.monotonic(), wait)):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(wait, left))
    return True


def _accepts(unix_name: str, stream: bool, seconds: float) -> bool:
    address = "\0" + unix_name[1:] if unix_name.startswith("@") else unix_name
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as client:
        # A listener whose queue is full holds up connect().
        client.settimeout(seconds)
        try:
            client.connect(address)
        except OSError:
            return False
    return True
