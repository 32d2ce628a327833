"""How a policy lapses when grace is over and premium missing, and what a payment must be to cure that."""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.dates import add_days
from libs.common.money import Money
from services.policy.domain.errors import EffectiveDateOutsideTerm, PolicyNotInForce
from services.policy.domain.policy.life import NON_PAYMENT, Lapse, Lapsed
from services.policy.domain.policy.life_errors import CoverInterrupted, GraceNotExpired
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import PolicyStatus
from services.policy.domain.product.terms import CancellationMethod, LapseRule


@dataclass(frozen=True)
class Debt:
    """What billing says: missing gross of VAT when grace was over, and all that had come in by then."""

    outstanding: Money
    received: Money
    expired_on: date


def lapse_if_due(policy: Policy, rule: LapseRule, debt: Debt, at: datetime) -> list[Lapsed]:
    """Lapses a policy by itself, if its product says so.

    Nothing happens to a policy that has ended, or whose cover a person let begin again in spite of this debt.
    """
    before = policy.life.last_lapsed_on, policy.life.covered_again_from
    forgiven = any(day is not None and debt.expired_on <= day for day in before)
    if policy.status is not PolicyStatus.IN_FORCE or debt.expired_on not in policy.bound.period or forgiven:
        return []
    return _lapse(policy, rule, debt, at) if rule.automatic else []


def lapse(policy: Policy, rule: LapseRule, debt: Debt | None, at: datetime) -> list[Lapsed]:
    """Lapses a policy because a person says so; a lapsed one stays as it is."""
    if policy.status is PolicyStatus.LAPSED:
        return []
    if policy.status is not PolicyStatus.IN_FORCE:
        raise PolicyNotInForce(status=policy.status)
    if debt is None:
        raise GraceNotExpired
    period, again = policy.bound.period, policy.life.covered_again_from
    if debt.expired_on not in period:
        raise EffectiveDateOutsideTerm(effective_date=debt.expired_on, inception=period.inception, expiry=period.expiry)
    if again is not None and debt.expired_on <= again:
        raise CoverInterrupted(reinstated_from=again, effective_date=debt.expired_on)
    return _lapse(policy, rule, debt, at)


def _lapse(policy: Policy, rule: LapseRule, debt: Debt, at: datetime) -> list[Lapsed]:
    """The insurer keeps what is earned, pro rata: it ends the contract, and may not charge for doing so."""
    cancellation, transactions, segments = policy.end(debt.expired_on, CancellationMethod.PRO_RATA, NON_PAYMENT, at)
    until = add_days(debt.expired_on, rule.cure_days - 1) if rule.cure_days else None
    made = Lapse(debt.expired_on, debt.outstanding, until, debt.received + debt.outstanding)
    return [Lapsed(lapse=made, cancellation=cancellation, transactions=transactions, segments=segments)]
