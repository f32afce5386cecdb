# SPDX-License-Identifier: MIT
"""supervisord."""

import shlex

from peers import Peer, launch

_SETTINGS = """\
[unix_http_server]
file={folder}/socket

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/socket

[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/pid
minfds=4096
"""

_PROGRAM = """
[program:{name}]
command={command}
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""


class Supervisord(Peer):
    name = "supervisord"
    package = "supervisor"
    programs = ("supervisord", "supervisorctl")

    def configure(self, folder, commands):
        self._settings = folder / "supervisord.conf"
        programs = [_PROGRAM.format(name=name, command=shlex.join(command))
                    for name, command in commands.items()]
        self._settings.write_text(_SETTINGS.format(folder=folder) + "".join(programs))

    def bring_up(self):
        launch("supervisord", "-n", "-c", str(self._settings))

    def start_all(self):
        return self._control("start", "all")

    def stop_all(self):
        return self._control("stop", "all")

    def _control(self, *words):
        return ["supervisorctl", "-c", str(self._settings), *words]
