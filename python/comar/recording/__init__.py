# SPDX-License-Identifier: MIT
"""A dry run: what a method of a script would do, without doing it.

The script really runs, in a process of its own that can change nothing:

1. kernel.py takes it away what the kernel can take: file systems for writing, capabilities, and all
   system calls that change something.
2. api.py, processes.py, files.py and surroundings.py put functions in place of the real ones that
   record what would be done in a Journal, and succeed, so that the script goes on.
3. guard.py ends the recording, with an entry that says why, at whatever changes something and did
   not come by there.
4. It has no connection to comard, and no descriptor but a pipe to the worker, which takes what comes
   through that as text and no more, and kills the process when its time is over.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from comar import _native
from comar._call import Call, Request, begin
from comar.connection import move_high
from comar.recording.journal import DONE, MOST_ENTRIES, THE_END

#: Of real time. A dry run waits for nothing.
MOST_REAL_SECONDS = 20.0

_LARGEST_ANSWER = 8 << 20
_CHUNK_BYTES = 1 << 16


def record(message: Mapping[str, Any]) -> dict[str, Any]:
    """What `method` of a script would do: `entries`, and how sure it is that nothing was done.

    Answers the `record` of docs/protocol.md. To be called in a worker that has no other call.
    """
    request = Request.parse(message)
    # The child is a copy of us; nothing of this call's may go with it.
    begin(Call(Request()))
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _run_in_child(request, theirs)
    os.close(theirs)
    seconds = min(request.seconds, MOST_REAL_SECONDS)
    try:
        lines, ended = _read(ours, time.monotonic() + seconds)
    finally:
        os.close(ours)
        code = _end(child)
    answer = _parsed(lines)
    if not ended:
        answer["entries"].append(_last(f"takes longer than {seconds:.0f} seconds: {THE_END}"))
    elif not lines.endswith(DONE):
        answer["entries"].append(_last(f"the process of the script ends by itself ({code}): {THE_END}"))
    return answer


def _last(text: str) -> dict[str, Any]:
    return {"does": "end", "text": text, "line": 0}


def _run_in_child(request: Request, pipe: int) -> None:
    """Never returns."""
    leave: Callable[[int], Any] = os._exit
    try:
        _native.set_parent_death_signal(signal.SIGKILL)
        pipe = _keep_only(pipe)
        from comar.recording import sandbox

        sandbox.run(replace(request, join_cgroup=False, notify_socket=None, ready_fifo=None), pipe)
    finally:
        leave(1)


def _keep_only(pipe: int) -> int:
    """Closes all descriptors but the pipe, which gets out of the way; output goes nowhere."""
    kept = move_high(pipe)
    last = max(int(name) for name in os.listdir("/proc/self/fd"))
    os.closerange(3, kept)
    os.closerange(kept + 1, last + 1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.close(nothing)
    return kept


def _read(pipe: int, deadline: float) -> tuple[bytes, bool]:
    """All that comes until the other end is closed; False: it was not, in time or in size."""
    received = bytearray()
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    while len(received) < _LARGEST_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0:
            return bytes(received), False
        if poller.poll(left * 1000):
            chunk = os.read(pipe, _CHUNK_BYTES)
            if not chunk:
                return bytes(received), True
            received += chunk
    return bytes(received), False


def _end(child: int) -> int:
    """Ends the child and what is below us; returns its exit code, negative for a signal.

    An orderly end closes the pipe first and exits next, so it gets a moment.
    """
    try:
        process = _native.open_process(child)
        process.wait_gone(1)
        process.signal(signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has exited, and waits for us
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    while left := _native.descendants(os.getpid()):
        for pid, start_time in left:
            try:
                _native.open_process(pid, start_time).signal(signal.SIGKILL)
            except ProcessLookupError:
                pass
        _native.reap_children()
    return code


def _parsed(lines: bytes) -> dict[str, Any]:
    """The answer. What the script may have put into the pipe by itself is no more than text."""
    answer: dict[str, Any] = {"entries": [], "guarantee": ""}
    for line in lines.split(b"\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict):
            continue
        if "guarantee" in entry and not answer["guarantee"]:
            answer["guarantee"] = str(entry["guarantee"])
        elif len(answer["entries"]) > MOST_ENTRIES:
            break
        elif isinstance(entry.get("does"), str) and isinstance(entry.get("text"), str):
            answer["entries"].append(entry)
    return answer
