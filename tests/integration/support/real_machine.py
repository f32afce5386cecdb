# SPDX-License-Identifier: MIT
"""A machine for the scripts of tests/data/real: real daemons of Debian, on files and a network of the test.

The programs are those of the machine that runs the tests. /etc, /var, /run and /dev, as they see
them, are in a folder of the test, and their network has nothing but a loopback device.
"""

import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import threading

from support.daemon import ENVIRONMENT, SECONDS
from support.place import REPOSITORY
from support.processes import Process, all_pids

_SCRIPTS = REPOSITORY / "tests/data"


def script_of(name):
    """One of the field where Debian has the daemon as that expects it, or else one of its own."""
    own = _SCRIPTS / f"real/{name}.py"
    return own if own.exists() else _SCRIPTS / f"field/{name}.py"


TOLD = "/run/told"    # a mailbox, for the jobs that daemons run

CLONE_NEWNET = 0x40000000


class RealMachine:
    """The files of the machine, below `folder`, and what to mount to see them."""

    FOLDERS = ("/etc", "/var", "/run", "/dev")
    DEVICES = ("null", "zero", "full", "random", "urandom")
    USERS = ("root", "daemon", "nobody", "redis", "sshd", "www-data")
    GROUPS = (*USERS, "crontab", "nogroup")
    IDS = {"root": 0, "daemon": 1}    # at(1) is setuid daemon
    FIRST_ID = 64000                  # nobody on a machine has it

    ANYONE = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))

    def __init__(self, place):
        self.folder = place.folder / "machine"
        for path in ("/etc/pam.d", "/var/lib", "/var/log", "/var/www/html", "/run/lock", "/dev"):
            self.path(path).mkdir(parents=True)
        self.path("/var/run").symlink_to("/run")
        self.path("/var/lock").symlink_to("/run/lock")
        for name in self.DEVICES:
            self.path(f"/dev/{name}").touch()
        self._make_etc()
        self.told = place.mailbox("told")
        self.path(TOLD).symlink_to(self.told.path)

    def _make_etc(self):
        passwd = [f"{name}:x:{self.uid(name)}:{self.gid(name)}::/:/bin/sh\n" for name in self.USERS]
        group = [f"{name}:x:{self.gid(name)}:\n" for name in self.GROUPS]
        self.write("/etc/passwd", "".join(passwd))
        self.write("/etc/group", "".join(group))
        self.write("/etc/hosts", "127.0.0.1 localhost\n")
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.write("/etc/pam.d/other", self.ANYONE)
        shutil.copy("/etc/ld.so.cache", self.path("/etc"))

    @classmethod
    def uid(cls, name):
        return cls.IDS.get(name, cls.FIRST_ID + cls.USERS.index(name))

    @classmethod
    def gid(cls, name):
        return cls.IDS.get(name, cls.FIRST_ID + cls.GROUPS.index(name))

    def path(self, path):
        """Where what the daemons know as `path` is for the test."""
        return pathlib.Path(f"{self.folder}{path}")

    def write(self, path, text, mode=0o644):
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def make_folder(self, path, owner):
        """A folder that belongs to a user, with the files in it."""
        folder = self.path(path)
        folder.mkdir(parents=True, exist_ok=True)
        for each in (folder, *folder.iterdir()):
            os.chown(each, self.uid(owner), self.gid(owner))

    @property
    def mounts(self):
        """For Daemon: words for mount(8), in order."""
        return [
            *(("--bind", f"/dev/{name}", self.path(f"/dev/{name}")) for name in self.DEVICES),
            *(("--rbind", f"{self.folder}{path}", path) for path in self.FOLDERS),
        ]


class Inside:
    """What a test does among the processes of a comard that has a network of its own."""

    def __init__(self, pid):
        self._pid = pid
        self._mounts = mounts_of(pid)

    def processes(self):
        """All that see the files of the test, wherever else they have gone."""
        return [Process(pid) for pid in all_pids() if mounts_of(pid) == self._mounts]

    def socket(self, kind=socket.SOCK_STREAM):
        """A socket of that network, wherever it is used."""
        made = []
        thread = threading.Thread(target=lambda: made.append(self._make_socket(kind)))
        thread.start()
        thread.join()
        return made[0]

    def _make_socket(self, kind):
        """In a thread of its own, as it never leaves the network again."""
        with open(f"/proc/{self._pid}/ns/net") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        made = socket.socket(socket.AF_INET, kind)
        made.settimeout(SECONDS)
        return made

    def is_open(self, port):
        with self.socket() as stream:
            return stream.connect_ex(("127.0.0.1", port)) == 0

    def ask(self, port, question=b"", end=b"\n"):
        """What a server on TCP says, up to the first `end`, or all that it says when that is empty."""
        with self.socket() as stream:
            stream.connect(("127.0.0.1", port))
            stream.sendall(question)
            answer = b""
            while not (end and end in answer):
                more = stream.recv(65536)
                if not more:
                    break
                answer += more
        return answer.decode()

    def page(self, host="localhost"):
        """What http://localhost/ shows."""
        answer = self.ask(80, f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode(), end=b"")
        head, _, body = answer.partition("\r\n\r\n")
        assert " 200 " in head.splitlines()[0], answer
        return body

    def address_of(self, name):
        """What the DNS server says, RFC 1035: the address, or None where there is no such name."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        with self.socket(socket.SOCK_DGRAM) as datagrams:
            datagrams.connect(("127.0.0.1", 53))
            datagrams.send(b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01")
            answer = datagrams.recv(512)
        assert answer[:2] == b"\x12\x34" and answer[2] & 0x80
        return socket.inet_ntoa(answer[-4:]) if answer[7] == 1 else None

    def run(self, *command, text=""):
        """Runs a program there, with its files too."""
        enter = ["nsenter", f"--target={self._pid}", "--mount", "--net", "--"]
        done = subprocess.run([*enter, *command], input=text, text=True, env=ENVIRONMENT, timeout=SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout


def mounts_of(pid):
    """The mount namespace of a process; None when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return None
