# SPDX-License-Identifier: MIT
"""Scripts that misbehave: each takes its own worker down and nothing else."""

import os
import time

import pytest

from support.bus import BusError
from support.footprint import Footprint, zombies
from support.processes import Process
from support.scripts import service_script

SETTINGS = {"calls": {"start_seconds": 3, "info_seconds": 2, "output_bytes": 65536}}

# Far above the limits of the calls, far below what a test would take that waits for a hang.
SOON = 40


@pytest.fixture
def comard(start_comard):
    return start_comard(SETTINGS)


@pytest.fixture
def witness(comard):
    """Another service, which must not notice anything."""
    return register_witness(comard)


def register_witness(comard):
    return comard.register("witness", service_script("""
        def status():
            return False
        """))


def register_bad(comard, body, told=None, **names):
    """Registers "bad" with `body` as the body of start()."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return comard.register("bad", service_script(
        f"import ctypes, resource, sys, threading\n\ndef start():\n{lines}\n", told=told, **names))


def error_of(service):
    """What start() fails with; None when it succeeds."""
    began = time.monotonic()
    try:
        service.start()
    except BusError as error:
        return error
    finally:
        assert time.monotonic() - began < SOON
    return None


@pytest.fixture
def suffer(comard, witness):
    """Runs start() of a script with that body, and looks whether anybody else was harmed."""
    def run(body, told=None, leaves_processes=False, **names):
        service = register_bad(comard, body, told, **names)
        error = error_of(service)
        assert witness.info()[2] == "off"
        assert service.info()[0] == "server"
        if not leaves_processes:
            comard.until(lambda: service.supervision["PIDs"] == [], "the end of its processes")
        comard.until(lambda: not zombies(comard), "the end of the zombies")
        return error

    return run


# Exceptions

@pytest.mark.parametrize("statement, name, message", [
    ('raise KeyError("x")', "KeyError", "'x'"),
    ('fail("it is broken")', "Exception", "it is broken"),
    ('raise Exception("çok kötü")', "Exception", "çok kötü"),
    ("1 / 0", "ZeroDivisionError", "division by zero"),
    ("no_such_name", "NameError", "name 'no_such_name' is not defined"),
    ('open("/nowhere/at/all")', "FileNotFoundError",
     "[Errno 2] No such file or directory: '/nowhere/at/all'"),
    ('raise KeyboardInterrupt("^C")', "KeyboardInterrupt", "^C"),
    ('sys.exit("leaving")', "SystemExit", "leaving"),
    ("sys.exit(3)", "SystemExit", "3"),
    ('raise GeneratorExit("done")', "GeneratorExit", "done"),
    ('exec("def x(:")', "SyntaxError", "invalid syntax (<string>, line 1)"),
    ('raise type("Özel-Error", (Exception,), {})("special")', "_zel_Error", "special"),
    ('raise type("9to5", (Exception,), {})("digit")', "_9to5", "digit"),
])
def test_an_exception_is_an_error_of_that_name_with_its_text(suffer, statement, name, message):
    error = suffer(statement)
    assert (error.name, error.message) == (name, message)


def test_endless_recursion_is_an_error(suffer):
    assert suffer("start()").name == "RecursionError"


@pytest.mark.parametrize("name", ["ValueError", "KeyboardInterrupt", "GeneratorExit"])
def test_an_exception_without_a_text_tells_where_it_comes_from(suffer, name):
    error = suffer(f"raise {name}")
    assert error.name == name
    assert error.message.startswith(f"{name} without a text, raised at /")
    assert error.message.endswith(f": raise {name}")


def test_an_exception_whose_text_cannot_be_had_is_still_an_error(suffer):
    error = suffer("""
class Silent(Exception):
    def __str__(self):
        raise ValueError("no text")
raise Silent()
""")
    assert error.name == "Silent"


def test_an_exception_with_a_huge_text_is_cut(suffer):
    error = suffer('raise ValueError("x" * 50_000_000)')
    assert error.name == "ValueError"
    assert 1000 < len(error.message) < 1_000_000


def test_an_exception_with_bytes_that_are_no_text_is_an_error(suffer):
    error = suffer(r'raise ValueError("a\udcffb\0c")')
    assert error.name == "ValueError"
    assert error.message.startswith("a")


@pytest.mark.parametrize("statement", ["sys.exit()", "sys.exit(0)", "raise SystemExit"])
def test_exit_without_an_error_is_success(suffer, statement):
    assert suffer(statement) is None


def test_what_fails_at_module_level_fails_each_call(comard, witness):
    service = comard.register("bad", service_script("""
        raise RuntimeError("too early")

        def start():
            pass
        """))
    with pytest.raises(BusError) as early:
        service.start()
    assert (early.value.name, early.value.message) == ("RuntimeError", "too early")
    with pytest.raises(BusError):
        service.info()
    assert witness.info()[2] == "off"


# The end of the worker

@pytest.mark.parametrize("statement, how", [
    ("ctypes.string_at(0)", "signal 11"),
    ("os.abort()", "signal 6"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ("os.kill(os.getpid(), signal.SIGTERM)", "signal 15"),
    ("os._exit(0)", "exit code 0"),
    ("os._exit(3)", "exit code 3"),
    ('os.execv("/bin/true", ["true"])', "exit code 0"),
    ('os.execv("/bin/false", ["false"])', "exit code 1"),
])
def test_a_worker_that_ends_without_an_answer_is_an_error_that_says_how(suffer, statement, how):
    error = suffer(statement)
    assert error.name == "Internal"
    assert how in error.message and "start of bad" in error.message


@pytest.mark.parametrize("statement, name", [
    ('raise SyntaxError("bad", ("file", 1, "x", "text"))', "SyntaxError"),
    ('error = ValueError("odd"); error.__notes__ = 3; raise error', "ValueError"),
])
def test_an_error_that_cannot_be_shown_is_answered_all_the_same(suffer, statement, name):
    assert suffer(statement).name == name


def test_a_script_that_daemonizes_itself_is_an_error_and_leaves_nothing(suffer):
    error = suffer("""
if os.fork():
    os._exit(0)
os.setsid()
""")
    assert error.name == "Internal"


# Hanging

@pytest.mark.parametrize("statement", [
    "while True: pass",
    "time.sleep(1000)",
    "os.kill(os.getpid(), signal.SIGSTOP)",
    "signal.pthread_sigmask(signal.SIG_SETMASK, range(1, 64)); signal.pause()",
    "[signal.signal(number, signal.SIG_IGN) for number in (1, 2, 15)]; time.sleep(1000)",
    'run("/bin/sleep 1000")',
    'os.system("sleep 1000")',
    'os.read(os.pipe()[0], 1)',
    'startService("/bin/sleep", args="1000")',
    'threading.Lock().acquire() and threading.Event().wait()',
])
def test_a_call_that_hangs_is_ended_and_says_so(suffer, statement):
    error = suffer(statement)
    assert error.name == "TimedOut"
    assert "start of bad" in error.message


def test_what_a_hanging_call_had_in_the_foreground_ends_with_it(suffer, told):
    error = suffer("""
for new_session in (False, True):
    child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=new_session)
    tell(child.pid)
shell = subprocess.Popen(["/bin/sh", "-c", "trap '' TERM HUP; sleep 1000 & echo $!; wait"],
                         stdout=subprocess.PIPE)
tell(int(shell.stdout.readline()))
tell(shell.pid)
time.sleep(1000)
""", told=told)
    assert error.name == "TimedOut"
    for _ in range(4):
        Process(told.value()).wait_gone()


def test_what_a_hanging_call_had_detached_stays(suffer, told, comard):
    server = comard.program("server")
    error = suffer("""
startService(SERVER, args=["--tell", TOLD, "--children", "2"], detach=True)
time.sleep(1000)
""", told=told, leaves_processes=True, SERVER=server)
    assert error.name == "TimedOut"
    main = Process(int(told.line()))
    assert main.alive
    service = comard.service("bad")
    assert service.supervision["MainPID"] == main.pid
    assert service.supervision["State"] == "running"
    assert len(service.supervision["PIDs"]) == 3
    for pid in service.supervision["PIDs"]:
        Process(pid).kill()


def test_a_status_that_hangs_makes_that_service_unknown_and_delays_no_other_list(comard, witness):
    bad = comard.register("bad", service_script("""
        def status():
            time.sleep(1000)
        """))
    with pytest.raises(BusError) as slow:
        bad.info()
    assert slow.value.name == "TimedOut"
    rows = {row["name"]: row["state"] for row in comard.bus.list_services()}
    assert rows == {"bad": "unknown", "witness": "off"}
    assert bad.supervision["State"] == "unknown"


def test_waiting_for_another_call_does_not_use_up_the_time_of_a_call(comard, told):
    comard.register("slow", service_script("""
        def reload():
            time.sleep(2)
        """))
    service = comard.register("app", service_script("""
        def start():
            for _ in range(2):
                call("slow", "System.Service", "reload")
            tell("done")
        """, told=told))
    service.start()
    assert told.value() == "done"


# Memory

def test_a_script_that_eats_memory_is_ended_before_it_has_eaten_the_machine(start_comard):
    comard = start_comard()
    witness = register_witness(comard)
    error = error_of(register_bad(comard, """
hoard = []
while True:
    hoard.append(b"x" * (8 << 20))
"""))
    assert error.name == "Internal"
    assert "memory" in error.message
    assert witness.info()[2] == "off"


# Processes

def test_children_that_a_script_leaves_are_tracked(comard, suffer, told):
    error = suffer("""
child = subprocess.Popen(["/bin/sleep", "1000"])
tell(child.pid)
forked = os.fork()
if forked == 0:
    signal.pause()
tell(forked)
os.system("sleep 1000 & echo $! > " + TOLD)
""", told=told, leaves_processes=True)
    assert error is None
    left = sorted(told.value() for _ in range(3))
    service = comard.service("bad")
    assert service.supervision["PIDs"] == left
    assert service.supervision["State"] == "running"
    for pid in left:
        assert Process(pid).alive
        Process(pid).kill()


def test_children_that_end_are_no_zombies(suffer):
    # suffer() looks for zombies.
    assert suffer("""
for _ in range(20):
    subprocess.Popen(["/bin/true"])
    if os.fork() == 0:
        os._exit(7)
    os.system("/bin/true &")
""") is None


def test_a_forked_child_that_goes_on_with_the_script_answers_nothing(suffer, told):
    assert suffer("""
os.fork()
tell(os.getpid())
fail("from both")
""", told=told).message == "from both"
    for _ in range(2):
        Process(told.value()).wait_gone()


def test_a_thousand_children_are_ended_with_a_call_that_hangs(suffer):
    error = suffer("""
for _ in range(300):
    subprocess.Popen(["/bin/sleep", "1000"])
    time.sleep(0)
time.sleep(1000)
""")
    assert error.name == "TimedOut"


# Damage to the worker's own process

@pytest.mark.parametrize("damage", [
    "os.setgid(65534); os.setuid(65534)",
    "os.chroot('/usr')",
    "os.umask(0); os.nice(19); os.chdir('/proc')",
    "resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))",
    "resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))",
    "os.closerange(3, 256)",
    "os.closerange(0, 1024)",
    "os.closerange(3, os.sysconf('SC_OPEN_MAX'))",
    "os.environ.clear()",
    "sys.stdout = sys.stderr = None",
    "sys.modules.clear()",
    "sys.setrecursionlimit(60)",
    "sys.path[:] = []",
    "os._exit = os.getpid = None",
    "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "import atexit; atexit.register(time.sleep, 1000)",
    "signal.alarm(1000)",
    "os.setpgid(0, 0)",
    "import gc; gc.disable(); gc.unfreeze()",
    "import builtins; builtins.call = builtins.str = builtins.len = None",
])
def test_damage_that_a_script_does_to_its_process_is_gone_with_it(comard, suffer, told, damage):
    error = suffer(damage)
    assert error is None or error.name in ("Internal", "ImportError", "RecursionError",
                                           "TypeError", "PermissionError", "OSError")
    service = comard.register("good", service_script("""
        def start():
            os.umask(os.umask(0o22))
            tell((os.getuid(), os.getgid(), os.umask(0), os.nice(0), os.getcwd(),
                  os.path.exists("/proc/self"), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL))
        """, told=told))
    service.start()
    nice = os.getpriority(os.PRIO_PROCESS, comard.pid)
    assert told.value() == (0, 0, 0o22, nice, "/", True, True)


def test_closing_every_descriptor_there_is_is_an_error_soon(suffer):
    error = suffer("os.closerange(0, 1 << 20); time.sleep(0.1)")
    assert error is None or error.name == "Internal"


def test_garbage_on_the_workers_socket_ends_that_call_alone(suffer):
    error = suffer(r"""
for name in os.listdir("/proc/self/fd"):
    try:
        if "socket:" in os.readlink("/proc/self/fd/" + name):
            os.write(int(name), b"\xff" * 4096)
    except OSError:
        pass
""")
    assert error.name == "Internal"


SAY_IT = """
text = FRAME.encode()
for name in os.listdir("/proc/self/fd"):
    try:
        if "socket:" in os.readlink("/proc/self/fd/" + name):
            os.write(int(name), len(text).to_bytes(4, "little") + text)
    except OSError:
        pass
"""


@pytest.mark.parametrize("frame", [
    "{}", "[]", "null", '{"op": 7}', '{"op": "call"}', '{"op"', "[" * 100000,
    '{"op": "return", "left": [[-1, 0], [0, 0], "x", [1e99, 1], [PID, 1], [PID, START]]}',
    '{"op": "process", "pid": -1, "start_time": 0}',
    '{"op": "process", "pid": PID, "start_time": 1}',
    '{"op": "process", "pid": PID, "start_time": START, "role": "detached"}',
    '{"op": "process", "pid": 1e300, "start_time": -5}',
    '{"op": "call", "app": [], "model": 3, "timeout": "soon"}',
    '{"op": "error", "name": "a b", "message": {}}',
    '{"op": "follow", "stream": 9}', '{"op": "follow"}', '{"op": "unlock"}', '{"op": "owner"}',
    '{"op": "notify", "model": [], "signal": 5, "args": 6}',
    '{"op": "set_state", "state": {}}', '{"op": "item", "index": -1, "running": []}',
])
def test_messages_that_no_worker_sends_harm_nobody(comard, suffer, frame):
    stranger = comard.stranger("/bin/sleep", 1000)
    before = stranger.cgroup
    suffer(SAY_IT, FRAME=frame.replace("PID", str(stranger.pid)).replace("START", str(stranger.start_time)))
    assert stranger.alive
    assert stranger.cgroup == before


@pytest.mark.parametrize("left", ["[1, 1]", "[1, %(init)d]", "[%(host)d, %(host_start)d]", "[%(host)d, 1]",
                                  "[%(comard)d, %(comard_start)d]", "[-1, 0]", "[0, 0]"])
def test_a_script_that_says_it_left_what_is_not_its_own_moves_nothing(comard, suffer, told, left):
    told_host = comard.register("asker", service_script("""
        def reload():
            tell(os.getppid())
        """, told=told))
    told_host.reload()
    host = Process(told.value())
    init = Process(1)
    watched = (host, init, comard.process)
    before = [process.cgroup for process in watched]
    names = {"init": init.start_time, "host": host.pid, "host_start": host.start_time,
             "comard": comard.pid, "comard_start": comard.process.start_time}
    suffer(SAY_IT, FRAME='{"op": "return", "value": null, "left": [%s]}' % (left % names))
    assert [process.cgroup for process in watched] == before
    assert all(process.alive for process in watched)


def test_a_script_that_kills_the_script_host_harms_only_itself(suffer):
    suffer("""
with open("/proc/self/status") as file:
    parent = [line for line in file if line.startswith("PPid")][0].split()[1]
os.kill(int(parent), signal.SIGKILL)
""")


def test_a_script_that_kills_its_process_group_leaves_the_calls_of_others_alone(comard, suffer):
    gate = comard.gate("slow")
    slow = comard.register("slow", service_script("""
        def start():
            open(GATE).read(1)
        """, GATE=gate))
    starting = slow.begin("start")
    gate.open(0)
    comard.bus.sync()
    other = comard.connect()
    bad = comard.register("bad", service_script("""
        def start():
            os.kill(0, signal.SIGKILL)
        """))
    with pytest.raises(BusError):
        bad.start()
    assert not starting.done
    gate.open()
    starting.result()
    other.close()


# Nothing is leaked

MISDEEDS = [
    "fail('no')", "raise KeyError(1)", "ctypes.string_at(0)", "os._exit(0)", "sys.exit(1)",
    "os.kill(os.getpid(), 9)", "os.closerange(0, 1 << 20)", "os.closerange(3, 256)",
    "os.fork() or os._exit(0)", "os.fork() and os._exit(0)", "subprocess.Popen(['/bin/true'])",
    "run('/bin/true')", "run('/nowhere')", "os.setuid(65534)", "os.chroot('/usr')",
    "startService('/nowhere', detach=True)", "startService('/bin/true', detach=True)",
    "call('nobody', 'System.Service', 'start')", "call('witness', 'System.Service', 'info')",
    "call('bad', 'System.Service', 'start')", "synchronized(fail)('locked')",
    "synchronized(os._exit)(1)", "os.kill(os.getppid(), 9)",
    "notify('System.Service', 'Changed', ('bad', 'started'))", "setState('nonsense')",
    "threading.Thread(target=time.sleep, args=(1000,)).start()", "time.sleep(1000)",
    "run('/bin/sh', '-c', 'echo x; exec sleep 0.1 &')", "open('/dev/null'); os.dup(0)",
    "os.system('kill -9 $PPID')", "while True: pass",
]


def test_nothing_is_leaked_by_any_of_these(start_comard):
    comard = start_comard({"calls": {"start_seconds": 3}, "host": {"idle_seconds": 1}})
    witness = register_witness(comard)
    witness.info()
    register_bad(comard, "print('so that there is a log')").start()
    footprint = Footprint(comard)
    for misdeed in MISDEEDS:
        error_of(register_bad(comard, misdeed))
        assert witness.info()[2] == "off", misdeed
    footprint.wait_restored()
    assert comard.service("bad").supervision["PIDs"] == []


# Output

def growth(comard):
    return int(comard.process.status("VmRSS")[0]) // 1024


@pytest.mark.parametrize("how", [
    'for _ in range(1600):\n    sys.stdout.write("x" * 65535 + "\\n")',
    'os.system("head -c 100000000 /dev/zero")',
    'run("/usr/bin/head -c 100000000 /dev/zero")',
    'os.write(1, b"y" * 100_000_000)',
])
def test_a_hundred_megabytes_of_output_are_bounded_and_hold_up_nobody(start_comard, told, how):
    comard = start_comard({"host": {"spare_workers": 1}})
    witness = comard.register("witness", service_script("""
        def status():
            return False
        """))
    lines = how.replace("\n", "\n            ")
    service = comard.register("bad", service_script(f"""
        import sys

        def start():
            {lines}
        """))
    service.info()
    before = growth(comard)
    starting = service.begin("start")
    served = 0
    while not starting.done:
        assert witness.info()[2] == "off"
        served += 1
    starting.result()
    assert served > 0
    comard.service_log("bad")
    assert growth(comard) - before < 32
    logs = comard.place.root / "var/log/comar"
    assert sum(file.stat().st_size for file in logs.iterdir()) < 64 << 20
