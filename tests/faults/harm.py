"""What is done to the servers under the services, NATS and PostgreSQL, and to the way to them.

A fault yields the seconds until its next step, and is taken further by the thread that owns the processes.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import psycopg

from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from tests.faults.rig import Rig

Steps: TypeAlias = Iterator[float]
Hurt: TypeAlias = Callable[["Rig", str, random.Random], Steps]
"""What is done to a part, named by what was chosen, by dice of its own."""

SOON = 0.05


def nats_kill(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.nats.child.kill()
    yield dice.uniform(0.0, 2.0)
    rig.nats.start()


def nats_pause(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.nats.child.send(signal.SIGSTOP)
    yield dice.uniform(0.5, 4.0)
    rig.nats.child.send(signal.SIGCONT)


def nats_terminate(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.nats.stop()
    yield dice.uniform(0.0, 2.0)
    rig.nats.start()


def nats_wipe(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """All that JetStream keeps is deleted."""
    rig.nats.child.kill()
    rig.nats.wipe()
    yield dice.uniform(0.0, 1.0)
    rig.nats.start()


def postgres_kill(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.postgres.child.kill()
    yield dice.uniform(0.0, 1.0)
    rig.postgres.start()


def postgres_pause(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """The postmaster alone: connections stay, new ones wait."""
    rig.postgres.child.send(signal.SIGSTOP)
    yield dice.uniform(0.5, 3.0)
    rig.postgres.child.send(signal.SIGCONT)


def postgres_freeze(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """The whole server, as when its machine stands still: connections stay, and nothing answers."""
    postmaster = rig.postgres.child
    postmaster.send(signal.SIGSTOP)  # First, so that no process is added while the others are stopped.
    stopped = _children_of(postmaster.pid)
    _send(stopped, signal.SIGSTOP)
    yield dice.uniform(0.5, 4.0)
    _send(stopped, signal.SIGCONT)
    postmaster.send(signal.SIGCONT)


def postgres_terminate(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """SIGTERM: it takes no new connection and waits for the others to end; after a while it no longer waits."""
    rig.postgres.child.send(signal.SIGTERM)
    yield dice.uniform(0.2, 1.5)
    rig.postgres.stop()
    yield dice.uniform(0.0, 0.5)
    rig.postgres.start()


def _children_of(pid: int) -> list[int]:
    """The processes that a process has started. While it is stopped none of their numbers can become another's."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It has ended meanwhile.
            state_and_parent = path.read_text().rpartition(")")[2].split()[:2]
            if int(state_and_parent[1]) == pid:
                found.append(int(path.parent.name))
    return found


def _send(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        os.kill(pid, number)


def late(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """Every answer of the database is late."""
    proxy = rig.cluster.proxies[service]
    proxy.delay = 0.03
    yield dice.uniform(1.0, 3.0)
    proxy.delay = 0.0


def slow_consumer(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """A service takes so long for everything that it falls behind what policy announces; how far is noted."""
    proxy = rig.cluster.proxies[service]
    proxy.delay = 1.0
    yield dice.uniform(4.0, 7.0)
    deadline, behind = time.monotonic() + 15, 0
    while not behind and time.monotonic() < deadline:
        asking = rig.begin(rig.behind_policy(service), 5)
        while not asking.done():
            yield SOON
        with suppress(psycopg.OperationalError, TimeoutError):  # Another fault has the database: nobody can tell now.
            behind = asking.result()
    rig.behind = max(rig.behind, behind)
    proxy.delay = 0.0


def drop(proxies: Callable[["Rig"], Mapping[str, Proxy]]) -> Hurt:
    """Connections are reset, and new ones are refused for a while."""

    def steps(rig: "Rig", service: str, dice: random.Random) -> Steps:
        proxy = proxies(rig)[service]
        proxy.refusing = True
        proxy.cut()
        yield dice.uniform(0.2, 3.0)
        proxy.refusing = False

    return steps


def half_open(proxies: Callable[["Rig"], Mapping[str, Proxy]]) -> Hurt:
    """The connections are there, and nothing passes; then they are reset."""

    def steps(rig: "Rig", service: str, dice: random.Random) -> Steps:
        proxy = proxies(rig)[service]
        proxy.hold()
        yield dice.uniform(0.5, 4.0)
        proxy.cut()
        proxy.release()

    return steps


def lose_answer(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """An append has committed, and its answer never arrives."""
    proxy = rig.cluster.proxies[service]
    before, deadline = proxy.lost, time.monotonic() + 15
    proxy.lose_next_append()
    while proxy.lost == before and time.monotonic() < deadline:
        yield SOON
    proxy.disarm()
