# SPDX-License-Identifier: MIT
"""The ways in which comard may have to do without: cgroups, and the rights of root."""

import os
import shutil

import pytest

HIDDEN_CGROUPS = [("-t", "tmpfs", "tmpfs", "/sys/fs/cgroup")]
WAYS = ["cgroups", "no-cgroups", "nobody"]


def start_this_way(way, place, start_comard, settings=None):
    """As root with cgroups and without, and as a user who may make none."""
    if way == "cgroups":
        if not place.cgroup:
            pytest.skip("cgroup v2 cannot be written here")
        return start_comard(settings)
    if way == "no-cgroups":
        return start_comard(settings, mounts=HIDDEN_CGROUPS)
    for folder, names, files in os.walk(place.root):
        shutil.chown(folder, "nobody")
    shutil.chown(place.folder, "nobody")
    return start_comard(settings, user="nobody")
