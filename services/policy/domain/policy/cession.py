"""What part of the lead's share reinsurers carry, and how an amount is divided among them.

Cessions of one policy apply in this order: facultative ones to the whole of the lead's share, a surplus treaty to what
they leave, a quota share to what the surplus leaves. Their parts are exact fractions of the lead's share; those of a
surplus and of a layer follow the sum insured, so an endorsement that moves limits moves them from its effective date
on (docs/adr/0011).

The fen: of the cessions of one amount, each gets the difference of the rounded running sums, so that together they
are the half up of the whole and never more than it; a sole one gets the half up of its own product. Within a cession
the panel's parts are largest remainders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from libs.common.money import CNY, Money, round_half_up, total
from services.policy.domain.cover import PartTerms

HUNDRED = Decimal(100)


class CessionKind(StrEnum):
    FACULTATIVE = "facultative"
    SURPLUS = "surplus"
    QUOTA_SHARE = "quota_share"


ORDER = tuple(CessionKind)
"""In which they apply."""


@dataclass(frozen=True)
class Reinsurer:
    """One of a panel, with its percent of what the whole panel takes."""

    reinsurer_id: str
    percent: Decimal


@dataclass(frozen=True)
class Cession:
    """What a treaty or a facultative placement takes of one policy, as it was when the policy was bound.

    `percent` is a quota share's, or a facultative one's: of the lead's share, or of the layer from `attachment` on.
    """

    kind: CessionKind
    source_id: str
    reinsurers: tuple[Reinsurer, ...]
    commission_percent: Decimal
    percent: Decimal = Decimal(0)
    retention: Money | None = None
    line_count: int = 0
    capacity: Money | None = None
    attachment: Money | None = None
    layer: Money | None = None


@dataclass(frozen=True)
class ReinsurerAmount:
    reinsurer_id: str
    ceded: Money
    commission: Money


@dataclass(frozen=True)
class CededAmount:
    """What one cession takes of one amount. `fraction` is its part of the lead's share after it, exact: "2/5"."""

    kind: CessionKind
    source_id: str
    fraction: str
    ceded: Money
    commission: Money
    reinsurers: tuple[ReinsurerAmount, ...]

    def opposite(self) -> "CededAmount":
        reinsurers = tuple(
            ReinsurerAmount(each.reinsurer_id, -each.ceded, -each.commission) for each in self.reinsurers
        )
        return replace(self, ceded=-self.ceded, commission=-self.commission, reinsurers=reinsurers)


@dataclass(frozen=True)
class Exposure:
    """How the lead's sum insured follows from the limits of the parts."""

    lead_percent: Decimal
    cap: Money | None = None

    def of(self, parts: Sequence[PartTerms]) -> Fraction:
        """The lead's sum insured, in exact fen: its percent of the limits together; sub-limits add nothing."""
        limits = total(part.limit for part in parts if not part.sub_limit_parent)
        whole = limits if self.cap is None else min(limits, self.cap)
        numerator, denominator = self.lead_percent.as_integer_ratio()
        return Fraction(whole.minor_units * numerator, denominator * 100)


def fractions(cessions: Sequence[Cession], sum_insured: Fraction) -> list[Fraction]:
    """The part of the lead's share that each cession takes at a sum insured; together at most one."""
    rest, found = Fraction(1), []
    for cession in cessions:
        share = min(_fraction(cession, sum_insured, rest), rest)
        found.append(share)
        rest -= share
    return found


def _fraction(cession: Cession, sum_insured: Fraction, rest: Fraction) -> Fraction:
    percent = Fraction(cession.percent) / 100
    match cession.kind:
        case CessionKind.QUOTA_SHARE:
            return percent * rest
        case CessionKind.SURPLUS:
            return _ratio(surplus(cession, sum_insured * rest), sum_insured)
        case CessionKind.FACULTATIVE:
            if cession.layer is None:
                return percent
            attachment = cession.attachment.minor_units if cession.attachment else 0
            inside = min(max(sum_insured - attachment, Fraction(0)), Fraction(cession.layer.minor_units))
            return percent * _ratio(inside, sum_insured)


def surplus(cession: Cession, sum_insured: Fraction) -> Fraction:
    """What a surplus treaty takes of a sum insured: all above the retention, up to so many lines of it."""
    retention = Fraction(cession.retention.minor_units) if cession.retention else Fraction(0)
    return min(cession.line_count * retention, max(sum_insured - retention, Fraction(0)))


def _ratio(part: Fraction, whole: Fraction) -> Fraction:
    return part / whole if whole else Fraction(0)


def divide(
    cessions: Sequence[Cession], exact: Sequence[Fraction], after: Sequence[Fraction]
) -> tuple[CededAmount, ...]:
    """The amounts of each cession and its panel, from exact fen; `after` are the fractions to show."""
    made: list[CededAmount] = []
    running, rounded = Fraction(0), 0
    for cession, amount, fraction in zip(cessions, exact, after, strict=True):
        running += amount
        ceded = Money(CNY, round_half_up(running) - rounded)
        rounded = round_half_up(running)
        made.append(_amount(cession, ceded, fraction))
    return tuple(made)


def difference(new: CededAmount, old: CededAmount) -> CededAmount:
    """What of one cession changed from an amount to another."""
    reinsurers = tuple(
        ReinsurerAmount(now.reinsurer_id, now.ceded - then.ceded, now.commission - then.commission)
        for now, then in zip(new.reinsurers, old.reinsurers, strict=True)
    )
    return replace(new, ceded=new.ceded - old.ceded, commission=new.commission - old.commission, reinsurers=reinsurers)


def _amount(cession: Cession, ceded: Money, fraction: Fraction) -> CededAmount:
    commission = ceded.times(Fraction(cession.commission_percent) / 100)
    percents = [each.percent for each in cession.reinsurers]
    parts = zip(cession.reinsurers, ceded.allocate(percents), commission.allocate(percents), strict=True)
    return CededAmount(
        kind=cession.kind,
        source_id=cession.source_id,
        fraction=str(fraction),
        ceded=ceded,
        commission=commission,
        reinsurers=tuple(ReinsurerAmount(each.reinsurer_id, part, back) for each, part, back in parts),
    )
