"""The risk of one insured: each part of its terms with the distributions that the loss database gives for its kind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.errors import AnswerMissing, FactorMissing, LossCellMissing, TooFewLosses
from services.policy.quantification.conditions import Conditions, Risk, RiskPart, aggregate_of
from services.policy.quantification.distributions import Frequency
from services.policy.quantification.fitting import (
    FittedFrequency,
    FittedSeverity,
    fit_frequency,
    fit_losses,
    fit_moments,
    lognormal_of,
)
from services.policy.quantification.losses import Effect, LossCell, LossExtract

LEAST_LOSSES = 10
"""Fewer sizes say nothing about a tail."""
FEN = 100


@dataclass(frozen=True)
class Profile:
    """What of an insured decides on its cells and effects."""

    key: str
    industry_code: str
    size: EnterpriseSize
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class FittedPart:
    """Where the distributions of one part come from."""

    code: str
    cell: str
    frequency: FittedFrequency
    severity: FittedSeverity
    outage: FittedSeverity | None
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Calibrated:
    risk: Risk
    parts: tuple[FittedPart, ...]


def calibrate(
    extract: LossExtract, field: str, profile: Profile, terms: Sequence[PartTerms], aggregate: Money | None
) -> Calibrated:
    """The risk under these terms. `field` is where the extract stands in the request."""
    fitted = [_fit(extract, field, profile, part.code, part.waiting_hours, part.limit.currency) for part in terms]
    parts = tuple(_risk_part(each, Conditions.of(part)) for each, part in zip(fitted, terms, strict=True))
    return Calibrated(Risk(profile.key, parts, aggregate_of(aggregate)), tuple(fitted))


def calibrate_bare(extract: LossExtract, field: str, profile: Profile, currency: str) -> Calibrated:
    """The risk of an enterprise without any cover, by all parts that the extract knows."""
    codes = tuple(dict.fromkeys(cell.part_code for cell in extract.cells))
    fitted = tuple(_fit(extract, field, profile, code, 0, currency) for code in codes)
    return Calibrated(Risk(profile.key, tuple(_risk_part(each, Conditions(each.code)) for each in fitted)), fitted)


def effects_on(extract: LossExtract, answers: Sequence[Answer], part_code: str) -> tuple[Effect, ...]:
    """What the answers change for a part. Every question that the extract knows an effect of needs its answer."""
    given = {answer.question: answer.text for answer in answers}
    applied = []
    about = [effect for effect in extract.effects if not effect.part_codes or part_code in effect.part_codes]
    for question in dict.fromkeys(effect.question for effect in about):
        if question not in given:
            raise AnswerMissing(question=question)
        text = given[question]
        found = [effect for effect in about if (effect.question, effect.answer) == (question, text)]
        if not found:
            raise FactorMissing(table=f"effects of {question}", key=text)
        applied.extend(found)
    return tuple(applied)


def _fit(
    extract: LossExtract, field: str, profile: Profile, code: str, waiting_hours: int, currency: str
) -> FittedPart:
    chosen = extract.cell_for(code, profile.industry_code, profile.size)
    if chosen is None:
        raise LossCellMissing(
            part_code=code, industry=profile.industry_code, size=profile.size, version=extract.version
        )
    index, cell = chosen
    here = f"{field}.cells[{index}]"
    if not cell.observed:
        raise InvalidField(field=f"{here}.observed", problem="is missing")
    if not sum(each.claims for each in cell.observed):
        raise TooFewLosses(cell=cell.name, what="claims", count=0, least=1)
    return FittedPart(
        code=code,
        cell=cell.name,
        frequency=fit_frequency(cell.observed),
        severity=_severity(here, cell, currency),
        outage=_outage(here, cell) if waiting_hours else None,
        effects=effects_on(extract, profile.answers, code),
    )


def _severity(field: str, cell: LossCell, currency: str) -> FittedSeverity:
    if cell.loss_moments is not None:
        _enough(cell, "losses", cell.loss_moments.count)
        return fit_moments(cell.loss_moments, FEN)
    if not cell.losses:
        raise InvalidField(field=f"{field}.losses", problem="is missing, and so are loss_moments")
    if cell.losses[0].currency != currency:
        raise InvalidField(field=f"{field}.losses", problem=f"must be in {currency}, as the policy is")
    sizes = tuple(loss.minor_units for loss in cell.losses)
    _enough(cell, "losses", len(sizes))
    if len(set(sizes)) < 2:
        raise InvalidField(field=f"{field}.losses", problem="are all the same; nothing can be fitted to them")
    return fit_losses(sizes, None if cell.largest_possible is None else cell.largest_possible.minor_units)


def _outage(field: str, cell: LossCell) -> FittedSeverity:
    if cell.outage_moments is not None:
        _enough(cell, "outages", cell.outage_moments.count)
        return fit_moments(cell.outage_moments, 1)
    if not cell.outage_hours:
        problem = "is missing, and so are outage_moments: the part has a waiting period"
        raise InvalidField(field=f"{field}.outage_hours", problem=problem)
    _enough(cell, "outages", len(cell.outage_hours))
    if len(set(cell.outage_hours)) < 2:
        raise InvalidField(field=f"{field}.outage_hours", problem="are all the same; nothing can be fitted to them")
    hours = np.array([float(each) for each in cell.outage_hours])
    return FittedSeverity(lognormal_of(hours), len(hours), "lognormal of the hours")


def _enough(cell: LossCell, what: str, count: int) -> None:
    if count < LEAST_LOSSES:
        raise TooFewLosses(cell=cell.name, what=what, count=count, least=LEAST_LOSSES)


def _risk_part(fitted: FittedPart, conditions: Conditions) -> RiskPart:
    often = prod(float(effect.frequency_factor) for effect in fitted.effects)
    large = prod(float(effect.severity_factor) for effect in fitted.effects)
    frequency: Frequency = replace(fitted.frequency.frequency, mean=fitted.frequency.frequency.mean * often)
    return RiskPart(
        conditions=conditions,
        frequency=frequency,
        severity=fitted.severity.severity.scaled(large),
        outage=None if fitted.outage is None else fitted.outage.severity,
    )
