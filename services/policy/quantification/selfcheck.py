"""The light self-check: what an enterprise that has no cover may lose in a year, in bands and plain sentences.

Losses are ground up: no deductible, no limit, because nothing is insured yet. The band compares the loss of a bad
year, one in twenty, with the revenue of a year.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from libs.common.money import Money
from services.policy.quantification.conditions import Conditions, Risk, RiskPart
from services.policy.quantification.measures import Measures, PartShare, measure, shares
from services.policy.quantification.simulation import Stop, simulate

YEARS = 100_000
BAD_YEAR = "95"


class Band(StrEnum):
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    SEVERE = "severe"


BANDS = ((Decimal("0.005"), Band.LOW), (Decimal("0.02"), Band.MODERATE), (Decimal("0.1"), Band.HIGH))
"""Below which fraction of a year's revenue a bad year lies."""

WORDS = {
    Band.LOW: ("低", "low"),
    Band.MODERATE: ("中等", "moderate"),
    Band.HIGH: ("高", "high"),
    Band.SEVERE: ("严重", "severe"),
}


@dataclass(frozen=True)
class SelfCheck:
    measures: Measures
    parts: tuple[PartShare, ...]
    years_with_event: Decimal
    band: Band
    chinese: tuple[str, ...]
    english: tuple[str, ...]


def self_check(risk: Risk, revenue: Money, seed: int, stop: Stop = lambda: False) -> SelfCheck:
    """What happens to this enterprise if nothing is insured."""
    bare = Risk(risk.key, tuple(_bare(part) for part in risk.parts))
    simulated = simulate(bare, seed, YEARS, stop)
    totals = simulated.total
    measures, parts = measure(totals, revenue.currency), shares(simulated, revenue.currency)
    touched = Decimal(int(np.count_nonzero(totals > 0))) / YEARS
    bad = measures.at(BAD_YEAR).value_at_risk
    return SelfCheck(measures, parts, touched, band_of(bad, revenue), *_told(measures, parts, touched, bad, revenue))


def band_of(bad_year: Money, revenue: Money) -> Band:
    ratio = Decimal(bad_year.minor_units) / revenue.minor_units
    return next((band for below, band in BANDS if ratio < below), Band.SEVERE)


def _bare(part: RiskPart) -> RiskPart:
    return RiskPart(Conditions(part.conditions.code), part.frequency, part.severity)


def _told(
    measures: Measures, parts: Sequence[PartShare], touched: Decimal, bad: Money, revenue: Money
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same in Chinese and in English."""
    most = max(parts, key=lambda part: part.average)
    percent = f"{touched * 100:.1f}%"
    of_revenue = f"{Decimal(bad.minor_units) / revenue.minor_units * 100:.2f}%"
    zh, en = WORDS[band_of(bad, revenue)]
    average, worse = measures.average, measures.at("99").value_at_risk
    chinese = (
        f"风险等级：{zh}。",
        f"一年内至少发生一次网络安全损失事件的可能性约为{percent}。",
        f"平均每年预计损失{_yuan(average)}元，其中{most.code}部分最多。",
        f"平均每20年有一年，损失超过{_yuan(bad)}元，相当于年营业收入的{of_revenue}。",
        f"平均每100年有一年，损失超过{_yuan(worse)}元。",
    )
    english = (
        f"The risk is {en}.",
        f"The chance of at least one cyber loss within a year is about {percent}.",
        f"The expected loss of a year is {average}; most of it comes from {most.code}.",
        f"In one year out of 20 the loss is above {bad}, which is {of_revenue} of a year's revenue.",
        f"In one year out of 100 it is above {worse}.",
    )
    return chinese, english


def _yuan(amount: Money) -> str:
    return str(amount).removesuffix(f" {amount.currency}")
