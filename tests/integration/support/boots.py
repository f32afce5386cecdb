# SPDX-License-Identifier: MIT
"""Services that a boot starts, and what is known of a boot."""

import json

from support.scripts import PLAIN, service_script

MANAGER = "tr.org.pardus.comar.Manager"
CODE = "\n    import os\n" + PLAIN    # comard cannot do that by itself


def service(comard, name, settings="", text=PLAIN, on=True, **names):
    """A registered service with these settings above its methods; `on`: boots start it."""
    one = comard.register(name, service_script(
        f"\n    {settings}\n{text}", SERVER=comard.program(name), ARGS="",
        PIDFILE=f"{comard.root}/run/{name}.pid", **names))
    if on:
        comard.cli("on", name)
    return one


def state(comard, name):
    return comard.service(name).supervision["State"]


def boot(comard):
    """Boots, and returns the record of it."""
    return json.loads(comard.bus.call("/", MANAGER, "Boot"))


def records(comard):
    """Of all boots, switches and shutdowns that are over, oldest first."""
    ids = comard.bus.call("/", MANAGER, "ListBoots")
    return [json.loads(comard.bus.call("/", MANAGER, "BootRecord", "s", each)) for each in ids]


def fates(record):
    return {app: one["fate"] for app, one in record["services"].items()}
