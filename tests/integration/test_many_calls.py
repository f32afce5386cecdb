# SPDX-License-Identifier: MIT
"""Hundreds of calls at once: each has its answer, and nobody's keep the others waiting."""

import random
import textwrap

import pytest

from support.bus import NAME, BusError, wait_until
from support.processes import Process
from support.scripts import service_script
from support.wire import user

COUNT = 200
CALLERS = 20

# For scripts that a test holds up: a gate lets as many of them through as it says.
WAIT = """\
def wait():
    os.read(os.open(GATE, os.O_RDONLY), 1)

"""

# A service that is held up in each method, and tells what it does.
HELD = """
    def start():
        tell("start")
        wait()

    def stop():
        tell("stop")
        wait()
    """

# One that is held up when it is asked whether it runs.
SLOW = """
    def status():
        tell("slow")
        wait()
        return True
    """

QUICK = """
    def status():
        return False
    """


def held_script(body, gate, **names):
    """A script with wait(), which waits for that gate."""
    return service_script(WAIT + textwrap.dedent(body), GATE=gate, **names)


@pytest.fixture
def gate(place):
    return place.gate("gate")


@pytest.fixture
def narrow(start_comard):
    """Starts a comard that runs so many scripts at once, for as long as a test holds them up."""
    def start(concurrency):
        return start_comard(settings={"calls": {
            "concurrency": concurrency, "start_seconds": 600, "info_seconds": 600}})
    return start


def connect(comard, count=CALLERS):
    return [comard.connect() for _ in range(count)]


def register_all(comard, names, text):
    path = comard.write_script(names[0], text)
    calls = [comard.bus.begin("/", NAME, "register", "sss", name, "System.Service", path)
             for name in names]
    for call in calls:
        call.result()


def sync(callers):
    """What they have sent has arrived."""
    for caller in callers:
        caller.sync()


def outcome(call):
    """None, or the name and the text of the error."""
    try:
        return call.result()
    except BusError as error:
        return error.name, error.message


# Each has its own answer


def test_two_hundred_questions_have_the_right_answer_each(comard):
    for number in range(10):
        text = service_script("""
            def status():
                return RUNS
            """, RUNS=number % 2).replace('": "', f'": "{number} ')
        comard.register(f"app{number}", text)
    callers = connect(comard)
    for caller in callers[::2]:
        caller.set_locale("tr")
    calls = {(index, number): caller.service(f"app{number}").begin("info")
             for number in range(10) for index, caller in enumerate(callers)}
    assert len(calls) == COUNT
    for (index, number), call in calls.items():
        description = f"{number} Server" if index % 2 else f"{number} Sunucu"
        assert call.result() == ("server", description, "started" if number % 2 else "off")


def test_two_hundred_services_are_started_once_each_and_stopped_once_each(comard, told, gate):
    names = [f"app{number}" for number in range(COUNT)]
    broken = names[::10]
    running = sorted(set(names) - set(broken))
    server = comard.program("server")
    register_all(comard, names, held_script("""
        PIDFILE = FOLDER + "/" + script() + ".pid"

        def start():
            tell(("start", script()))
            wait()
            if script() in BROKEN:
                fail(script() + " is broken")
            startService(command=SERVER, pidfile=PIDFILE, makepid=True, detach=True, donotify=True)

        def stop():
            tell(("stop", script()))
            wait()
            stopService(pidfile=PIDFILE, command=SERVER, donotify=True)
        """, gate, told=told, SERVER=server, FOLDER=comard.place.folder, BROKEN=broken))
    changed = comard.signals()

    def ask_all(method):
        """Each of them twice, by two callers, before the first is done."""
        callers = connect(comard)
        calls = [(name, caller.service(name).begin(method)) for index, name in enumerate(names)
                 for caller in (callers[index % CALLERS], callers[(index + 1) % CALLERS])]
        sync(callers)
        gate.open(COUNT)
        answers = [(name, outcome(call)) for name, call in calls]
        runs = [told.value() for _ in range(COUNT)]
        assert told.lines() == []
        assert sorted(runs) == sorted((method, name) for name in names)
        return answers

    for name, answer in ask_all("start"):
        assert answer == (("Exception", f"{name} is broken") if name in broken else None)
    mains = {row["name"]: row["pid"] for row in comard.bus.list_services() if row["pid"]}
    assert sorted(mains) == running
    assert len(set(mains.values())) == len(running)
    mains = [Process(pid) for pid in mains.values()]
    assert all(main.argv[0] == server for main in mains)

    assert all(answer is None for _, answer in ask_all("stop"))
    for main in mains:
        main.wait_gone()
    assert sorted(changed.all()) == sorted(
        (name, state) for name in running for state in ("started", "stopped"))


@pytest.mark.parametrize("concurrency", [1, 32])
def test_two_hundred_calls_that_call_another_script_have_their_own_answers(narrow, concurrency):
    comard = narrow(concurrency)
    comard.register("front", service_script("""
        def setState(state):
            try:
                call("back", "System.Service", "setState", [state])
            except Exception as error:
                fail("back says: " + str(error))
        """))
    comard.register("back", service_script("""
        def setState(state):
            fail("heard " + state)
        """))
    callers = connect(comard)
    calls = [callers[number % CALLERS].service("front").begin("setState", "s", f"word {number}")
             for number in range(COUNT)]
    for number, call in enumerate(calls):
        assert outcome(call) == ("Exception", f"back says: heard word {number}")


# Turns


def test_a_thousand_calls_of_one_delay_another_by_a_few(narrow, told, gate):
    comard = narrow(2)
    comard.register("slow", held_script(SLOW, gate, told=told))
    comard.register("quick", service_script(QUICK))
    crowd, other = connect(comard, 2)
    calls = [crowd.service("slow").begin("info") for _ in range(1000)]
    crowd.sync()
    assert [told.value(), told.value()] == ["slow", "slow"]
    question = other.service("quick").begin("info")
    other.sync()
    # Two run, and a third may be next.
    gate.open(3)
    assert question.result() == ("server", "Server", "off")
    assert sum(call.done for call in calls) <= 3


@pytest.mark.parametrize("method, decorator", [
    ("start", ""), ("start", "@synchronized"), ("setState", "@synchronized"), ("info", "")])
def test_no_more_scripts_run_at_once_than_may(narrow, told, gate, method, decorator):
    limit, count = 3, 12
    comard = narrow(limit)
    names = [f"app{number}" for number in range(count)]
    register_all(comard, names, held_script(f"""
        {decorator}
        def {"status" if method == "info" else method}({"state" if method == "setState" else ""}):
            tell("in")
            wait()
            tell("out")
        """, gate, told=told))
    arguments = ("s", "on") if method == "setState" else ()
    calls = [comard.connect().service(name).begin(method, *arguments) for name in names]
    assert [told.value() for _ in range(limit)] == ["in"] * limit
    # The next one comes when one has left, not before.
    for _ in range(count - limit):
        gate.open()
        assert [told.value(), told.value()] == ["out", "in"]
    gate.open(limit)
    assert [told.value() for _ in range(limit)] == ["out"] * limit
    for call in calls:
        call.result()


def test_who_waits_for_a_lock_does_not_count(narrow, told, gate):
    comard = narrow(2)
    comard.register("locked", held_script("""
        def setState(state):
            tell("asks")
            locked()

        @synchronized
        def locked():
            tell("in")
            wait()
            tell("out")
        """, gate, told=told))
    comard.register("quick", service_script(QUICK))
    calls = [comard.connect().service("locked").begin("setState", "s", "on") for _ in range(10)]
    seen = [told.value() for _ in range(11)]
    assert sorted(seen) == ["asks"] * 10 + ["in"]
    assert comard.service("quick").state == "off"
    gate.open(10)
    for call in calls:
        call.result()
    # One after the other, all the same.
    assert [told.value() for _ in range(19)] == ["out", "in"] * 9 + ["out"]


def test_hundreds_who_wait_for_a_lock_do_not_keep_root_waiting(narrow, told, gate):
    comard = narrow(32)
    comard.register("locked", held_script("""
        @synchronized
        def start():
            tell("start")
            wait()

        @synchronized
        def status():
            return True
        """, gate, told=told))
    quick = comard.register("quick", service_script(QUICK))
    start = comard.service("locked").begin("start")
    assert told.value() == "start"
    with user("nobody"):
        crowd = connect(comard, 3)
    calls = [caller.service("locked").begin("info") for caller in crowd for _ in range(100)]
    sync(crowd)
    # They take turns with root, so at the end all of them wait for the lock.
    for _ in range(120):
        assert quick.begin("info").result(within=20) == ("server", "Server", "off")
    gate.open()
    start.result()
    for call in calls:
        assert call.result()[2] == "started"


# Limits


def test_one_user_who_asks_for_too_much_is_refused_and_root_is_served(narrow, told, gate):
    comard = narrow(1)
    comard.register("slow", held_script(SLOW, gate, told=told))
    comard.register("quick", service_script(QUICK))
    limit, connections, each = 4096, 5, 1000
    with user("nobody"):
        crowd = connect(comard, connections)
    calls = [caller.service("slow").begin("info") for _ in range(each) for caller in crowd]
    sync(crowd)
    assert told.value() == "slow"
    # One runs, and so many wait.
    refused = connections * each - limit - 1
    wait_until(lambda: sum(call.done for call in calls) == refused, 60, "the refusals")
    errors = [outcome(call) for call in calls if call.done]
    assert {name for name, _ in errors} == {"Busy"}

    question = comard.service("quick").begin("info")
    comard.bus.sync()
    gate.open(connections + 1)
    assert question.result() == ("server", "Server", "off")
    assert sum(call.done for call in calls) <= refused + connections + 1


def test_a_service_that_too_many_wait_for_is_busy_and_others_are_not(narrow, told, gate):
    comard = narrow(32)
    app = comard.register("app", held_script(HELD, gate, told=told))
    comard.register("other", service_script(QUICK))
    first = app.begin("start")
    assert told.value() == "start"
    turns = [app.begin(method) for _ in range(128) for method in ("stop", "start")]
    one_more = app.begin("stop")
    joined = app.begin("start")
    assert outcome(one_more)[0] == "Busy"
    assert comard.service("other").state == "off"
    gate.open(1 + len(turns))
    for call in (first, *turns, joined):
        call.result()
    assert [told.value() for _ in turns] == ["stop", "start"] * 128


def test_all_who_wait_are_told_when_comard_stops(narrow, told, gate):
    comard = narrow(2)
    comard.register("slow", held_script(SLOW, gate, told=told))
    comard.register("app", held_script(HELD, gate, told=told))
    callers = connect(comard)
    calls = [caller.service(app).begin(method) for caller in callers
             for app, method in (("slow", "info"), ("app", "start"), ("app", "stop"))]
    sync(callers)
    told.value()
    comard.stop()
    assert {name for name, _ in map(outcome, calls)} == {"Cancelled"}


# Calls within calls


@pytest.mark.parametrize("others", [["a"], ["b", "a"]], ids=["itself", "two"])
def test_a_status_that_asks_itself_without_end_is_an_error(comard, others):
    names = ["a", "b"]
    for name, other in zip(names, others):
        comard.register(name, service_script("""
            def status():
                return call(OTHER, "System.Service", "info")[2] == "on"
            """, OTHER=other))
    comard.register("quick", service_script(QUICK))
    # Ten of them at once.
    for call in [comard.connect().service("a").begin("info") for _ in range(10)]:
        name, text = outcome(call)
        assert name == "Internal"
        assert "calls wait for each other" in text
    assert comard.service("quick").state == "off"


@pytest.mark.parametrize("method, arguments", [("setState", ["on"]), ("stop", [])])
def test_a_call_that_is_waited_for_no_longer_may_call_back(comard, told, method, arguments):
    gates = {name: comard.gate(name) for name in ("first", "second")}
    comard.register("first", held_script("""
        @synchronized
        def start():
            try:
                call("second", "System.Service", "start", timeout=1)
            except Exception as error:
                tell((type(error).__name__, str(error)))
            wait()
            tell("first is done")

        @synchronized
        def setState(state):
            pass

        @synchronized
        def stop():
            pass
        """, gates["first"], told=told))
    comard.register("second", held_script("""
        def start():
            tell("second begins")
            wait()
            tell("second calls back")
            call("first", "System.Service", METHOD, ARGUMENTS)
            tell("second is done")
        """, gates["second"], told=told, METHOD=method, ARGUMENTS=arguments))
    start = comard.service("first").begin("start")
    begun, (name, text) = sorted((told.value(), told.value()), key=lambda value: type(value) is tuple)
    assert begun == "second begins"
    assert name == "TimedOut"
    assert "second.start" in text
    gates["second"].open()
    assert told.value() == "second calls back"
    # It joins the run that calls back, and hears how that ends.
    second = comard.service("second").begin("start")
    comard.bus.sync()
    gates["first"].open()
    assert outcome(start) is None
    assert outcome(second) is None
    assert [told.value(), told.value()] == ["first is done", "second is done"]


def test_the_late_answer_of_a_call_that_was_given_up_is_nobodys(comard, told, gate):
    comard.register("back", held_script("""
        def setState(state):
            wait()
            fail("heard " + state)
        """, gate))
    comard.register("front", service_script("""
        def start():
            heard = []
            for word in ("one", "two", "three"):
                try:
                    call("back", "System.Service", "setState", [word], timeout=0.1)
                except Exception as error:
                    heard.append(type(error).__name__)
            tell(heard)
            try:
                call("back", "System.Service", "setState", ["four"])
            except Exception as error:
                tell(str(error))
        """, told=told))
    start = comard.service("front").begin("start")
    assert told.value() == ["TimedOut"] * 3
    gate.open(4)
    assert told.value() == "heard four"
    assert start.result() is None


# Many callers of one service


def test_requests_that_wait_together_are_one_run(comard, told, gate):
    app = comard.register("app", held_script(HELD, gate, told=told))
    callers = connect(comard)
    calls = [app.begin("start")]
    assert told.value() == "start"
    for method in ("start", "stop", "start"):
        calls += [caller.service("app").begin(method) for caller in callers for _ in range(5)]
        sync(callers)
    assert not any(call.done for call in calls)
    gate.open(3)
    for call in calls:
        assert call.result() is None
    assert [told.value() for _ in range(2)] == ["stop", "start"]
    assert told.lines() == []


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_starts_and_stops_ends_as_the_last_one_wants(comard, told, gate, seed):
    server = comard.program("server")
    app = comard.register("app", held_script("""
        def start():
            tell("start")
            wait()
            startService(command=SERVER, pidfile=PIDFILE, makepid=True, detach=True, donotify=True)
            tell("done")

        def stop():
            tell("stop")
            stopService(pidfile=PIDFILE, donotify=True)
            tell("done")

        def status():
            return isServiceRunning(PIDFILE, SERVER)
        """, gate, told=told, SERVER=server, PIDFILE=comard.place.folder / "pid"))
    changed = comard.signals()
    methods = random.Random(seed).choices(["start", "stop"], k=COUNT)
    callers = connect(comard)
    calls = [app.begin("start")]
    calls += [callers[index % CALLERS].service("app").begin(method)
              for index, method in enumerate(methods)]
    sync(callers)
    gate.open(COUNT + 1)
    for call in calls:
        assert call.result() is None

    runs = [line.strip("'") for line in told.lines()]
    # One at a time, and fewer than were asked for.
    assert set(runs[1::2]) == {"done"}
    assert "done" not in runs[::2]
    assert len(runs) // 2 < len(calls)
    check_agreement(comard, app, server, is_running=runs[-2] == "start")
    states = [state for _, state in changed.all()]
    assert states == ["started" if run == "start" else "stopped" for run in changes_of(runs[::2])]

    app.stop()
    check_agreement(comard, app, server, is_running=False)
    app.start()
    check_agreement(comard, app, server, is_running=True)
    app.stop()
    check_agreement(comard, app, server, is_running=False)


def changes_of(runs):
    """The runs that have changed something: not a stop of what was stopped."""
    kept = []
    for run in runs:
        if run != (kept[-1] if kept else "stop"):
            kept.append(run)
    return kept


def check_agreement(comard, app, server, is_running):
    """The script, comard and the kernel say the same."""
    processes = [process for process in comard.place.cgroup.processes()
                 if process.argv[:1] == [server]]
    assert len(processes) == is_running
    supervision = app.supervision
    assert supervision["PIDs"] == [process.pid for process in processes]
    assert supervision["State"] == ("running" if is_running else "stopped")
    assert app.state == ("started" if is_running else "off")
