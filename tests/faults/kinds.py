"""The faults: each hurts one part of the cluster for a while and heals it again, on the thread that owns processes."""

import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from deploy.local.clients import SERVICES
from tests.faults.poison import poison

if TYPE_CHECKING:
    from tests.faults.rig import Rig

Fault = Callable[["Rig", random.Random], str]
"""Does it all; what was hurt, in a word."""

DRAIN_WITHIN = 25


def _any_process(rig: "Rig", dice: random.Random) -> str:
    return dice.choice(sorted(rig.cluster.services))


def _leader(rig: "Rig", dice: random.Random) -> str:
    """A process that holds leases; any, if none does just now."""
    holders = rig.lease_holders()
    return dice.choice(holders) if holders else _any_process(rig, dice)


def kill(rig: "Rig", process: str, dice: random.Random) -> str:
    """`kill -9`, and a new process after a while."""
    rig.cluster.services[process].kill()
    time.sleep(dice.uniform(0.0, 1.5))
    rig.cluster.start_service(process)
    return process


def pause(rig: "Rig", process: str, dice: random.Random) -> str:
    """Stopped for so long that its leases may go to the other replica, and then it goes on as if nothing were."""
    child = rig.cluster.services[process]
    child.send(signal.SIGSTOP)
    time.sleep(dice.uniform(0.5, 5.0))
    child.send(signal.SIGCONT)
    return process


def terminate(rig: "Rig", process: str, dice: random.Random) -> str:
    """SIGTERM: it must finish what it has begun, and end by itself with status 0."""
    child = rig.cluster.services[process]
    child.send(signal.SIGTERM)
    if not child.await_end(DRAIN_WITHIN):
        rig.violated(f"{process} did not end within {DRAIN_WITHIN} s of SIGTERM")
        child.kill()
    elif child.exit_status != 0:
        rig.violated(f"{process} ended with status {child.exit_status} after SIGTERM")
    rig.cluster.start_service(process)
    return process


def _of(act: Callable[["Rig", str, random.Random], str], pick: Callable[["Rig", random.Random], str]) -> Fault:
    return lambda rig, dice: act(rig, pick(rig, dice), dice)


def nats_kill(rig: "Rig", dice: random.Random) -> str:
    rig.nats.child.kill()
    time.sleep(dice.uniform(0.0, 2.0))
    rig.nats.start()
    return "NATS"


def nats_pause(rig: "Rig", dice: random.Random) -> str:
    rig.nats.child.send(signal.SIGSTOP)
    time.sleep(dice.uniform(0.5, 4.0))
    rig.nats.child.send(signal.SIGCONT)
    return "NATS"


def nats_restart(rig: "Rig", dice: random.Random) -> str:
    rig.nats.stop()
    time.sleep(dice.uniform(0.0, 2.0))
    rig.nats.start()
    return "NATS"


def nats_wipe(rig: "Rig", dice: random.Random) -> str:
    """All that JetStream keeps is deleted."""
    rig.nats.child.kill()
    rig.nats.wipe()
    rig.nats.start()
    return "NATS"


def postgres_kill(rig: "Rig", dice: random.Random) -> str:
    rig.postgres.child.kill()
    time.sleep(dice.uniform(0.0, 1.0))
    rig.postgres.start()
    return "PostgreSQL"


def postgres_pause(rig: "Rig", dice: random.Random) -> str:
    """The postmaster alone: connections stay, new ones wait."""
    rig.postgres.child.send(signal.SIGSTOP)
    time.sleep(dice.uniform(0.5, 3.0))
    rig.postgres.child.send(signal.SIGCONT)
    return "PostgreSQL"


def postgres_restart(rig: "Rig", dice: random.Random) -> str:
    rig.postgres.stop()
    rig.postgres.start()
    return "PostgreSQL"


def delay(rig: "Rig", dice: random.Random) -> str:
    """Every answer of the database is late, for everyone."""
    for proxy in rig.cluster.proxies.values():
        proxy.delay = 0.02
    time.sleep(dice.uniform(1.0, 3.0))
    for proxy in rig.cluster.proxies.values():
        proxy.delay = 0.0
    return "all services"


def slow_consumer(rig: "Rig", dice: random.Random) -> str:
    """One service takes so long for everything that it falls behind what the others announce."""
    service = dice.choice(SERVICES)
    rig.cluster.proxies[service].delay = 0.25
    time.sleep(dice.uniform(2.0, 4.0))
    rig.cluster.proxies[service].delay = 0.0
    return service


def drop(rig: "Rig", dice: random.Random) -> str:
    """The database's connections are reset, and new ones are refused for a while."""
    service = dice.choice(SERVICES)
    proxy = rig.cluster.proxies[service]
    proxy.refusing = True
    proxy.cut()
    time.sleep(dice.uniform(0.2, 3.0))
    proxy.refusing = False
    return service


def half_open(rig: "Rig", dice: random.Random) -> str:
    """The connections are there, and nothing passes; then they are reset."""
    service = dice.choice(SERVICES)
    proxy = rig.cluster.proxies[service]
    proxy.hold()
    time.sleep(dice.uniform(0.5, 4.0))
    proxy.cut()
    proxy.release()
    return service


def lose_answer(rig: "Rig", dice: random.Random) -> str:
    """An append has committed, and its answer never arrives."""
    service = dice.choice(SERVICES)
    proxy = rig.cluster.proxies[service]
    before, deadline = proxy.lost, time.monotonic() + 5
    proxy.lose_next_append()
    while proxy.lost == before and time.monotonic() < deadline:
        time.sleep(0.02)
    proxy.disarm()
    return service if proxy.lost > before else f"{service} (idle)"


def jump(rig: "Rig", dice: random.Random) -> str:
    """One service's clock jumps ahead of the others'."""
    service = dice.choice(SERVICES)
    rig.move_clock(service, timedelta(hours=dice.randrange(1, 7)))
    return service


KINDS: dict[str, Fault] = {
    "kill -9 a service": _of(kill, _any_process),
    "stop and continue a service": _of(pause, _any_process),
    "SIGTERM a service": _of(terminate, _any_process),
    "kill -9 a lease holder": _of(kill, _leader),
    "stop and continue a lease holder": _of(pause, _leader),
    "SIGTERM a lease holder": _of(terminate, _leader),
    "kill -9 NATS": nats_kill,
    "stop and continue NATS": nats_pause,
    "restart NATS": nats_restart,
    "delete JetStream's directory": nats_wipe,
    "kill -9 PostgreSQL": postgres_kill,
    "stop and continue PostgreSQL": postgres_pause,
    "restart PostgreSQL": postgres_restart,
    "the database answers late": delay,
    "a consumer is slow": slow_consumer,
    "connections reset and refused": drop,
    "connections half open": half_open,
    "cut between COMMIT and its answer": lose_answer,
    "a clock jumps": jump,
    "a poisoned announcement": poison,
}


def schedule(dice: random.Random) -> "list[str]":
    """Every kind once, in an order of the seed's."""
    names = sorted(KINDS)
    dice.shuffle(names)
    return names
