# SPDX-License-Identifier: MIT
"""What is looked at of a dry run."""

import os
import subprocess

IMPORT = "from comar.service import *\n"


def contents(folder):
    """Each path below, with what can be seen of it, but for what the host of the worker prints."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            if not name.startswith("stderr-"):
                is_file = os.path.isfile(path) and not os.path.islink(path)
                times = status.st_mtime_ns if is_file else 0
                found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_size, times)
    return found


def does(entries):
    return [each["does"] for each in entries]


def texts(entries):
    return [each["text"] for each in entries]


def whoami():
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
