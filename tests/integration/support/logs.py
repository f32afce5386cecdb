# SPDX-License-Identifier: MIT
"""Services that print, and what has become of it."""

import os
import re
import subprocess
import sys

from support.place import BUILD

STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (out|err) (.*)", re.DOTALL)

SCRIPT = """
    serviceType = "local"
    serviceDesc = _({"en": "Prints"})
    from comar.service import *

    def start():
        pass
    """

# Numbered lines as fast as they are taken: `writer.py FIFO FIRST COUNT`; COUNT 0: until it is killed.
WRITER = """
import itertools, os, sys
fifo, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
fd = os.open(fifo, os.O_RDWR)
numbers = iter(range(first, first + count)) if count else itertools.count(first)
while block := list(itertools.islice(numbers, 997)):
    text = "".join(f"line {number} of many{'.' * (number % 50)}\\n" for number in block).encode()
    while text:
        text = text[os.write(fd, text):]
"""


def printing_service(comard, app):
    """A service whose FIFOs are there; returns their paths, those of stdout and stderr."""
    comard.register(app, SCRIPT).start()
    folder = f"{comard.root}/run/comar/output"
    return f"{folder}/{app}.out", f"{folder}/{app}.err"


def put(fifo, data):
    """Writes as a service does: as a reader, too, so that comard's end changes nothing."""
    data = data.encode() if isinstance(data, str) else data
    fd = os.open(fifo, os.O_RDWR)
    while data:
        data = data[os.write(fd, data):]
    return fd


def writer(place, fifo, first=0, count=0):
    """Starts a program that writes numbered lines."""
    script = place.write("/usr/bin/writer.py", WRITER)
    return place.stranger(sys.executable, "-B", script, fifo, first, count)


class Logs:
    """The log folder of a comard."""

    def __init__(self, comard):
        self._comard = comard
        self.folder = comard.place.root / "var/log/comar"

    def files(self, app):
        """Oldest first."""
        def age(path):
            number = path.name.removeprefix(f"{app}.log").removesuffix(".zst").lstrip(".")
            return int(number or 0)
        found = [path for path in self.folder.iterdir() if path.name.startswith(f"{app}.log")]
        return sorted(found, key=age, reverse=True)

    def content(self, app):
        """All of it, old files too, as bytes. Nothing may be written or compressed meanwhile."""
        return b"".join(content_of(path) for path in self.files(app))

    def lines(self, app):
        """[(stream, text)] of all files; every line must have a stamp, and the stamps be in order."""
        found = [STAMP.fullmatch(line) for line in self.content(app).split(b"\n")[:-1]]
        assert all(found), "a line without a stamp"
        stamps = [match[1] for match in found]
        assert stamps == sorted(stamps)
        return [(match[2].decode(), match[3]) for match in found]

    def texts(self, app):
        return [text for _, text in self.lines(app)]

    def wait_for(self, app, text):
        """Waits until the current log has that text."""
        path = self.folder / f"{app}.log"
        self._comard.until(lambda: has(path, text.encode()), f"{text!r} in {path}")

    def wait_compressed(self, app):
        self._comard.until(lambda: all(path.name.endswith(".zst") for path in self.files(app)[:-1])
                           and not list(self.folder.glob(".*")), f"the old logs of {app} to be compressed")


def has(path, text):
    """A log that is put aside at this moment has nothing."""
    try:
        return text in path.read_bytes()
    except FileNotFoundError:
        return False


def content_of(path):
    if path.suffix != ".zst":
        return path.read_bytes()
    return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout


def numbers(texts):
    """What the writer's lines count; every other line is wrong."""
    found = [re.fullmatch(rb"line (\d+) of many(\.*)", text) for text in texts]
    assert all(found), [text for text, match in zip(texts, found) if not match][:5]
    counted = [int(match[1]) for match in found]
    assert all(len(match[2]) == number % 50 for number, match in zip(counted, found))
    return counted


class Following:
    """`comar logs -f`, whose lines are waited for."""

    def __init__(self, comard, *arguments):
        self._child = subprocess.Popen(
            [BUILD / "bin/comar", "--root", comard.root, "logs", "-f", *arguments], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "TZ": "UTC"})

    def line(self):
        return self._child.stdout.readline().rstrip("\n")

    def close(self):
        """Its reader leaves; it must end by itself at the next line or before."""
        self._child.stdout.close()
        return self._child.wait(60)
