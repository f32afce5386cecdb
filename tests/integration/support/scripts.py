# SPDX-License-Identifier: MIT
"""Service scripts for tests, without f-strings in which every brace counts double."""

import pathlib
import textwrap

_HEADER = '''\
serviceType = "server"
serviceDesc = _({"en": "Server", "tr": "Sunucu"})

from comar.service import *

'''

_TELL = '''
def tell(value):
    with open(TOLD, "w") as mailbox:
        mailbox.write(repr(value) + "\\n")

'''


def service_script(body, told=None, **names):
    """What every service script has at its top, `names` as constants of the module, then `body`.

    With a mailbox as `told` the script has tell(value), to be read with told.value().
    """
    if told is not None:
        names["TOLD"] = told
    constants = "".join(f"{name} = {_plain(value)!r}\n" for name, value in names.items())
    tell = _TELL if told is not None else ""
    return _HEADER + constants + tell + "\n" + textwrap.dedent(body).lstrip("\n")


def doing(body, told=None, **names):
    """A service whose start() does `body`."""
    start = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return service_script(f"def start():\n{start}\n\ndef stop():\n    pass\n", told, **names)


# Of a program that stays in the foreground.
DETACHED = textwrap.dedent("""
    @synchronized
    def start():
        startService(command=SERVER, args=ARGS, detach=True, donotify=True)

    @synchronized
    def stop():
        stopService(command=SERVER, donotify=True)

    def status():
        return isServiceRunning(command=SERVER)
    """)


# So plain that comard does it itself; indented, so that settings may stand before it.
PLAIN = """
    @synchronized
    def start():
        startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True, donotify=True)

    @synchronized
    def stop():
        stopService(pidfile=PIDFILE, donotify=True)

    def status():
        return isServiceRunning(PIDFILE)
    """


def detached(server, args="", **more):
    """A service whose program stays in the foreground."""
    return service_script(DETACHED, SERVER=server, ARGS=args, **more)


def forking(server, pidfile, args="", **more):
    """A service whose program forks by itself and writes a pidfile."""
    return service_script("""
        @synchronized
        def start():
            startService(command=SERVER, args="--fork --pidfile " + PIDFILE + " " + ARGS,
                         pidfile=PIDFILE, donotify=True)

        @synchronized
        def stop():
            stopService(pidfile=PIDFILE, donotify=True)

        def status():
            return isServiceRunning(PIDFILE)
        """, SERVER=server, PIDFILE=pidfile, ARGS=args, **more)


def _plain(value):
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (int, dict)) else str(value)


def script_of(service):
    return pathlib.Path(service.supervision["Script"])


def edit(service, old, new):
    """As an editor does it: another file takes the place of the old one."""
    path = script_of(service)
    text = path.read_text()
    assert old in text
    beside = path.with_suffix(".new")
    beside.write_text(text.replace(old, new))
    beside.rename(path)
