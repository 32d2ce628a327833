"""What reinsurers carry of the lead's part of a policy, as policy announced it.

The parts are exact fractions that may change in the term. Of the cessions of one amount, each gets the difference of
the rounded running sums, and a panel divides it by largest remainders, as in policy, so that both reckon the same fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from libs.common.money import Money, round_half_up


@dataclass(frozen=True, slots=True)
class Panelist:
    """One reinsurer of a panel, and its percent of what the panel takes."""

    reinsurer_id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class FractionPeriod:
    """From one day to before another, the part of the lead's share, "2/5"."""

    first: date
    end: date
    fraction: str


@dataclass(frozen=True, slots=True)
class CededShare:
    """What one treaty or placement takes."""

    source_id: str
    reinsurers: tuple[Panelist, ...]
    periods: tuple[FractionPeriod, ...]

    def on(self, day: date) -> str:
        """The fraction of a day, or of the nearest day of cover."""
        begun = [period.fraction for period in self.periods if period.first <= day]
        return begun[-1] if begun else self.periods[0].fraction if self.periods else "0"


@dataclass(frozen=True, slots=True)
class ReinsurersPart:
    """What one reinsurer gets of a movement of premium under one cession."""

    reinsurer_id: str
    ceded: Money
    commission: Money


def divide(own: Money, cessions: Sequence[CededShare], fractions: Sequence[str]) -> list[tuple[str, Money]]:
    """The reinsurers' parts of the lead's part of an amount."""
    parts: list[tuple[str, Money]] = []
    running, rounded = Fraction(0), 0
    for cession, fraction in zip(cessions, fractions, strict=True):
        running += own.minor_units * Fraction(fraction)
        ceded = Money(own.currency, round_half_up(running) - rounded)
        rounded = round_half_up(running)
        divided = ceded.allocate([each.percent for each in cession.reinsurers])
        parts += [(each.reinsurer_id, part) for each, part in zip(cession.reinsurers, divided, strict=True)]
    return parts
