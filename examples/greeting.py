# SPDX-License-Identifier: MIT
"""A service of type `script`: it does its work, once, and no process stays.

/etc/conf.d/greeting, optional:

    name=world                   # whom to greet
"""

serviceType = "script"
serviceDesc = _({"en": "Greeting at start-up",
                 "tr": "Açılış selamı"})

from comar.service import *

# "" on a system, the folder below which everything is under `comard --root`.
ROOT = config_datapath().removesuffix("/var/lib/comar")
FILE = ROOT + "/run/greeting"


@synchronized
def start():
    name = config.get("name", "world")
    # What a script prints is in the log of its service.
    print(_({"en": "Hello, %s!", "tr": "Merhaba, %s!"}) % name)
    with open(FILE, "w") as file:
        file.write("Hello, %s!\n" % name)
    notify("System.Service", "Changed", (script(), "started"))


@synchronized
def stop():
    if status():
        os.unlink(FILE)
        notify("System.Service", "Changed", (script(), "stopped"))


def status():
    # There is no process to ask: done is what `running` means here.
    return os.path.exists(FILE)
