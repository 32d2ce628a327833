"""Which cessions a policy may have, what its segments mean for them, and who bears a loss.

A loss is borne as premium is: by the co-insurers by percent, and of the lead's part by the reinsurers with the
fractions of the day on which it happened, or of the nearest day of cover.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from libs.common.money import CNY, Money, round_half_up
from services.policy.domain.errors import (
    CessionsExceedShare,
    LayerAboveSumInsured,
    RetentionAboveSumInsured,
    TreatiesOverlap,
    TreatyCapacityExceeded,
)
from services.policy.domain.policy.cession import (
    HUNDRED,
    ORDER,
    CededAmount,
    Cession,
    CessionKind,
    divide,
    fractions,
)
from services.policy.domain.policy.charge import cessions_of, exposure_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.values import InsurerAmount, QuotaShare, Segment


def check_cessions(cessions: Sequence[Cession], sum_insured: Fraction) -> tuple[Cession, ...]:
    """The cessions in the order in which they apply; refuses what can't apply together, or to nothing."""
    ordered = tuple(sorted(cessions, key=lambda each: ORDER.index(each.kind)))
    for first, second in pairwise(ordered):
        if first.kind is second.kind and first.kind is not CessionKind.FACULTATIVE:
            raise TreatiesOverlap(kind=first.kind, first=first.source_id, second=second.source_id)
    _check_facultative([each for each in ordered if each.kind is CessionKind.FACULTATIVE], sum_insured)
    check_capacity(ordered, sum_insured)
    left = left_to_treaties(ordered, sum_insured)
    for cession in ordered:
        retention = cession.retention
        if cession.kind is CessionKind.SURPLUS and retention and left <= retention.minor_units:
            raise RetentionAboveSumInsured(treaty_id=cession.source_id, retention=retention, sum_insured=_shown(left))
    return ordered


def check_limits(bound: Bound, segments: Sequence[Segment]) -> None:
    """Refuses terms of which a treaty would not take its part on some day."""
    cessions, exposure = cessions_of(bound), exposure_of(bound.shares, bound.aggregate_cap)
    for segment in segments if cessions else ():
        check_capacity(cessions, exposure.of(segment.parts))


def fraction_periods(bound: Bound, segments: Sequence[Segment]) -> list[list[tuple[date, date, Fraction]]]:
    """For each cession, from which day to which it takes which part of the lead's share; equal neighbours are one."""
    cessions, exposure = cessions_of(bound), exposure_of(bound.shares, bound.aggregate_cap)
    if not cessions:
        return []
    periods: list[list[tuple[date, date, Fraction]]] = [[] for _ in cessions]
    for segment in segments:
        for found, fraction in zip(periods, fractions(cessions, exposure.of(segment.parts)), strict=True):
            first = segment.first
            if found and found[-1][1:] == (first, fraction):
                first = found.pop()[0]
            found.append((first, segment.end, fraction))
    return periods


def fractions_on(bound: Bound, segments: Sequence[Segment], day: date) -> list[Fraction]:
    """The part of each cession on a day, or on the nearest day of cover."""
    begun = [segment.parts for segment in segments if segment.first <= day]
    parts = begun[-1] if begun else segments[0].parts if segments else bound.parts
    return fractions(cessions_of(bound), exposure_of(bound.shares, bound.aggregate_cap).of(parts))


def divide_loss(
    bound: Bound, found: Sequence[Fraction], amount: Money
) -> tuple[tuple[InsurerAmount, ...], tuple[CededAmount, ...]]:
    """The co-insurers' parts of a loss, and the reinsurers' parts of the lead's by these fractions."""
    divided = amount.allocate([share.percent for share in bound.shares])
    own = next(part for share, part in zip(bound.shares, divided, strict=True) if share.lead)
    cessions = [replace(each, commission_percent=Decimal(0)) for each in cessions_of(bound)]
    shares = (InsurerAmount(share.insurer_id, part) for share, part in zip(bound.shares, divided, strict=True))
    return tuple(shares), divide(cessions, [fraction * own.minor_units for fraction in found], found)


def check_capacity(cessions: Sequence[Cession], sum_insured: Fraction) -> None:
    """A treaty takes its part only of a risk within its capacity; what facultative cessions take does not count."""
    left = left_to_treaties(cessions, sum_insured)
    for cession in cessions:
        if cession.capacity is not None and left > cession.capacity.minor_units:
            raise TreatyCapacityExceeded(
                treaty_id=cession.source_id, capacity=cession.capacity, sum_insured=_shown(left)
            )


def left_to_treaties(cessions: Sequence[Cession], sum_insured: Fraction) -> Fraction:
    """The lead's sum insured after the facultative cessions."""
    facultative = [each for each in cessions if each.kind is CessionKind.FACULTATIVE]
    return sum_insured * (1 - sum(fractions(facultative, sum_insured), Fraction(0)))


def sole_quota_share(cessions: Sequence[Cession]) -> QuotaShare | None:
    """The form in which the contract keeps a quota share with one reinsurer and nothing beside it."""
    match list(cessions):
        case [Cession(kind=CessionKind.QUOTA_SHARE, capacity=None, reinsurers=(one,)) as only] if (
            one.percent == HUNDRED
        ):
            return QuotaShare(only.source_id, one.reinsurer_id, only.percent, only.commission_percent)
    return None


def _check_facultative(cessions: Sequence[Cession], sum_insured: Fraction) -> None:
    for cession in cessions:
        if cession.layer is not None and cession.attachment and cession.attachment.minor_units >= sum_insured:
            raise LayerAboveSumInsured(
                facultative_id=cession.source_id, attachment=cession.attachment, sum_insured=_shown(sum_insured)
            )
    taken = sum((fractions([each], sum_insured)[0] for each in cessions), Fraction(0))
    if taken > 1:
        raise CessionsExceedShare(facultative_ids=", ".join(each.source_id for each in cessions))


def _shown(amount: Fraction) -> Money:
    return Money(CNY, round_half_up(amount))
