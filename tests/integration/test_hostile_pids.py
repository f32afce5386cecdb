# SPDX-License-Identifier: MIT
"""Pidfiles that name somebody else: whoever that is must survive stop(), and start() must work.

Each of these has been a vulnerability of some service manager (CVE-2018-16888, CVE-2017-14102).
"""

import os
import threading

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import service_script

NO_CGROUPS = [("-t", "tmpfs", "tmpfs", "/sys/fs/cgroup")]


def register(comard, pidfile, app="app", **names):
    """A service as most in the field are: its pidfile is all that it looks at."""
    return comard.register(app, service_script("""
        def start():
            startService(SERVER, args=ARGS, pidfile=PIDFILE, makepid=True, detach=True)

        def stop():
            stopService(PIDFILE, donotify=True)

        def reload():
            stopService(command=SERVER, pidfile=PIDFILE)

        def status():
            return isServiceRunning(PIDFILE)
        """, SERVER=comard.program(f"{app}-server"), PIDFILE=pidfile, **{"ARGS": "", **names}))


@pytest.fixture
def pidfile(place):
    """In a folder that only root can write to."""
    return place.write("/run/app.pid", "")


@pytest.fixture
def service(comard, pidfile):
    return register(comard, pidfile)


@pytest.fixture
def victim(place):
    """A program that has nothing to do with any service."""
    return place.stranger("/bin/sleep", 1000)


def write(path, text):
    with open(path, "w") as file:
        file.write(str(text))


def end_main(service):
    """The service dies, and its pidfile stays."""
    changed = Process(service.supervision["MainPID"])
    changed.kill()


# A stale pidfile

def test_a_stale_pid_that_is_somebody_elses_now_is_not_signalled(comard, service, pidfile, victim):
    service.start()
    end_main(service)
    write(pidfile, victim.pid)
    assert service.state == "off"
    service.stop()
    service.reload()
    assert victim.alive


def test_a_service_whose_stale_pid_is_somebody_elses_starts_again(comard, service, pidfile, victim):
    service.start()
    end_main(service)
    write(pidfile, victim.pid)
    service.start()
    main = Process(service.supervision["MainPID"])
    assert main.argv[0].endswith("/app-server")
    service.stop()
    assert not main.alive
    assert victim.alive


def test_a_pid_from_before_comar_that_is_somebody_elses_now_is_not_signalled(
        service, pidfile, victim):
    write(pidfile, victim.pid)
    os.utime(pidfile, (0, 0))    # from an earlier boot: older than the process
    assert service.state == "off"
    service.stop()
    assert victim.alive


def test_a_command_in_the_script_tells_a_pid_from_before_comar_apart(service, pidfile, victim):
    write(pidfile, victim.pid)    # newer than the process, and only root can have written it
    assert service.state == "off"
    service.stop()
    assert victim.alive


def test_a_pidfile_rewritten_while_the_service_runs_ends_nobody_else(service, pidfile, victim):
    service.start()
    main = Process(service.supervision["MainPID"])
    write(pidfile, victim.pid)
    service.stop()
    assert victim.alive
    main.kill()


def test_the_service_itself_is_found_by_a_pidfile_from_before_comar(service, pidfile, comard):
    stranger = comard.stranger(f"{comard.root}/usr/bin/app-server")
    write(pidfile, stranger.pid)
    assert service.state == "started"
    service.stop()
    stranger.wait_gone()


# Somebody's trick

def pretender(comard):
    """Not the server, but says so in argv[0]; and it looks as if it had been started before comar."""
    server = f"{comard.root}/usr/bin/app-server"
    return comard.stranger(server, 1000, executable="/bin/sleep")


def refuse_to_stop(service, pidfile):
    with pytest.raises(BusError) as refused:
        service.stop()
    assert refused.value.name == "Exception"
    assert pidfile in refused.value.message
    return refused.value.message


def test_a_pretender_is_not_signalled_when_anyone_can_write_to_the_folder(comard, service, pidfile):
    victim = pretender(comard)
    write(pidfile, victim.pid)
    os.chmod(os.path.dirname(pidfile), 0o777)
    assert service.state == "off"
    assert str(victim.pid) in refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pretender_is_not_signalled_when_anyone_can_write_the_file(comard, service, pidfile):
    victim = pretender(comard)
    write(pidfile, victim.pid)
    os.chmod(pidfile, 0o666)
    refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pretender_is_not_signalled_when_another_user_owns_the_file(comard, service, pidfile):
    victim = pretender(comard)
    write(pidfile, victim.pid)
    os.chown(pidfile, 65534, 65534)
    refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pretender_is_not_signalled_when_another_user_owns_the_folder(comard, service, pidfile):
    victim = pretender(comard)
    write(pidfile, victim.pid)
    os.chown(os.path.dirname(pidfile), 65534, 65534)
    refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pidfile_that_is_a_symbolic_link_is_refused(comard, service, pidfile, victim):
    real = comard.write("/run/real.pid", str(victim.pid))
    os.unlink(pidfile)
    os.symlink(real, pidfile)
    assert service.state == "off"
    refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pidfile_with_a_second_name_is_not_trusted(comard, service, pidfile):
    victim = pretender(comard)
    os.unlink(pidfile)
    os.link(comard.write("/run/real.pid", str(victim.pid)), pidfile)
    refuse_to_stop(service, pidfile)
    assert victim.alive


def test_a_pretender_is_not_found_by_a_scan_either(comard, victim):
    server = comard.program("app-server")
    liar = pretender(comard)
    service = comard.register("app", service_script("""
        def stop():
            stopService(command=SERVER)

        def status():
            return isServiceRunning(command=SERVER)
        """, SERVER=server))
    assert service.state == "off"
    service.stop()
    assert liar.alive


def test_makepid_does_not_follow_a_link(comard, service, pidfile):
    precious = comard.write("/precious", "keep me")
    os.unlink(pidfile)
    os.symlink(precious, pidfile)
    service.start()
    with open(precious) as file:
        assert file.read() == "keep me"
    service.stop()


# Who must never be signalled

def comard_itself(comard):
    return Process(comard.pid)


def script_host(comard):
    host, = [process for process in map(Process, children_of(comard.pid))
             if process.argv[:1] and process.argv[0].endswith("comar-script-host")]
    return host


def init(comard):
    return Process(1)


def the_test(comard):
    return Process(os.getpid())


def executable_of(process):
    try:
        return os.readlink(f"/proc/{process.pid}/exe")
    except PermissionError:    # of process 1 in some containers
        return "/sbin/init"


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return map(int, file.read().split())


@pytest.mark.parametrize("whom", [comard_itself, script_host, init, the_test])
@pytest.mark.parametrize("narrowed", ["", ", command=EXE", ", name=COMM"])
def test_a_pidfile_that_names_one_of_the_untouchable_ends_nobody(comard, told, whom, narrowed):
    comard.register("app", service_script("""
        def start():
            pass
        """))
    comard.service("app").start()
    victim = whom(comard)
    pidfile = comard.write("/run/app.pid", str(victim.pid))
    executable = executable_of(victim)
    # Signal 0 would be harmless, but is none; SIGCONT is the nearest.
    service = comard.register("app", service_script(f"""
        def stop():
            tell(stopService(PIDFILE{narrowed}, signalno=signal.SIGCONT))

        def reload():
            tell(stopService(PIDFILE{narrowed}, signalno=signal.SIGCONT))

        def status():
            return isServiceRunning(PIDFILE)
        """, told=told, PIDFILE=pidfile, EXE=executable, COMM=victim.comm))
    service.reload()
    assert told.value() is None
    assert service.state == "off"
    assert victim.alive


def test_a_scan_for_root_ends_neither_comard_nor_its_host(comard, told):
    host_first = comard.register("app", service_script("""
        def start():
            startService(SERVER, detach=True)

        def stop():
            tell(len(os.listdir("/proc/self/fd")))
            stopService(user="root")
        """, told=told, SERVER=comard.program("server")))
    host_first.start()
    host = script_host(comard)
    main = Process(host_first.supervision["MainPID"])
    host_first.stop()
    assert told.value() > 0
    assert not main.alive
    assert host.alive and comard.running


def test_a_script_cannot_name_its_own_worker(comard, told):
    service = comard.register("app", service_script("""
        def stop():
            with open(PIDFILE, "w") as file:
                file.write(str(os.getpid()))
            tell(stopService(PIDFILE))
        """, told=told, PIDFILE=f"{comard.root}/run/app.pid"))
    service.stop()
    assert told.value() is None


@pytest.mark.parametrize("mounts", [(), NO_CGROUPS], ids=["cgroups", "no-cgroups"])
def test_a_pidfile_that_names_another_services_process_ends_nobody(start_comard, mounts):
    comard = start_comard(mounts=mounts)
    other = register(comard, f"{comard.root}/run/other.pid", app="other")
    other.start()
    victim = Process(other.supervision["MainPID"])
    pidfile = comard.write("/run/app.pid", str(victim.pid))
    service = comard.register("app", service_script("""
        def stop():
            stopService(PIDFILE)

        def status():
            return isServiceRunning(PIDFILE)
        """, PIDFILE=pidfile))
    assert service.state == "off"
    service.stop()
    assert victim.alive
    other.stop()


# What is no pid

@pytest.mark.parametrize("text", [
    "", "\n", "no number\n", "0\n", "-1\n", "-VICTIM\n", "99999999999999999999\n", "4194304999\n",
    "VICTIM and more\n", "VICTIMx\n", "0xVICTIM\n", "1e5\n", "+VICTIM\n", "x\nVICTIM\n", "\nVICTIM\n",
    "VICTIM.0\n", "\0VICTIM\0x",
])
def test_a_pidfile_without_a_number_in_its_first_line_reads_as_not_running(
        service, pidfile, comard, text):
    # If it were read as a number, this would be the service's own.
    victim = comard.stranger(f"{comard.root}/usr/bin/app-server")
    write(pidfile, text.replace("VICTIM", str(victim.pid)))
    assert service.state == "off"
    service.stop()
    assert victim.alive


@pytest.mark.parametrize("text", ["VICTIM", "VICTIM\n", "  VICTIM \n", "VICTIM\r\n", "VICTIM\0",
                                  "VICTIM\n/var/lib/app\n1234\n", "00VICTIM\n"])
def test_a_pidfile_may_hold_text_after_its_first_line(service, pidfile, comard, text):
    server = comard.stranger(f"{comard.root}/usr/bin/app-server")
    write(pidfile, text.replace("VICTIM", str(server.pid)))
    assert service.state == "started"
    service.stop()
    server.wait_gone()


def test_a_pidfile_that_is_missing_a_folder_or_a_fifo_reads_as_not_running(service, pidfile):
    os.unlink(pidfile)
    assert service.state == "off"
    os.mkdir(pidfile)
    assert service.state == "off"
    os.rmdir(pidfile)
    os.mkfifo(pidfile)
    assert service.state == "off"
    service.stop()


def test_a_huge_pidfile_is_not_read_whole(service, pidfile, comard):
    server = comard.stranger(f"{comard.root}/usr/bin/app-server")
    write(pidfile, f"{server.pid}\n")
    os.truncate(pidfile, 1 << 40)
    assert service.state == "started"
    service.stop()
    server.wait_gone()


def test_a_thread_is_no_process(service, pidfile):
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    write(pidfile, thread.native_id)
    try:
        assert service.state == "off"
        service.stop()
    finally:
        end.set()
        thread.join()


def test_a_process_that_has_exited_and_waits_to_be_reaped_does_not_run(service, pidfile, comard):
    zombie = comard.stranger(f"{comard.root}/usr/bin/app-server", "--exit", 0)
    zombie.wait_gone()
    write(pidfile, zombie.pid)
    assert os.path.exists(f"/proc/{zombie.pid}")
    assert service.state == "off"
    service.stop()
