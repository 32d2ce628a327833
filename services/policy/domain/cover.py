"""What an insured has chosen of a product, and what the product allows: limits, deductibles, sub-limits.

`Cover` is all that a price depends on besides the product version. A quote makes the first one; an endorsement makes
the next from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.errors import (
    DeductibleOverLimit,
    DeductibleTooLow,
    LimitOutOfRange,
    NoPartLeft,
    ParentPartMissing,
    RetroactiveDateNotOffered,
    SubLimitOverParent,
    UnknownPart,
)
from services.policy.domain.experience import Experience
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.terms import CoveragePart, ProductTerms, RetroactiveRule, Trigger


@dataclass(frozen=True)
class WantedPart:
    """A part as it is asked for; what is None follows from the product."""

    part_code: str
    limit: Money
    deductible: Money | None
    retroactive_date: date | None


@dataclass(frozen=True)
class PartChoice:
    """A part as it is covered."""

    part_code: str
    limit: Money
    deductible: Money
    retroactive_date: date | None


@dataclass(frozen=True)
class RatingInputs:
    """What is known of the insured when it is rated, and whose inception chooses among dated tables."""

    industry_code: str
    region_code: str
    size: EnterpriseSize
    annual_revenue: Money
    answers: tuple[Answer, ...]
    score: int | None
    bundled: bool
    rated_for: date
    experience: Experience | None = None

    def answer(self, question: str) -> Answer | None:
        return next((answer for answer in self.answers if answer.question == question), None)


@dataclass(frozen=True)
class Cover:
    parts: tuple[PartChoice, ...]
    inputs: RatingInputs

    def part(self, code: str) -> PartChoice | None:
        return next((part for part in self.parts if part.part_code == code), None)


@dataclass(frozen=True)
class PartTerms:
    """The terms of one part from some day on, with what a whole year of it costs."""

    code: str
    limit: Money
    deductible: Money
    waiting_hours: int
    coinsurance_percent: Decimal
    sub_limit_parent: str
    trigger: Trigger
    retroactive_date: date | None
    extended_reporting_days: int
    annual_premium: Money


def choose(terms: ProductTerms, wanted: WantedPart, covered_from: date) -> PartChoice:
    """A wanted part with what follows from the product: the lowest deductible, the first day as retroactive date."""
    part = known_part(terms, wanted.part_code)
    if part.retroactive_rule is RetroactiveRule.NONE and wanted.retroactive_date is not None:
        raise RetroactiveDateNotOffered(part_code=part.code)
    retroactive = wanted.retroactive_date or covered_from if part.retroactive_rule is RetroactiveRule.DATE else None
    deductible = part.minimum_deductible if wanted.deductible is None else wanted.deductible
    return PartChoice(part.code, wanted.limit, deductible, retroactive)


def known_part(terms: ProductTerms, code: str) -> CoveragePart:
    part = terms.part(code)
    if part is None:
        raise UnknownPart(part_code=code, known=", ".join(part.code for part in terms.parts))
    return part


def check_cover(terms: ProductTerms, cover: Cover, on: date) -> None:
    """Refuses a cover that the product version does not offer."""
    if not cover.parts:
        raise NoPartLeft(effective_date=on)
    for choice in cover.parts:
        part = known_part(terms, choice.part_code)
        if not part.minimum_limit <= choice.limit <= part.maximum_limit:
            raise LimitOutOfRange(
                part_code=part.code, minimum=part.minimum_limit, maximum=part.maximum_limit, limit=choice.limit
            )
        if choice.deductible < part.minimum_deductible:
            raise DeductibleTooLow(part_code=part.code, minimum=part.minimum_deductible, deductible=choice.deductible)
        if choice.deductible >= choice.limit:
            raise DeductibleOverLimit(part_code=part.code, deductible=choice.deductible, limit=choice.limit)
        if part.sub_limit_parent:
            parent = cover.part(part.sub_limit_parent)
            if parent is None:
                raise ParentPartMissing(part_code=part.code, parent=part.sub_limit_parent)
            if choice.limit > parent.limit:
                raise SubLimitOverParent(
                    part_code=part.code, limit=choice.limit, parent=parent.part_code, parent_limit=parent.limit
                )


@all_at_once
def check_wanted(parts: tuple[WantedPart, ...], inception: date, field: str) -> Iterator[Invalid]:
    """Refuses wanted parts that no product could cover: foreign money, a part twice, a retroactive date to come."""
    seen: set[str] = set()
    for index, wanted in enumerate(parts):
        here = f"{field}[{index}]"
        if wanted.part_code in seen:
            yield InvalidField(field=f"{here}.part_code", problem=f"{wanted.part_code} comes twice")
        seen.add(wanted.part_code)
        yield from problems(check_money, f"{here}.limit", wanted.limit, 1)
        if wanted.deductible is not None:
            yield from problems(check_money, f"{here}.deductible", wanted.deductible)
        if wanted.retroactive_date is not None and wanted.retroactive_date > inception:
            yield InvalidField(field=f"{here}.retroactive_date", problem="must not be after the inception")


def terms_of(terms: ProductTerms, choice: PartChoice, annual_premium: Money) -> PartTerms:
    """The terms of a chosen part: what was chosen, what the product version fixes, and its price."""
    part = known_part(terms, choice.part_code)
    return PartTerms(
        code=part.code,
        limit=choice.limit,
        deductible=choice.deductible,
        waiting_hours=part.waiting_hours,
        coinsurance_percent=part.coinsurance_percent,
        sub_limit_parent=part.sub_limit_parent,
        trigger=part.trigger,
        retroactive_date=choice.retroactive_date,
        extended_reporting_days=part.extended_reporting_days,
        annual_premium=annual_premium,
    )


def sum_of_limits(terms: ProductTerms, cover: Cover) -> Money:
    """What all parts could pay together: sub-limits erode their parents, so they add nothing."""
    total = terms.minimum_premium.zero()
    for choice in cover.parts:
        if not known_part(terms, choice.part_code).sub_limit_parent:
            total = total + choice.limit
    return total
