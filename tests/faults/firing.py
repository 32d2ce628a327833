"""Carries a plan out: several faults at once, never two on the same part, each taken from step to step.

This is the thread that owns the processes. No fault waits until the one before it is over.
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from tests.faults.kinds import KINDS, NATS, POSTGRES, PROCESSES, Steps
from tests.faults.plan import Planned

if TYPE_CHECKING:
    from tests.faults.rig import Rig

AT_ONCE = 3
TICK = 0.02
LATE = 30.0
"""Seconds that may be added for planned faults which could not begin, as what they hurt had not recovered."""


@dataclass
class Injected:
    """One fault. `recovered` are the seconds from its end until what it hurt answered, and a new change was stored."""

    kind: str
    where: str
    begun: float
    unheard: set[str] = field(default_factory=set)
    """The processes that must answer before it counts as over."""
    healed: float | None = None
    recovered: float | None = None


@dataclass
class _Active:
    injected: Injected
    steps: Steps
    due: float


class Firing:
    """One run of a plan."""

    def __init__(self, rig: "Rig") -> None:
        self._rig = rig
        self._active: list[_Active] = []

    def run(self, plan: Iterable[Planned], seconds: float) -> None:
        """Returns when the time is up, all that was planned has begun, if late, and every fault is healed."""
        waiting = list(plan)
        begun = time.monotonic()
        while self._active or time.monotonic() < begun + seconds + (LATE if waiting else 0):
            now = time.monotonic()
            due = [one for one in waiting if one.at <= now - begun < seconds + LATE]
            for one in due:
                if len(self._active) < AT_ONCE and self._begin(one):
                    waiting.remove(one)
            self._go_on()
            self._rig.look_after(self._hurting)
            time.sleep(TICK)

    @property
    def _hurting(self) -> set[str]:
        return {one.injected.where for one in self._active}

    def _begin(self, one: Planned) -> bool:
        """Whether it could begin: what it hurts is not hurt yet, and a process has answered since it was last hurt."""
        kind, hurting = KINDS[one.kind], self._hurting
        if not hurting.isdisjoint(kind.needs):
            return False
        where = self._holder(one.choice) if "/" in one.choice else kind.part.format(one.choice)
        if where in hurting | self._rig.unheard:
            return False
        injected = Injected(one.kind, where, time.monotonic(), _concerned(where, one.choice))
        steps = kind.hurt(self._rig, where if where in PROCESSES else one.choice, random.Random(one.seed))
        self._active.append(_Active(injected, steps, time.monotonic()))
        for other in self._rig.injected:
            other.unheard.discard(where)
        self._rig.tell(f"{one.kind}: {where}")
        return True

    def _go_on(self) -> None:
        for one in tuple(self._active):
            if time.monotonic() < one.due:
                continue
            try:
                one.due = time.monotonic() + next(one.steps)
            except StopIteration:
                self._active.remove(one)
                # What others have hurt is their matter.
                one.injected.unheard -= (self._hurting | self._rig.unheard) - {one.injected.where}
                self._rig.healed(one.injected)

    def _holder(self, lease: str) -> str:
        """The process that holds a lease, or the one that would take it first."""
        service, _, name = lease.partition("/")
        with psycopg.connect(self._rig.postgres.url, autocommit=True, connect_timeout=10) as admin:
            row = admin.execute(f"SELECT holder FROM {service}.lease WHERE name = %s", (name,)).fetchone()
        pid = int(row[0].rpartition("/")[2]) if row else 0
        children = self._rig.cluster.services
        return next((process for process, child in children.items() if child.pid == pid), service)


def _concerned(where: str, choice: str) -> set[str]:
    """The processes that must answer after a fault."""
    if where in PROCESSES:
        return {where}
    if where in (NATS, POSTGRES):
        return set(PROCESSES)
    return {choice, f"{choice}-2"}
