"""What comes back when cover ends before its expiry.

The unearned premium is that of the whole policy on the day of cancellation, `annual × days remaining ÷ N`. At short
rate the insurer keeps a percent of it; with a minimum earned, so much of it that a percent of the term's premium, as it
stands with all that was endorsed until then, is earned at least. The refund is rounded half up once, from the exact
amount and not from the rounded unearned premium, and then divided among the parts by largest remainders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from libs.common.dates import Period
from libs.common.money import Money, round_half_up, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.errors import EffectiveDateOutsideTerm, FlatFromInceptionOnly, MethodNotAllowed
from services.policy.domain.policy.life_errors import ClaimsAgainstCancellation
from services.policy.domain.product.terms import CancellationMethod, CancellationRule


@dataclass(frozen=True)
class ReturnPremium:
    unearned: Money
    refund: Money
    by_part: dict[str, Money]


def check_cancellation(rule: CancellationRule, period: Period, effective: date, method: CancellationMethod) -> None:
    if method not in rule.methods:
        raise MethodNotAllowed(method=method, allowed=", ".join(rule.methods))
    if effective not in period:
        raise EffectiveDateOutsideTerm(effective_date=effective, inception=period.inception, expiry=period.expiry)
    if method is CancellationMethod.FLAT and effective != period.inception:
        raise FlatFromInceptionOnly(inception=period.inception, effective_date=effective)


def check_claims(
    rule: CancellationRule, inception: date, effective: date, claimed: Mapping[str, date | None], despite: str
) -> None:
    """Refuses to take away days under which claims are paid or open; from inception on that is all of the cover.

    `claimed` says of each such claim the first day of its loss, None if that is not known; `despite` is why a chief
    does it all the same.
    """
    if rule.despite_claims or despite:
        return
    whole = effective == inception
    against = [claim_id for claim_id, day in claimed.items() if whole or (day is not None and day >= effective)]
    if against:
        raise ClaimsAgainstCancellation(effective_date=effective, claim_ids=", ".join(sorted(against)))


def return_premium(
    parts: Sequence[PartTerms],
    period: Period,
    effective: date,
    method: CancellationMethod,
    rule: CancellationRule,
    premium: Money,
) -> ReturnPremium:
    """What is unearned and what comes back of the annual premiums that held until the cancellation.

    `premium` is that of the whole term as it stands before it.
    """
    annual = total(part.annual_premium for part in parts)
    remaining = Fraction(period.days_from(effective), period.days)
    exact = Fraction(annual.minor_units) * remaining
    match method:
        case CancellationMethod.SHORT_RATE:
            exact *= 1 - Fraction(rule.short_rate_percent) / 100
        case CancellationMethod.MINIMUM_EARNED:
            most = premium.minor_units * (1 - Fraction(rule.minimum_earned_percent) / 100)
            exact = max(min(exact, most), Fraction(0))
    refund = Money(annual.currency, round_half_up(exact))
    by_part: dict[str, Money] = {}
    if refund:
        divided = refund.allocate([part.annual_premium.minor_units for part in parts])
        by_part = {part.code: amount for part, amount in zip(parts, divided, strict=True)}
    return ReturnPremium(annual.times(remaining), refund, by_part)
