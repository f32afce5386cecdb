# SPDX-License-Identifier: MIT
"""What a service that is removed leaves behind: nothing."""

import os

import pytest

from support.scripts import service_script

# The process that runs such a stop() is in the cgroup of the service, and exits after it has answered.
RUNS_A_COMMAND = service_script("""
    def start():
        run("/bin/true")

    def stop():
        run("/bin/true")
    """)


def test_a_service_that_is_removed_right_after_its_stop_leaves_no_cgroup(comard):
    if not comard.place.cgroup:
        pytest.skip("cgroup v2 cannot be written here")
    for _ in range(30):
        service = comard.register("app", RUNS_A_COMMAND)
        service.start()
        cgroup = service.supervision["ControlGroup"]
        assert os.path.isdir(cgroup)
        service.stop()
        comard.bus.remove("app")
        comard.until(lambda: not os.path.exists(cgroup), f"the end of {cgroup}", within=10)


def test_a_service_whose_stop_runs_while_it_is_removed_leaves_no_cgroup(comard):
    if not comard.place.cgroup:
        pytest.skip("cgroup v2 cannot be written here")
    for _ in range(30):
        service = comard.register("app", RUNS_A_COMMAND)
        service.start()
        cgroup = service.supervision["ControlGroup"]
        assert os.path.isdir(cgroup)
        comard.bus.remove("app")
        comard.until(lambda: not os.path.exists(cgroup), f"the end of {cgroup}", within=10)
