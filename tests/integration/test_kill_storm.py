# SPDX-License-Identifier: MIT
"""Services, script hosts and comard itself are killed at random: in the end runs what should run, once each."""

import os
import random
import time

from support.bus import BusError
from support.footprint import family
from support.herd import Herd, untruths

SERVICES = int(os.environ.get("COMAR_STORM_SERVICES", "100"))
ROUNDS = int(os.environ.get("COMAR_STORM_ROUNDS", "6"))
SEED = int(os.environ.get("COMAR_STORM_SEED", "20261126"))
LONGEST = 25    # seconds of killing, whatever there is left to do
SETTINGS = {"serviceRestart": "always", "serviceRestartLimit": "for ever", "serviceRestartMaxDelay": 0.2,
            "serviceReadiness": "exit"}


def kill_some(herd, chance, running):
    """Kills up to a third of what runs."""
    board = herd.board()
    alive = [process for name in sorted(running) for process in board[name]]
    victims = chance.sample(alive, min(len(alive), max(1, len(running) // 3)))
    for process in victims:
        if process.alive:
            process.signal(9)
    for process in victims:
        process.wait_gone()


def kill_script_hosts(comard):
    for process in family(comard.pid):
        if process.comm == "comar-script-ho" and process.alive:
            process.signal(9)


def change_minds(herd, chance, running):
    """An administrator stops some services and starts some others, meanwhile; waits for neither."""
    pending = []
    for name in chance.sample(herd.names, len(herd.names) // 10):
        if name in running:
            running.discard(name)
            pending.append((name, "stop", herd.comard.service(name).begin("stop")))
        else:
            running.add(name)
            pending.append((name, "start", herd.comard.service(name).begin("start")))
    return pending


def finish(herd, pending):
    """A call whose worker was killed under it has failed, and is made again as a person would."""
    for name, method, call in pending:
        for _ in range(5):
            try:
                call.result()
                break
            except BusError:
                call = herd.comard.service(name).begin(method)
        else:
            call.result()


def wait_settled(herd, running):
    herd.comard.until(lambda: herd.is_settled(running), lambda: herd.disagreement(running))


def test_services_and_script_hosts(start_comard):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    comard = start_comard()
    herd = Herd(comard, SERVICES, **SETTINGS)
    changed = comard.signals()
    herd.start_all()
    running = set(herd.names)
    enough = time.monotonic() + LONGEST
    for _ in range(ROUNDS):
        pending = change_minds(herd, chance, running)
        kill_some(herd, chance, running)
        if chance.random() < 0.5:
            kill_script_hosts(comard)
        kill_some(herd, chance, running)
        finish(herd, pending)
        if time.monotonic() > enough:
            break
    wait_settled(herd, running)
    wrong, last = untruths(changed.all())
    assert not wrong
    assert {name for name, state in last.items() if state == "started"} == running
    stop_all(herd)


def test_comard_itself(start_comard):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    comard = start_comard()
    herd = Herd(comard, SERVICES, **SETTINGS)
    herd.start_all()
    running = set(herd.names)
    enough = time.monotonic() + LONGEST
    for _ in range(ROUNDS):
        before = herd.board()
        kill_some(herd, chance, running)
        if chance.random() < 0.5:
            comard.bus.sync()
        comard.kill()
        if chance.random() < 0.5:
            kill_some(herd, chance, running)
        alive = [process for processes in before.values() for process in processes if process.alive]
        comard.start()
        assert all(process.alive for process in alive), "what runs is left alone"
        if time.monotonic() > enough:
            break
    wait_settled(herd, running)
    for name in chance.sample(sorted(running), len(running) // 4):
        comard.service(name).stop()
        running.discard(name)
    comard.kill()
    kill_some(herd, chance, running)
    comard.start()
    changed = comard.signals()
    wait_settled(herd, running)
    assert not untruths(changed.all())[0]
    stop_all(herd)


def test_comard_in_the_middle_of_stops_and_starts(start_comard):
    """What an administrator has said counts from when comard knows it; nothing may run twice."""
    print(f"seed {SEED}")
    chance = random.Random(SEED + 1)
    comard = start_comard()
    herd = Herd(comard, SERVICES // 4, **SETTINGS)
    herd.start_all()
    enough = time.monotonic() + LONGEST
    for _ in range(ROUNDS):
        for name in chance.sample(herd.names, len(herd.names) // 2):
            herd.comard.service(name).begin(chance.choice(["stop", "start"]))
            herd.comard.bus.begin("/", "tr.org.pardus.comar.Manager", "Restart", "s",
                                  chance.choice(herd.names))
        for _ in range(chance.randrange(4)):
            comard.bus.sync()
        comard.kill()
        comard.start()
        board = herd.board()
        assert all(len(processes) <= 1 for processes in board.values()), board
        if time.monotonic() > enough:
            break
    for name in herd.names:
        comard.service(name).start()
    wait_settled(herd, set(herd.names))
    stop_all(herd)


def stop_all(herd):
    for pending in [herd.comard.service(name).begin("stop") for name in herd.names]:
        pending.result()
    assert all(processes == [] for processes in herd.board().values())
