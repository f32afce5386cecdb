# SPDX-License-Identifier: MIT
"""Readiness with servers that were not written for these tests."""

import socket
import urllib.request

import pytest

from support.bus import BusError
from support.processes import Process
from support.supervised import LONG, assert_stays_down, free_port, main_of, supervised, until_state

STARTED, STOPPED = ("app", "started"), ("app", "stopped")


def web_server(comard, readiness, port, **settings):
    (comard.place.folder / "site").mkdir(exist_ok=True)
    (comard.place.folder / "site" / "up").write_text("well\n")
    args = f"-m http.server --bind 127.0.0.1 --directory {comard.place.folder}/site {port}"
    return comard.register("app", supervised("/usr/bin/python3", args, serviceReadiness=readiness,
                                             **settings))


def test_a_web_server_is_ready_when_it_answers(comard):
    port = free_port()
    service = web_server(comard, f"http://127.0.0.1:{port}/up", port)
    service.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/up") as answer:
        assert answer.read() == b"well\n"
    service.stop()
    assert_stays_down(service)


def test_a_page_that_is_not_there_is_no_readiness(comard):
    port = free_port()
    service = web_server(comard, f"http://127.0.0.1:{port}/down", port, serviceReadyTimeout=3)
    with pytest.raises(BusError) as late:
        service.start()
    assert "HTTP status 404" in late.value.message
    assert_stays_down(service)


def test_a_server_of_ipv6_is_asked_as_it_wants_to_be(comard):
    """nginx refuses requests whose Host is no host."""
    with socket.socket(socket.AF_INET6) as it:
        try:
            it.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6 here")
        port = it.getsockname()[1]
    conf = comard.write("/etc/nginx.conf", f"""
        daemon off; master_process off; pid {comard.place.folder}/nginx.pid; error_log stderr;
        events {{}}
        http {{ access_log off; client_body_temp_path {comard.place.folder}/body;
               proxy_temp_path {comard.place.folder}/proxy; fastcgi_temp_path {comard.place.folder}/fcgi;
               uwsgi_temp_path {comard.place.folder}/uwsgi; scgi_temp_path {comard.place.folder}/scgi;
               server {{ listen [::1]:{port}; return 204; }} }}
        """)
    service = comard.register("app", supervised(
        "/usr/sbin/nginx", f"-c {conf} -e stderr", serviceReadiness=f"http://[::1]:{port}/",
        serviceReadyTimeout=30))
    service.start()
    service.stop()
    assert_stays_down(service)


def test_a_server_is_ready_when_its_port_accepts(comard):
    port = free_port()
    service = comard.register("app", supervised(
        "/usr/bin/memcached", f"-u root -l 127.0.0.1 -p {port} -U 0", serviceReadiness=f"tcp:{port}"))
    service.start()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"version\r\n")
        assert client.recv(100).startswith(b"VERSION")
    service.stop()


def redis(comard):
    path = f"{comard.place.folder}/redis.sock"
    args = f"--port 0 --unixsocket {path} --supervised systemd --save '' --dir {comard.place.folder}"
    return "/usr/bin/redis-server", args, path


def rsyslogd(comard):
    path = f"{comard.place.folder}/log.sock"
    conf = comard.write("/etc/rsyslog.conf", f'module(load="imuxsock" SysSock.Use="off")\n'
                        f'input(type="imuxsock" Socket="{path}")\n*.* {comard.place.folder}/messages\n')
    return "/usr/sbin/rsyslogd", f"-n -f {conf} -i {comard.place.folder}/rsyslogd.pid", path


def dbus_daemon(comard):
    path = f"{comard.place.folder}/dbus.sock"
    conf = comard.write("/etc/bus.conf", f"""<busconfig><type>session</type>
        <listen>unix:path={path}</listen><policy context="default"><allow own="*"/></policy>
        </busconfig>""")
    return "/usr/bin/dbus-daemon", f"--nofork --nopidfile --config-file={conf}", path


@pytest.mark.parametrize("daemon", [redis, rsyslogd, dbus_daemon])
def test_a_daemon_that_notifies_is_ready_when_it_says_so_and_comes_back(comard, daemon):
    program, args, path = daemon(comard)
    service = comard.register("app", supervised(
        program, args, serviceReadiness="notify", serviceRestart="on-failure", serviceReadyTimeout=LONG))
    changed = comard.signals()
    service.start()
    kind = socket.SOCK_DGRAM if daemon is rsyslogd else socket.SOCK_STREAM
    with socket.socket(socket.AF_UNIX, kind) as client:
        client.connect(path)
    first = main_of(service)
    first.kill()
    changed.wait_for(*STOPPED)
    changed.wait_for(*STARTED)
    until_state(comard, service, "running")
    second = Process(service.supervision["MainPID"])
    assert second.pid != first.pid
    with socket.socket(socket.AF_UNIX, kind) as client:
        client.connect(path)
    service.stop()
    assert not second.alive
    assert_stays_down(service)
