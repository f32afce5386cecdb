# SPDX-License-Identifier: MIT
"""What is measured: each module has a TITLE and measure(bench), which returns rows of the table."""

from figures import boot, call, command, idle, listing, memory, output, restart, start

FIGURES = {
    "call": call,
    "command": command,
    "list": listing,
    "start": start,
    "boot": boot,
    "restart": restart,
    "memory": memory,
    "idle": idle,
    "output": output,
}
