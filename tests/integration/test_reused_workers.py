# SPDX-License-Identifier: MIT
"""A worker may serve several calls, as long as nobody can tell."""

import pytest

from support.bus import BusError
from support.processes import Process
from support.scripts import service_script

# Modules that a worker has imported before any script runs; more would be a reason not to reuse it.
IMPORTS = "import atexit, builtins, gc, json, re, resource, sys, threading"

# What one script may do to its process, and how another one would notice.
DAMAGES = {
    "limits": ("resource.setrlimit(resource.RLIMIT_NOFILE, (77, 77))",
               "resource.getrlimit(resource.RLIMIT_NOFILE)"),
    "core": ("resource.setrlimit(resource.RLIMIT_CORE, (5, 5))",
             "resource.getrlimit(resource.RLIMIT_CORE)"),
    "environment": ("os.environ['LEAK'] = '1'", "'LEAK' in os.environ"),
    "hidden environment": ("os.putenv('LEAK', '1')", "run('/usr/bin/env').stdout.count('LEAK')"),
    "unset environment": ("os.unsetenv('PATH')", "run('/usr/bin/env').stdout.count('PATH=')"),
    "umask": ("os.umask(0o77)", "os.umask(0o22)"),
    "folder": ("os.chdir('/proc')", "os.getcwd()"),
    "user": ("os.setegid(65534); os.seteuid(65534)", "(os.geteuid(), os.getegid())"),
    "groups": ("os.setgroups([5])", "os.getgroups()"),
    "root": ("os.chroot('/usr')", "os.path.exists('/etc/passwd')"),
    "nice": ("os.nice(3)", "os.nice(0)"),
    "affinity": ("os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
                 "sorted(os.sched_getaffinity(0))"),
    "ignored signal": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)",
                       "str(signal.getsignal(signal.SIGTERM))"),
    "blocked signal": ("signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})",
                       "len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))"),
    "alarm": ("signal.alarm(1000)", "signal.alarm(0)"),
    "time zone": ("os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); del os.environ['TZ']",
                  "time.tzname"),
    "open file": ("os.open('/dev/null', os.O_RDONLY)", "len(os.listdir('/proc/self/fd'))"),
    "lock": ("fcntl.flock(os.open(LOCK, os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)",
             # Given back: the worker that asked may still be on its way out when the next one asks.
             "[fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB) or fcntl.flock(fd, fcntl.LOCK_UN)"
             " for fd in [os.open(LOCK, os.O_CREAT | os.O_RDWR)]]"),
    "stdin": ("os.dup2(os.open('/etc/passwd', os.O_RDONLY), 0)", "os.readlink('/proc/self/fd/0')"),
    "oom score": ("open('/proc/self/oom_score_adj', 'w').write('500')",
                  "open('/proc/self/oom_score_adj').read()"),
    "socket time-out": ("socket.setdefaulttimeout(0.5)", "socket.getdefaulttimeout()"),
    "module name": ("os.leak = 1", "hasattr(os, 'leak')"),
    "module function": ("time.sleep = None", "time.sleep is None"),
    "class of a module": ("subprocess.Popen.leak = 1", "hasattr(subprocess.Popen, 'leak')"),
    "class of comar": ("FileLock.leak = 1", "hasattr(FileLock, 'leak')"),
    "reply class": ("execReply.leak = 1", "hasattr(execReply, 'leak')"),
    "function of comar": ("startService.__defaults__ = ('x',)", "startService.__defaults__"),
    "attribute of a function": ("startService.leak = 1", "hasattr(startService, 'leak')"),
    "builtins": ("builtins.leak = 1", "hasattr(builtins, 'leak')"),
    "config": ("config['LEAK'] = '1'", "config.get('LEAK')"),
    "config object": ("config.leak = 1", "hasattr(config, 'leak')"),
    "module list": ("sys.path.append('/leak')", "'/leak' in sys.path"),
    "path hooks": ("sys.meta_path.clear()", "len(sys.meta_path)"),
    "modules": ("import csl; sys.modules['leak'] = csl", "'leak' in sys.modules"),
    "warnings": ("import warnings; warnings.simplefilter('error')",
                 "__import__('warnings').filters[0][0]"),
    "recursion": ("sys.setrecursionlimit(5000)", "sys.getrecursionlimit()"),
    "switch interval": ("sys.setswitchinterval(1)", "sys.getswitchinterval()"),
    "collector": ("gc.disable()", "gc.isenabled()"),
    "thresholds": ("gc.set_threshold(1)", "gc.get_threshold()"),
    "trace": ("sys.settrace(lambda *a: None)", "sys.gettrace()"),
    "stdout": ("sys.stdout = open('/dev/null', 'w')", "sys.stdout.name"),
    "stdout settings": ("sys.stdout.reconfigure(errors='strict')", "sys.stdout.errors"),
    "thread": ("threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
               "threading.active_count()"),
    "exit handler": ("atexit.register(print, 'leak')",
                     "atexit._ncallbacks()"),
    "fork handler": ("os.register_at_fork(before=lambda: os.write(3000, b''))",
                     "subprocess.call('/bin/true') or os.waitpid(os.fork() or os._exit(0), 0)[1]"),
    "audit hook": ("sys.addaudithook(lambda event, args: event == 'open' and 1 / 0)",
                   "open('/dev/null').close()"),
    "list in a module": ("os.__all__.append('leak')", "'leak' in os.__all__"),
    "dict in a module": ("os.sysconf_names['leak'] = 1", "'leak' in os.sysconf_names"),
    "environment's class": ("type(os.environ).leak = 1", "hasattr(os.environ, 'leak')"),
    "signal's class": ("signal.Signals.leak = 1", "hasattr(signal.SIGTERM, 'leak')"),
    "encoder": ("json.JSONEncoder.default = lambda *a: 'leak'",
                "json.JSONEncoder.default.__name__"),
    "cgroup": ("open('/sys/fs/cgroup/unified/cgroup.procs', 'w').write('0') "
               "if os.path.exists('/sys/fs/cgroup/unified/cgroup.procs') else None",
               "[line for line in open('/proc/self/cgroup') if line.startswith('0::')]"),
}


def register_prober(comard, told, probe, **names):
    return comard.register("good", service_script(f"""
        {IMPORTS}
        def reload():
            tell({probe})
        """, told=told, **names))


def notice(prober, told):
    """What another script sees."""
    prober.reload()
    return told.value()


@pytest.mark.parametrize("damage, probe", DAMAGES.values(), ids=DAMAGES)
def test_what_one_script_does_to_its_process_no_other_one_sees(comard, told, damage, probe):
    names = {"LOCK": comard.place.folder / "lock"}
    bad = comard.register("bad", service_script(f"""
        {IMPORTS}
        def start():
            {damage}
            tell(os.getpid())
        """, told=told, **names))
    good = register_prober(comard, told, probe, **names)
    before = notice(good, told)
    try:
        bad.start()
        # It answers, and ends then: until it has, a lock is held.
        Process(told.value()).wait_gone()
    except BusError:
        told.lines()
    # There may be more than one worker; the one that was damaged is asked first.
    for _ in range(3):
        assert notice(good, told) == before


def worker_of(service):
    """Runs reload(), which fails with its pid: telling it in any other way is no harmless thing."""
    with pytest.raises(BusError) as failed:
        service.reload()
    return int(failed.value.message)


def test_a_call_that_leaves_nothing_behind_leaves_its_worker_for_the_next(comard):
    service = comard.register("app", service_script("""
        def reload():
            fail(str(os.getpid()))
        """))
    assert len({worker_of(service) for _ in range(20)}) < 10


def test_a_script_that_could_change_its_process_has_a_worker_of_its_own(comard):
    service = comard.register("app", service_script("""
        def reload():
            if False:
                os.umask(0)
            fail(str(os.getpid()))
        """))
    assert len({worker_of(service) for _ in range(10)}) == 10


def test_the_script_is_a_new_module_in_each_call(comard):
    service = comard.register("app", service_script("""
        seen = []

        def reload():
            seen.append(1)
            fail(str(len(seen)))
        """))
    assert {worker_of(service) for _ in range(5)} == {1}


def test_a_script_that_was_asked_for_its_status_and_then_edited_runs_as_it_is_now(comard):
    wild = "    os.umask(0o22)\n"
    old = f"def status():\n{wild}    return False\n\ndef reload():\n    fail('old')\n"
    service = comard.register("app", service_script(old))
    for _ in range(5):
        comard.bus.list_services()
    # In place, for checks of a new one would take the worker that has asked.
    comard.write("/var/lib/comar/scripts/System.Service/app.py",
                 service_script(old.replace("old", "new").replace(wild, "")))
    for _ in range(5):
        with pytest.raises(BusError) as failed:
            service.reload()
        assert failed.value.message == "new"


DAMAGED_STATUS = """
    import subprocess, sys, threading

    def status():
        os.chdir("/proc")
        os.umask(0)
        os.environ["LEAK"] = "1"
        os.setegid(65534)
        os.seteuid(65534)
        subprocess.Popen.leak = True
        sys.path.append("/leak")
        signal.alarm(1)
        return True
    """

UNHARMED_STATUS = """
    import subprocess, sys

    def status():
        return (os.getcwd() == "/" and os.umask(0o22) == 0o22 and "LEAK" not in os.environ
                and os.geteuid() == 0 and not hasattr(subprocess.Popen, "leak")
                and "/leak" not in sys.path and signal.alarm(0) == 0)
    """


def test_scripts_whose_status_is_asked_together_do_not_notice_each_other(comard):
    comard.register("a", service_script(DAMAGED_STATUS))
    comard.register("b", service_script("def status():\n    os._exit(3)\n"))
    comard.register("c", service_script("def status():\n    os.kill(os.getpid(), 11)\n"))
    comard.register("d", service_script("def status():\n    return 1 / 0\n"))
    comard.register("e", service_script("def status():\n    os.fork()\n    return False\n"))
    comard.register("f", service_script("def status():\n    return True\n"))
    comard.register("g", service_script(UNHARMED_STATUS))
    states = {row["name"]: row["state"] for row in comard.bus.list_services()}
    assert states == {"a": "started", "b": "unknown", "c": "unknown", "d": "unknown",
                      "e": "off", "f": "started", "g": "started"}
