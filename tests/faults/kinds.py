"""The faults: each hurts one part of the cluster for a while and heals it again, step by step, so that others go on."""

import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.local.clients import SERVICES
from tests.faults import clocks, harm
from tests.faults.harm import SOON, Hurt, Steps
from tests.faults.poison import HEARERS, poison
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from tests.faults.rig import Rig

DRAIN_WITHIN = 25
PROCESSES = tuple(f"{service}{replica}" for service in SERVICES for replica in ("", "-2"))
LEASES = tuple((service, "relay") for service in SERVICES) + tuple((service, "consumer policy") for service in HEARERS)
NATS, POSTGRES = "NATS", "PostgreSQL"


@dataclass(frozen=True)
class Kind:
    """What the seed chooses from, and what is done to it.

    A choice is the name of a process or of a server; or of a lease, and then the process is meant that holds it.
    """

    hurt: Hurt
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


def poisoned(rig: "Rig", _: str, dice: random.Random) -> Steps:
    """Every service that hears of it must park it, and nothing else."""
    rig.poisoned |= poison(rig.postgres.url, dice)
    yield 0.0


def to_postgres(rig: "Rig") -> Mapping[str, Proxy]:
    return rig.cluster.proxies


def to_nats(rig: "Rig") -> Mapping[str, Proxy]:
    return rig.cluster.nats_proxies


WAY, NATS_WAY = "{}'s way to PostgreSQL", "{}'s way to NATS"
HOLDERS = tuple(f"{service}/{lease}" for service, lease in LEASES)
KINDS: dict[str, Kind] = {
    "kill -9 a service": Kind(kill, PROCESSES),
    "stop and continue a service": Kind(pause, PROCESSES),
    "SIGTERM a service": Kind(terminate, PROCESSES),
    "kill -9 a lease holder": Kind(kill, HOLDERS, (POSTGRES,)),
    "stop and continue a lease holder": Kind(pause, HOLDERS, (POSTGRES,)),
    "SIGTERM a lease holder": Kind(terminate, HOLDERS, (POSTGRES,)),
    "kill -9 NATS": Kind(harm.nats_kill, (NATS,)),
    "stop and continue NATS": Kind(harm.nats_pause, (NATS,)),
    "SIGTERM NATS": Kind(harm.nats_terminate, (NATS,)),
    "delete JetStream's directory": Kind(harm.nats_wipe, (NATS,)),
    "kill -9 PostgreSQL": Kind(harm.postgres_kill, (POSTGRES,)),
    "stop and continue the postmaster": Kind(harm.postgres_pause, (POSTGRES,)),
    "stop and continue all of PostgreSQL": Kind(harm.postgres_freeze, (POSTGRES,)),
    "SIGTERM PostgreSQL": Kind(harm.postgres_terminate, (POSTGRES,)),
    "the database answers late": Kind(harm.late, SERVICES, part=WAY),
    "a consumer is slow": Kind(harm.slow_consumer, HEARERS, (POSTGRES,), part=WAY),
    "connections reset and refused": Kind(harm.drop(to_postgres), SERVICES, part=WAY),
    "connections half open": Kind(harm.half_open(to_postgres), SERVICES, part=WAY),
    "cut between COMMIT and its answer": Kind(harm.lose_answer, SERVICES, (POSTGRES,), part=WAY),
    "NATS connections reset and refused": Kind(harm.drop(to_nats), SERVICES, part=NATS_WAY),
    "NATS connections half open": Kind(harm.half_open(to_nats), SERVICES, part=NATS_WAY),
    "a clock jumps ahead": Kind(clocks.ahead, SERVICES, part="{}'s clock"),
    "a clock jumps back": Kind(clocks.back, PROCESSES, (POSTGRES,)),
    "a poisoned announcement": Kind(poisoned, ("policy",), (POSTGRES,), part="{}'s outbox"),
}
