# SPDX-License-Identifier: MIT
"""What is measured: each module has a TITLE and measure(bench), which returns rows of the table."""

from figures import call, command, listing, memory, output, start

FIGURES = {
    "call": call,
    "command": command,
    "list": listing,
    "start": start,
    "memory": memory,
    "output": output,
}
