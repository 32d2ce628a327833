"""What a policy pays of one event, before its yearly limits: the same steps as a claim goes through, in the same order.

Waiting period, deductible per event, co-insurance; then the limits of `limits.py`. A waiting period takes the share
of an interruption's loss that its first hours have of all its hours: the loss grows evenly with the hours, and the
hours come from an outage's duration in the loss database. An interruption no longer than the waiting period pays
nothing.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np

from libs.common.money import Money
from services.policy.domain.cover import PartTerms
from services.policy.quantification.distributions import Floats, Frequency, Severity


@dataclass(frozen=True)
class Conditions:
    """The terms of one part, amounts in fen."""

    code: str
    limit: float = inf
    deductible: float = 0.0
    waiting_hours: int = 0
    borne: float = 0.0
    """The insured's share of each loss after the deductible, as a fraction of 1."""
    parent: str = ""

    @classmethod
    def of(cls, part: PartTerms) -> "Conditions":
        return cls(
            code=part.code,
            limit=float(part.limit.minor_units),
            deductible=float(part.deductible.minor_units),
            waiting_hours=part.waiting_hours,
            borne=float(Fraction(part.coinsurance_percent) / 100),
            parent=part.sub_limit_parent,
        )


@dataclass(frozen=True)
class RiskPart:
    """One part of a risk: how often, how large, and what is paid of it."""

    conditions: Conditions
    frequency: Frequency
    severity: Severity
    outage: Severity | None = None
    """Hours that an interruption lasts; a part with a waiting period needs it."""

    def __post_init__(self) -> None:
        if self.conditions.waiting_hours and self.outage is None:
            raise ValueError(f"{self.conditions.code} has a waiting period, so the duration of its outages is needed")


@dataclass(frozen=True)
class Risk:
    """One policy, or what one may become. Its key names its random numbers."""

    key: str
    parts: tuple[RiskPart, ...]
    aggregate: float = inf


def payable(conditions: Conditions, losses: Floats, hours: Floats | None) -> Floats:
    """What is due of each event before the limits; `hours` for a part with a waiting period."""
    paid = np.array(losses)
    if conditions.waiting_hours:
        if hours is None:
            raise ValueError(f"the hours of each interruption are needed for {conditions.code}")
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(1 - conditions.waiting_hours / hours, nan=0.0, neginf=0.0)
        paid *= np.maximum(share, 0.0, out=share)
    if conditions.deductible:
        paid -= conditions.deductible
        np.maximum(paid, 0.0, out=paid)
    if conditions.borne:
        paid *= 1 - conditions.borne
    return paid


def aggregate_of(limit: Money | None) -> float:
    return inf if limit is None else float(limit.minor_units)
