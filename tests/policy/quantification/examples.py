"""Risks, extracts of a loss database and policies' parts for the tests; amounts in fen unless they are Money."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.product.terms import AnswerKind, Trigger
from services.policy.quantification.calibration import Profile
from services.policy.quantification.conditions import Conditions, Risk, RiskPart
from services.policy.quantification.distributions import Exponential, Frequency, LogNormal, Poisson, Severity
from services.policy.quantification.losses import Effect, LogMoments, LossCell, LossExtract, Observed

SEED = 20260101
HOURS = LogNormal(2.5, 1.0)


def risk_part(code: str, frequency: Frequency, severity: Severity, **terms: Any) -> RiskPart:
    conditions = Conditions(code, **terms)
    return RiskPart(conditions, frequency, severity, HOURS if conditions.waiting_hours else None)


def risk(**changes: Any) -> Risk:
    """Four parts, one of them under another, with every kind of term."""
    parts = (
        risk_part("DATA", Poisson(0.3), LogNormal(17, 1.8), limit=5e9, deductible=1e6, borne=0.1),
        risk_part("EXTORTION", Poisson(0.2), LogNormal(16.5, 1.5), limit=1e9, deductible=1e6, borne=0.1),
        risk_part("RESPONSE", Poisson(0.4), Exponential(3e6), limit=5e7, deductible=2e5, parent="DATA"),
        risk_part("BI", Poisson(0.25), LogNormal(16, 1.4), limit=2e9, deductible=5e5, waiting_hours=8),
    )
    return replace(Risk("policy", parts, aggregate=5.5e9), **changes)


def sample(seed: int, mu: float, sigma: float, count: int) -> tuple[Money, ...]:
    """Losses as a database would give them out, whole fen."""
    drawn = np.random.default_rng(seed).lognormal(mu, sigma, count)
    return tuple(Money.cny(0) + Money("CNY", max(round(float(loss)), 1)) for loss in drawn)


def observed(*pairs: tuple[int, int]) -> tuple[Observed, ...]:
    return tuple(Observed(Decimal(years), claims) for years, claims in pairs)


def cell(code: str, **changes: Any) -> LossCell:
    plain = LossCell(
        part_code=code,
        industry="I",
        size=EnterpriseSize.SMALL,
        insureds=40,
        observed=observed((400, 30), (420, 27), (450, 35), (470, 33)),
        losses=sample(len(code), 16.5, 1.6, 60),
    )
    return replace(plain, **changes)


def extract(*cells: LossCell, **changes: Any) -> LossExtract:
    plain = LossExtract(
        version="2026.1",
        released_on=date(2026, 3, 31),
        least_insureds=10,
        cells=cells or (cell("DATA"), cell("EXTORTION"), cell("BI", outage_moments=moments(2.5, 1.0))),
        effects=(
            Effect("MFA", "yes", (), Decimal("0.75"), Decimal(1)),
            Effect("MFA", "no", (), Decimal("1.4"), Decimal("1.1")),
        ),
    )
    return replace(plain, **changes)


def moments(mean: float, variance: float, count: int = 50) -> LogMoments:
    return LogMoments(count, Decimal(str(mean)), Decimal(str(variance)))


def profile(mfa: str = "yes", **changes: Any) -> Profile:
    answers = (Answer("MFA", AnswerKind.YES_NO, mfa),) if mfa else ()
    return replace(Profile("insured", "I65", EnterpriseSize.SMALL, answers), **changes)


def terms(code: str, limit: int = 5_000_000, deductible: int = 10_000, **changes: Any) -> PartTerms:
    """Limit and deductible in yuan."""
    plain = PartTerms(
        code=code,
        limit=Money.cny(limit),
        deductible=Money.cny(deductible),
        waiting_hours=0,
        coinsurance_percent=Decimal(10),
        sub_limit_parent="",
        trigger=Trigger.CLAIMS_MADE,
        retroactive_date=None,
        extended_reporting_days=60,
        annual_premium=Money.cny(1_000),
    )
    return replace(plain, **changes)
