"""What is told of simulated years: average, deviation, VaR and TVaR, the exceedance curve, the share of each part.

All of it is for the loss of one year. VaR is the smallest simulated year that is exceeded with at most the given
probability; TVaR the mean of the worst years of that probability, with the right share of a year that lies on the
edge (Acerbi and Tasche), so that it is never below VaR even where many years cost the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

import numpy as np

from libs.common.money import CNY, Money, round_half_up
from services.policy.quantification.distributions import Floats
from services.policy.quantification.simulation import YearLosses

LEVELS = (Decimal("90"), Decimal("95"), Decimal("99"), Decimal("99.5"))
"""Percent."""
RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)
LEAST_YEARS_BEYOND = 10
"""A point of the curve needs that many simulated years beyond it."""
SHARE_LEVEL = Decimal("99")


@dataclass(frozen=True)
class Tail:
    level: Decimal
    value_at_risk: Money
    tail_value_at_risk: Money


@dataclass(frozen=True)
class CurvePoint:
    """A loss that a year exceeds once in so many years."""

    return_period: int
    loss: Money


@dataclass(frozen=True)
class PartShare:
    """What one part (or policy) has of the average, and of the worst hundredth of years."""

    code: str
    average: Money
    share: Decimal
    tail_average: Money
    tail_share: Decimal
    ground_up: Money


@dataclass(frozen=True)
class Measures:
    """Estimates, rounded to fen."""

    years: int
    average: Money
    standard_error: Money
    standard_deviation: Money
    years_with_payment: Decimal
    tails: tuple[Tail, ...]
    curve: tuple[CurvePoint, ...]

    def at(self, level: str) -> Tail:
        return next(tail for tail in self.tails if tail.level == Decimal(level))


def measure(totals: Floats, currency: str = CNY) -> Measures:
    ordered = np.sort(totals)
    years = len(ordered)
    deviation = float(ordered.std(ddof=1)) if years > 1 else 0.0
    return Measures(
        years=years,
        average=fen(float(ordered.mean()), currency),
        standard_error=fen(deviation / years**0.5, currency),
        standard_deviation=fen(deviation, currency),
        years_with_payment=Decimal(int(np.count_nonzero(ordered > 0))) / years,
        tails=tuple(
            Tail(level, fen(value_at_risk(ordered, level), currency), fen(tail_mean(ordered, level), currency))
            for level in LEVELS
        ),
        curve=tuple(
            CurvePoint(period, fen(float(ordered[_place(years, 1 - Decimal(1) / period)]), currency))
            for period in RETURN_PERIODS
            if years >= period * LEAST_YEARS_BEYOND
        ),
    )


def shares(simulated: YearLosses, currency: str = CNY) -> tuple[PartShare, ...]:
    """By part; averages sum to the whole average, to the fen."""
    totals = simulated.total
    worst = np.argsort(totals, kind="stable")[_place(simulated.years, SHARE_LEVEL / 100) :]
    averages, tails = simulated.paid.mean(axis=1), simulated.paid[:, worst].mean(axis=1)
    split, tail_split = divided(averages, currency), divided(tails, currency)
    return tuple(
        PartShare(
            code=code,
            average=split[number],
            share=fraction(float(averages[number]), float(averages.sum())),
            tail_average=tail_split[number],
            tail_share=fraction(float(tails[number]), float(tails.sum())),
            ground_up=fen(float(simulated.ground_up[number]), currency),
        )
        for number, code in enumerate(simulated.codes)
    )


def value_at_risk(ordered: Floats, level: Decimal) -> float:
    return float(ordered[_place(len(ordered), level / 100)])


def tail_mean(ordered: Floats, level: Decimal) -> float:
    """TVaR of sorted years."""
    years, place = len(ordered), _place(len(ordered), level / 100)
    beyond = float(ordered[place + 1 :].sum())
    edge = (place + 1) - years * float(level / 100)
    return (beyond + edge * float(ordered[place])) / (years * float(1 - level / 100))


def divided(means: Floats | Sequence[float], currency: str) -> list[Money]:
    """Means in fen, rounded so that they sum to the rounded sum."""
    whole = fen(float(np.sum(means)), currency)
    weights = [Fraction(float(mean)) for mean in means]
    return whole.allocate(weights) if any(weights) else [whole.zero() for _ in weights]


def fen(amount: float, currency: str = CNY) -> Money:
    """An estimate as whole fen."""
    return Money(currency, round_half_up(Fraction(amount)))


def fraction(part: float, whole: float) -> Decimal:
    """A part of a whole to six decimals; 0 of nothing."""
    return Decimal(str(round(part / whole, 6))) if whole else Decimal(0)


def _place(years: int, probability: Decimal) -> int:
    """Where the quantile stands among sorted years: the smallest that the probability does not exceed."""
    return max(ceil(probability * years) - 1, 0)
