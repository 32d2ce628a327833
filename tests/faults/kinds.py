"""The faults: each hurts one part of the cluster for a while and heals it again, step by step, so that others go on.

A fault yields the seconds until its next step, and is taken further by the thread that owns the processes.
"""

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from deploy.local.clients import SERVICES
from tests.faults.poison import HEARERS, poison

if TYPE_CHECKING:
    from tests.faults.rig import Rig

Steps: TypeAlias = Iterator[float]

DRAIN_WITHIN = 25
PROCESSES = tuple(f"{service}{replica}" for service in SERVICES for replica in ("", "-2"))
LEASES = tuple((service, "relay") for service in SERVICES) + tuple((service, "consumer policy") for service in HEARERS)
NATS, POSTGRES = "NATS", "PostgreSQL"
SOON = 0.05


@dataclass(frozen=True)
class Kind:
    """What the seed chooses from, and what is done to it.

    A choice is the name of a process or of a server; or of a lease, and then the process is meant that holds it.
    """

    hurt: Callable[["Rig", str, random.Random], Steps]
    choices: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """What must be whole when it begins, besides what it hurts."""
    part: str = "{}"
    """What is hurt of the one that is chosen; no two faults hurt the same at once."""


def kill(rig: "Rig", process: str, dice: random.Random) -> Steps:
    """`kill -9`, and a new process after a while."""
    rig.cluster.services[process].kill()
    yield dice.uniform(0.0, 1.5)
    rig.cluster.start_service(process)


def pause(rig: "Rig", process: str, dice: random.Random) -> Steps:
    """Stopped for so long that its leases may go to the other replica, and then it goes on as if nothing were."""
    child = rig.cluster.services[process]
    child.send(signal.SIGSTOP)
    yield dice.uniform(0.5, 5.0)
    child.send(signal.SIGCONT)


def terminate(rig: "Rig", process: str, dice: random.Random) -> Steps:
    """SIGTERM: it must finish what it has begun, and end by itself with status 0."""
    child = rig.cluster.services[process]
    child.send(signal.SIGTERM)
    deadline = time.monotonic() + DRAIN_WITHIN
    while child.running and time.monotonic() < deadline:
        yield SOON
    if child.running:
        rig.violated(f"{process} did not end within {DRAIN_WITHIN} s of SIGTERM")
        child.kill()
    elif child.exit_status != 0:
        rig.violated(f"{process} ended with status {child.exit_status} after SIGTERM: {child.last_line}")
    rig.cluster.start_service(process)


def nats_kill(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.nats.child.kill()
    yield dice.uniform(0.0, 2.0)
    rig.nats.start()


def nats_pause(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.nats.child.send(signal.SIGSTOP)
    yield dice.uniform(0.5, 4.0)
    rig.nats.child.send(signal.SIGCONT)


def nats_restart(rig: "Rig", _: str, dice: random.Random) -> Steps:
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


def postgres_restart(rig: "Rig", _: str, dice: random.Random) -> Steps:
    rig.postgres.stop()
    yield dice.uniform(0.0, 0.5)
    rig.postgres.start()


def late(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """Every answer of the database is late."""
    proxy = rig.cluster.proxies[service]
    proxy.delay = 0.03
    yield dice.uniform(1.0, 3.0)
    proxy.delay = 0.0


def slow_consumer(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """A service takes so long for everything that it falls behind what the others announce."""
    proxy = rig.cluster.proxies[service]
    proxy.delay = 0.25
    yield dice.uniform(2.0, 4.0)
    proxy.delay = 0.0


def drop(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """The database's connections are reset, and new ones are refused for a while."""
    proxy = rig.cluster.proxies[service]
    proxy.refusing = True
    proxy.cut()
    yield dice.uniform(0.2, 3.0)
    proxy.refusing = False


def half_open(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """The connections are there, and nothing passes; then they are reset."""
    proxy = rig.cluster.proxies[service]
    proxy.hold()
    yield dice.uniform(0.5, 4.0)
    proxy.cut()
    proxy.release()


def lose_answer(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """An append has committed, and its answer never arrives."""
    proxy = rig.cluster.proxies[service]
    before, deadline = proxy.lost, time.monotonic() + 15
    proxy.lose_next_append()
    while proxy.lost == before and time.monotonic() < deadline:
        yield SOON
    proxy.disarm()


def jump(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """One service's clock jumps ahead of the others'."""
    moving = rig.begin(rig.move_clock(service, timedelta(hours=dice.randrange(1, 7))), 120)
    while not moving.done():
        yield SOON
    moving.result()


def poisoned(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """Every service that hears of it must park it, and nothing else."""
    rig.poisoned |= poison(rig.postgres.url, dice)
    yield 0.0


WAY = "{}'s way to PostgreSQL"
HOLDERS = tuple(f"{service}/{lease}" for service, lease in LEASES)
KINDS: dict[str, Kind] = {
    "kill -9 a service": Kind(kill, PROCESSES),
    "stop and continue a service": Kind(pause, PROCESSES),
    "SIGTERM a service": Kind(terminate, PROCESSES),
    "kill -9 a lease holder": Kind(kill, HOLDERS, (POSTGRES,)),
    "stop and continue a lease holder": Kind(pause, HOLDERS, (POSTGRES,)),
    "SIGTERM a lease holder": Kind(terminate, HOLDERS, (POSTGRES,)),
    "kill -9 NATS": Kind(nats_kill, (NATS,)),
    "stop and continue NATS": Kind(nats_pause, (NATS,)),
    "restart NATS": Kind(nats_restart, (NATS,)),
    "delete JetStream's directory": Kind(nats_wipe, (NATS,)),
    "kill -9 PostgreSQL": Kind(postgres_kill, (POSTGRES,)),
    "stop and continue PostgreSQL": Kind(postgres_pause, (POSTGRES,)),
    "restart PostgreSQL": Kind(postgres_restart, (POSTGRES,)),
    "the database answers late": Kind(late, SERVICES, part=WAY),
    "a consumer is slow": Kind(slow_consumer, HEARERS, part=WAY),
    "connections reset and refused": Kind(drop, SERVICES, part=WAY),
    "connections half open": Kind(half_open, SERVICES, part=WAY),
    "cut between COMMIT and its answer": Kind(lose_answer, SERVICES, (POSTGRES,), part=WAY),
    "a clock jumps": Kind(jump, SERVICES, part="{}'s clock"),
    "a poisoned announcement": Kind(poisoned, ("policy",), (POSTGRES,), part="{}'s outbox"),
}
