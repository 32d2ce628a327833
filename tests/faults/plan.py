"""Which faults are injected when: all of it follows from the seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.kinds import KINDS

PAUSE = (1.5, 5.0)
"""Seconds between the beginnings of two faults."""


@dataclass(frozen=True)
class Planned:
    """One fault: when it begins in seconds, what it is, what it hurts, and the seed of its own dice."""

    at: float
    kind: str
    choice: str
    seed: int


def planned(seed: int, seconds: float, kinds: Sequence[str] = ()) -> list[Planned]:
    """A plan for so many seconds. Every kind comes once before any comes twice; `kinds`, if given, in their order."""
    dice = random.Random(seed)
    plan: list[Planned] = []
    waiting: list[str] = []
    at = 0.0
    while at < seconds:
        if not waiting:
            waiting = list(kinds) or dice.sample(sorted(KINDS), len(KINDS))
        kind = waiting.pop(0)
        plan.append(Planned(at, kind, dice.choice(KINDS[kind].choices), dice.getrandbits(32)))
        at += dice.uniform(*PAUSE)
    return plan
