# SPDX-License-Identifier: MIT
"""The script host alone, spoken to as comard does (docs/protocol.md)."""

import array
import json
import signal
import socket
import subprocess

import pytest

from support.daemon import SECONDS
from support.place import BUILD
from support.processes import Process

DESCRIPTOR = array.array("i", [0]).itemsize


@pytest.fixture
def version():
    return subprocess.check_output([BUILD / "bin/comard", "--version"], text=True).split()[1]


def fork_worker(control):
    """The socket of a new worker, and its pid."""
    control.send(b"fork")
    text, control_data, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(DESCRIPTOR))
    (_, _, descriptor), = control_data
    return socket.socket(fileno=array.array("i", descriptor)[0]), json.loads(text)["pid"]


def test_a_comard_that_goes_first_is_no_failure(version):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    host = subprocess.Popen([BUILD / "bin/comar-script-host", "serve", str(theirs.fileno()), version],
                            pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
    theirs.close()
    first, first_pid = fork_worker(ours)
    # With the answer to the next request, the host has let go of the first worker's socket.
    second, _ = fork_worker(ours)
    # It learns that the worker has ended only when nobody is there any more to be told.
    host.send_signal(signal.SIGSTOP)
    first.close()
    Process(first_pid).wait_gone()
    ours.close()
    host.send_signal(signal.SIGCONT)
    second.close()
    _, said = host.communicate(timeout=SECONDS)
    assert (host.returncode, said) == (0, b"")
