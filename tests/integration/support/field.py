# SPDX-License-Identifier: MIT
"""A machine for the scripts of tests/data/field: their programs, files and users at the real paths.

All of it is in a folder of the test, and mounted where only its comard sees it. A program is a
stand-in that behaves like the daemon whose path it has, or a few lines of shell.
"""

import ast
import collections
import dataclasses
import os
import pathlib
import re
import shutil

from support.place import BUILD, REPOSITORY

SCRIPTS = REPOSITORY / "tests/data/field"
PYTHON2 = (SCRIPTS / "python2.txt").read_text().split()    # those that must be translated
SHELL = os.path.realpath("/bin/sh")

# What programs here and the test know each other by; see World.
CALLS = "/run/field/calls"        # a line for each call of a program that records()
SIGNALS = "/run/field/signals"    # a mailbox: the signals that daemons get
GATE = "/run/field/gate"          # holds up the pidfile of daemons that are slow to write it
NEVER = "/run/field/never"        # a FIFO in which nothing ever comes

# What info() says: (running, not running) for each start-up state, SPEC 1.
STATES = {"on": ("on", "stopped"), "off": ("started", "off"),
          "conditional": ("conditional_started", "conditional_stopped")}


@dataclasses.dataclass(frozen=True)
class Program:
    """`text` is a shell script, or the options of a stand-in, as in PROGRAM.options."""

    path: str
    text: str

    @property
    def is_stand_in(self):
        return not self.text.startswith("#!")


def daemon(path, *options):
    """A stand-in with these options, see `stand-in --help`."""
    return Program(path, "\n".join([f"--signals {SIGNALS}", *options]) + "\n")


def shell(path, text):
    return Program(path, f"#!/bin/sh\n{text}\n")


def records(path, text=""):
    """A program that only notes that it was called, and how, before it does `text`."""
    return shell(path, f'echo "$0 $*" >> {CALLS}\n{text}')


def controls(path, pidfile, start, more=""):
    """What apachectl is to httpd: a shell script with start, stop and reload, and `more` cases.

    Those may use $pidfile, and `send SIGNAL`.
    """
    return shell(path, f"""
        pidfile={pidfile}
        send() {{ read -r pid < "$pidfile" && kill -s "$1" "$pid"; }}
        case "$1" in
            start) shift; exec {start} ;;
            stop) send TERM ;;
            reload) send HUP ;;
            {more}
        esac""")


@dataclasses.dataclass(frozen=True)
class Field:
    """What a script needs, and what is true after each of its methods.

    Paths of programs that run are those of their files: /usr/sbin/x for /sbin/x.
    """

    name: str
    programs: tuple = ()
    conf: dict = dataclasses.field(default_factory=dict)      # /etc/conf.d/<serviceConf>
    files: dict = dataclasses.field(default_factory=dict)     # path: text
    folders: dict = dataclasses.field(default_factory=dict)   # path: owner
    needs: tuple = ()        # scripts of the field that start() starts, in this order
    stubs: tuple = ()        # names under which start() finds a service that does nothing

    # After start()
    runs: dict | None = None    # path: how many processes; None: each daemon() once
    argv: dict = dataclasses.field(default_factory=dict)      # path: its arguments, as in a shell
    users: dict = dataclasses.field(default_factory=dict)     # path: who runs it, if not root
    nice: dict = dataclasses.field(default_factory=dict)
    environ: dict = dataclasses.field(default_factory=dict)   # what all of them have in there
    called: tuple = ()       # what records() has noted, among other things
    holds: dict = dataclasses.field(default_factory=dict)     # path: text of a file
    removes: tuple = ()      # files that are not there any more
    late: bool = False       # the pidfile comes after start() has returned, through GATE
    repeats: tuple = ("start", "stop")    # what can be called again, and then does nothing
    states: tuple = ()       # info's before, after start() and after stop(); (): by STATES

    # After reload() and stop()
    reload: tuple = ()       # signals that arrive, or calls that are noted
    renews: bool = False     # reload() replaces the processes
    stop: tuple = ()         # calls that are noted
    lingers: bool = False    # stop() does not wait for the last process

    ready: dict = dataclasses.field(default_factory=dict)     # start-up state: whether it starts
    warnings: tuple = ()     # findings, apart from the one about Python 2

    @property
    def source(self):
        return SCRIPTS / f"{self.name}.py"

    @property
    def text(self):
        """As it was written; what this is good for is ASCII or UTF-8."""
        encoding = "iso-8859-9" if "coding: iso-8859-9" in self.source.read_text(errors="replace") else "utf-8"
        return self.source.read_text(encoding=encoding)

    def setting(self, name):
        """The value of serviceType and the like; None when the script does not set it."""
        found = re.search(rf"^{name}\s*=\s*(?:_\()?(\"[^\"]*\"|\{{.*?\}})", self.text, re.M | re.S)
        return ast.literal_eval(found[1]) if found else None

    def defines(self, function):
        return re.search(rf"^def {function}\(", self.text, re.M) is not None

    @property
    def is_python2(self):
        return self.name in PYTHON2

    @property
    def notifies_itself(self):
        """Whether it tells of a start or stop by hand, even of one that did nothing."""
        return re.search(r"\bnotify\(", self.text) is not None

    @property
    def notifies(self):
        return self.notifies_itself or "donotify=" in self.text

    @property
    def stand_ins(self):
        """The files of its daemons."""
        return [canonical(each.path) for each in self.programs if each.is_stand_in]

    @property
    def expected_states(self):
        running, stopped = STATES[self.setting("serviceDefault") or "off"]
        return self.states or (stopped, running, stopped)

    @property
    def expected_processes(self):
        if self.runs is not None:
            return collections.Counter(self.runs)
        return collections.Counter(self.stand_ins)


def canonical(path):
    """/usr/sbin/x for /sbin/x, /run for /var/run: where a file really is."""
    path = re.sub(r"^/(s?bin|lib)/", r"/usr/\1/", path)
    return re.sub(r"^/var/run/", "/run/", path)


class World:
    """What the scripts see instead of the machine, all below `folder`."""

    USERS = ("root", "daemon", "nobody", "amavis", "bacula", "clamav", "distcc", "fetchmail", "icecast",
             "ldap", "mongodb", "mpd", "mysql", "named", "nut", "postgres", "radvd", "redis",
             "tomcat", "tor", "transmission", "ulogd", "zabbix")
    GROUPS = (*USERS, "audio")
    FIRST_ID = 64000    # nobody on a machine has it; root is 0

    # Where each folder is mounted. /usr is laid over the machine's, the others are all there is.
    FOLDERS = ("/etc", "/var", "/run", "/dev")
    KERNEL = {"/proc/sys/net": "net", "/sys/devices/system/cpu": "cpu"}
    DEVICES = ("null", "zero", "full", "random", "urandom")

    def __init__(self, place, fields, common):
        self.folder = place.folder / "world"
        self._root = place.root
        self._conf = place.root / "etc/conf.d"
        self._make_folders()
        self._make_users()
        self.told = place.mailbox("told")
        self.gate = place.gate("late")
        self._make_meeting_points()
        for program in [*common, *(each for field in fields for each in field.programs)]:
            self.install(program)

    def _make_folders(self):
        for path in ("/etc", "/var/lib", "/var/log", "/run/lock", "/dev", "/usr/bin", "/net", "/cpu"):
            self.path(path).mkdir(parents=True)
        self.path("/var/run").symlink_to("/run")
        self._conf.mkdir(parents=True)
        self.path("/etc/conf.d").mkdir()
        for name in self.DEVICES:
            self.path(f"/dev/{name}").touch()
        self.path("/filesystems").write_text("nodev\ttmpfs\n\text4\n")
        for name in ("ld.so.cache", "nsswitch.conf"):
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.path("/etc"))

    def _make_users(self):
        passwd = [f"{name}:x:{uid_of(name)}:{uid_of(name)}::/:/bin/sh\n" for name in self.USERS]
        group = [f"{name}:x:{gid_of(name)}:\n" for name in self.GROUPS]
        self.path("/etc/passwd").write_text("".join(passwd))
        self.path("/etc/group").write_text("".join(group))

    def _make_meeting_points(self):
        self.path("/run/field").mkdir()
        for path in (CALLS, "/run/field/modules", "/run/field/rules"):
            self.path(path).touch()
            self.path(path).chmod(0o666)
        os.mkfifo(self.path(NEVER))
        self.path(NEVER).chmod(0o666)
        self.path(SIGNALS).symlink_to(self.told.path)
        self.path(GATE).symlink_to(self.gate.path)

    def prepare(self, field, **settings):
        """Makes folders, files and settings as a script wants them; see configure()."""
        for path, owner in field.folders.items():
            self.path(path).mkdir(parents=True, exist_ok=True)
            os.chown(self.path(path), uid_of(owner), gid_of(owner))
        for path, text in field.files.items():
            self.path(path).parent.mkdir(parents=True, exist_ok=True)
            self.path(path).unlink(missing_ok=True)    # it may be a socket by now
            self.path(path).write_text(text)
        self.configure(field, **settings)

    def configure(self, field, **more):
        """Writes the settings of a script, but those that are None; with none there is no file."""
        path = self._conf / (field.setting("serviceConf") or field.name)
        settings = {**field.conf, **more}
        if settings:
            lines = (f'{key}="{value}"\n' for key, value in settings.items() if value is not None)
            path.write_text("".join(lines))
        else:
            path.unlink(missing_ok=True)

    def stored(self, field):
        """A registered script as comar keeps it."""
        return (self._root / f"var/lib/comar/scripts/System.Service/{field.name}.py").read_text()

    def install(self, program):
        path = self.path(program.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"{program.path} is described twice"
        if program.is_stand_in:
            shutil.copy2(BUILD / "tests/bin/stand-in", path)
            path.with_name(f"{path.name}.options").write_text(program.text)
        else:
            path.write_text(program.text)
            path.chmod(0o755)

    def path(self, path):
        """Where what the scripts know as `path` is for the test."""
        if path.startswith("/etc/conf.d/"):
            return self._conf / path.removeprefix("/etc/conf.d/")
        for target, name in self.KERNEL.items():
            if path.startswith(target):
                return self.folder / name / path.removeprefix(target).lstrip("/")
        return pathlib.Path(f"{self.folder}{canonical(path)}")

    @property
    def mounts(self):
        """For Daemon: words for mount(8), in order. /usr is the last: it may hold another mount."""
        return [
            *(("--bind", f"/dev/{name}", self.path(f"/dev/{name}")) for name in self.DEVICES),
            ("--bind", self._conf, self.folder / "etc/conf.d"),
            *(("--bind", self.folder / name, target) for target, name in self.KERNEL.items()),
            ("--bind", self.folder / "filesystems", "/proc/filesystems"),
            *(("--rbind", f"{self.folder}{path}", path) for path in self.FOLDERS),
            ("-t", "overlay", "overlay", "-o", f"lowerdir={self.folder}/usr:/usr", "/usr"),
        ]

    def calls(self):
        """What was noted since this was asked last."""
        path = self.path(CALLS)
        lines = path.read_text().splitlines()
        path.write_text("")
        return lines


def uid_of(name):
    return 0 if name == "root" else World.FIRST_ID + World.USERS.index(name)


def gid_of(name):
    return 0 if name == "root" else World.FIRST_ID + World.GROUPS.index(name)
