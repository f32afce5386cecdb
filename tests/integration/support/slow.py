# SPDX-License-Identifier: MIT
"""Services that take as long to be ready as a test likes."""

from support.supervised import free_port, with_settings


class Slow:
    """A service whose start() returns at once and tells so, and whose program is ready when `gate` opens."""

    def __init__(self, comard, readiness, args="", server=None, **settings):
        self.comard = comard
        self.gate = comard.gate("ready")
        self.returned = comard.mailbox("returned")
        server = server or comard.program("server")
        args = f"--wait-for {self.gate} {args}"
        self.service = comard.register("app", with_settings("""
            @synchronized
            def start():
                startService(command=SERVER, args=ARGS, detach=True, donotify=True)
                tell("returned")

            def stop():
                # One that waits at the gate hears no SIGTERM.
                pass

            def status():
                return isServiceRunning(PIDFILE)

            def is_up():
                return os.path.exists(PIDFILE)
            """, self.returned, {"SERVER": server, "ARGS": args, "PIDFILE": self.pidfile},
            serviceReadiness=readiness, serviceStopTimeout=0.05, **settings))
        self.changed = comard.signals()

    @property
    def pidfile(self):
        return f"{self.comard.root}/run/app.pid"

    def begin(self):
        """Starts it; returns when start() of the script has returned, and comard knows it."""
        pending = self.service.begin("start")
        self.returned.line()
        for _ in range(5):
            self.comard.bus.sync()
        return pending


def ways_to_tell(comard):
    """Readiness, and the arguments with which stand-in says so."""
    root = comard.root
    port = free_port()
    return {
        "pidfile": ("pidfile", f"--pidfile {root}/run/app.pid"),
        "notify": ("notify", "--notify READY=1"),
        "fd": ("fd", "--ready-fd 3"),
        "fd:7": ("fd:7", "--ready-fd 7"),
        "tcp": (f"tcp:{port}", f"--port {port}"),
        "tcp with a host": (f"tcp:127.0.0.1:{port}", f"--port {port}"),
    }
