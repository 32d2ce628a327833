"""What comes back when cover ends before its expiry.

The unearned premium is that of the whole policy on the day of cancellation, `annual × days remaining ÷ N`. At short
rate the insurer keeps a percent of it; with a minimum earned, so much of it that a percent of the year's premium is
earned at least. The refund is rounded half up once, from the exact amount and not from the
rounded unearned premium, and then divided among the parts by largest remainders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from libs.common.dates import Period
from libs.common.money import Money, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.errors import EffectiveDateOutsideTerm, FlatFromInceptionOnly, MethodNotAllowed
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


def return_premium(
    parts: Sequence[PartTerms], period: Period, effective: date, method: CancellationMethod, rule: CancellationRule
) -> ReturnPremium:
    """What is unearned and what comes back of the annual premiums that held until the cancellation."""
    annual = total(part.annual_premium for part in parts)
    remaining = Fraction(period.days_from(effective), period.days)
    refund = annual.times(_returned(remaining, method, rule))
    by_part: dict[str, Money] = {}
    if refund:
        divided = refund.allocate([part.annual_premium.minor_units for part in parts])
        by_part = {part.code: amount for part, amount in zip(parts, divided, strict=True)}
    return ReturnPremium(annual.times(remaining), refund, by_part)


def _returned(remaining: Fraction, method: CancellationMethod, rule: CancellationRule) -> Fraction:
    """What part of the annual premium comes back."""
    match method:
        case CancellationMethod.SHORT_RATE:
            return remaining * (1 - Fraction(rule.short_rate_percent) / 100)
        case CancellationMethod.MINIMUM_EARNED:
            return min(remaining, 1 - Fraction(rule.minimum_earned_percent) / 100)
        case CancellationMethod.FLAT | CancellationMethod.PRO_RATA:
            return remaining
