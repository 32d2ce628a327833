"""The clocks of an order, and what missing one costs: a pure function of deadlines and instants.

A deadline is missed from the instant on at which it is due; work that starts at that instant is late. Every period that
has begun since then costs a share of the fee, up to a cap for each clock; all credits of an order together never pass
its fee. A pause moves a deadline, so waiting for the insured costs the vendor nothing, as long as it may wait.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

from libs.common.money import Money


class Clock(StrEnum):
    START = "start"
    DELIVER = "deliver"


@dataclass(frozen=True)
class CreditRule:
    """How much of the fee a vendor gives back for being late, and by whose word."""

    version: str
    source: str
    percent_per_period: Decimal
    period_hours: int
    cap_percent: Decimal

    @property
    def period(self) -> timedelta:
        return timedelta(hours=self.period_hours)

    def periods(self, due_at: datetime, at: datetime) -> int:
        """Periods that have begun since the deadline, itself included."""
        return 0 if at < due_at else (at - due_at) // self.period + 1

    def credit(self, fee: Money, periods: int) -> Money:
        """The whole credit for so many periods, rounded half up once."""
        return fee.times(Fraction(min(self.percent_per_period * periods, self.cap_percent)) / 100)

    @property
    def periods_to_cap(self) -> int:
        """After so many periods nothing more is owed, so there is nothing more to count."""
        return ceil(Fraction(self.cap_percent) / Fraction(self.percent_per_period))


CREDIT_RULE = CreditRule(
    version="2026-1",
    source="service credit schedule of the platform's vendor agreement (a term of contract, not a public norm)",
    percent_per_period=Decimal(5),
    period_hours=24,
    cap_percent=Decimal(50),
)


@dataclass(frozen=True)
class Deadline:
    """When a clock is due, and what was counted against it. Periods of an earlier deadline stay counted."""

    clock: Clock
    due_at: datetime
    credited: Money
    earlier_periods: int = 0
    periods: int = 0

    @property
    def next_at(self) -> datetime | None:
        """When there may be something new to count; None when nothing more can be owed."""
        if self.periods >= CREDIT_RULE.periods_to_cap:
            return None
        return self.due_at + CREDIT_RULE.period * (self.periods - self.earlier_periods)

    def renewed(self, due_at: datetime) -> "Deadline":
        """A new deadline for the same clock, after rework was asked for."""
        return replace(self, due_at=due_at, earlier_periods=self.periods)

    def miss(self, fee: Money, already: Money, at: datetime, rule: CreditRule) -> "Miss | None":
        """What is new at `at`: more periods than were counted so far. `already` are all credits of the order."""
        periods = self.earlier_periods + rule.periods(self.due_at, at)
        periods = min(periods, max(rule.periods_to_cap, self.periods))
        if periods <= self.periods:
            return None
        owed = rule.credit(fee, periods) - self.credited
        left = fee - already
        next_at = self.due_at + rule.period * (periods - self.earlier_periods)
        return Miss(
            clock=self.clock,
            due_at=self.due_at,
            periods=periods,
            credit=min(owed, left),
            next_at=next_at if periods < rule.periods_to_cap else None,
        )


@dataclass(frozen=True)
class Miss:
    """More lateness of one clock: all its periods so far, and the credit that they add to what was credited."""

    clock: Clock
    due_at: datetime
    periods: int
    credit: Money
    next_at: datetime | None
