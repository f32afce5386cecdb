# SPDX-License-Identifier: MIT
"""The folder, the cgroup and the programs of one test."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import textwrap

from support.cgroup import Cgroup
from support.fifo import Gate, Mailbox
from support.processes import Process, processes_that_mention, reap_orphans

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("COMAR_BUILD", REPOSITORY / "build")).resolve()


class Place:
    """All of a test's files are below `folder`; comard's own are below `root`.

    The folder is short, as the path of a Unix socket must fit 107 bytes.
    """

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="comar-"))
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        self.root.mkdir()
        self.cgroup = Cgroup(self.folder.name)
        self._closing = []

    # Files.

    def write(self, path, text, mode=0o644):
        """A file below the root, made with its folders; returns its real path."""
        file = self.root / str(path).lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return str(file)

    def write_script(self, name, text):
        """A service script to register; the text may be indented as the test is."""
        return self.write(f"/scripts/{name}.py", textwrap.dedent(text))

    def write_conf(self, name, **values):
        """/etc/conf.d/NAME with KEY="value" lines."""
        lines = "".join(f'{key}="{value}"\n' for key, value in values.items())
        return self.write(f"/etc/conf.d/{name}", lines)

    def write_settings(self, settings):
        """/etc/comar/comard.toml from {section: {key: number, text, truth or list}}."""
        lines = []
        for section, values in settings.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        return self.write("/etc/comar/comard.toml", "\n".join(lines) + "\n")

    def program(self, name, folder="/usr/bin"):
        """A copy of stand-in of that name below the root: an argv[0] and an executable of its own."""
        path = self.root / folder.lstrip("/") / name
        if not path.exists():    # it may be running
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BUILD / "tests/bin/stand-in", path)
        return str(path)

    def own_prefix(self):
        """A copy of what is installed, to be changed by the test; comard finds its data there."""
        prefix = self.folder / "prefix"
        if not prefix.exists():
            for part in ("lib/comar/python", "share/comar/models"):
                shutil.copytree(BUILD / part, prefix / part)
            (prefix / "bin").mkdir()
            for program in ("comard", "comar", "comar-script-host"):
                shutil.copy2(BUILD / "bin" / program, prefix / "bin")
        return prefix

    # Events.

    def gate(self, name):
        return self._closed_at_end(Gate(self.folder / f"{name}.gate"))

    def mailbox(self, name):
        return self._closed_at_end(Mailbox(self.folder / f"{name}.mailbox"))

    def _closed_at_end(self, thing):
        self._closing.append(thing)
        return thing

    # Processes that are none of comard's business.

    def stranger(self, *argv, **keywords):
        """Starts a program outside comard and its cgroup, ended with the test; see subprocess.Popen."""
        child = subprocess.Popen(list(map(str, argv)), start_new_session=True, **keywords)
        self._closing.append(_Stranger(child))
        return Process(child.pid)

    # The end.

    def leftovers(self):
        """Living processes and cgroups that came from this place."""
        found = {process.pid: process for process in
                 [*self.cgroup.processes(), *processes_that_mention(self.folder)]}
        for process in found.values():
            # The script host, idle workers and the spawner end by themselves, a moment after their comard.
            if process.comm in ("comar-script-ho", "comard-spawner"):
                process.wait_gone()
        return [repr(process) for process in found.values() if process.alive] + self.cgroup.below()

    def close_things(self):
        """Ends strangers, closes gates and mailboxes."""
        while self._closing:
            self._closing.pop().close()

    def remove(self):
        """Ends whatever is left and removes all traces."""
        self.close_things()
        for process in processes_that_mention(self.folder):
            process.kill()
        self.cgroup.remove()
        reap_orphans()
        shutil.rmtree(self.folder)


class _Stranger:
    def __init__(self, child):
        self._child = child

    def close(self):
        self._child.kill()
        self._child.wait()


def _toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + value + '"'
