"""How a policy lapses when grace is over and premium missing, and what a payment must be to cure that.

Cover ends on the first day without grace. Where grace ends before cover begins, it never begins: the policy lapses as
of its inception, and all of the premium comes back.
"""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.dates import add_days, date_in_shanghai
from libs.common.money import Money
from services.policy.domain.errors import EffectiveDateOutsideTerm, PolicyNotInForce
from services.policy.domain.policy.life import NON_PAYMENT, Lapse, Lapsed
from services.policy.domain.policy.life_errors import CoverInterrupted, GraceNotExpired
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import PolicyStatus
from services.policy.domain.product.terms import CancellationMethod, LapseRule


@dataclass(frozen=True)
class Debt:
    """What billing says: missing gross of VAT when grace was over, and all that had come in by then.

    `tolerance` is below what nothing is missing; None if billing has not said so.
    """

    outstanding: Money
    received: Money
    expired_on: date
    tolerance: Money | None = None


def lapse_if_due(policy: Policy, rule: LapseRule, debt: Debt, at: datetime) -> list[Lapsed]:
    """Lapses a policy by itself, if its product says so.

    Nothing happens to a policy that has ended, or whose cover a person let begin again in spite of this debt.
    """
    if policy.status is not PolicyStatus.IN_FORCE or not rule.automatic or _is_forgiven(policy, debt):
        return []
    return [] if debt.expired_on >= policy.bound.period.expiry else _lapse(policy, rule, debt, at)


def lapse(policy: Policy, rule: LapseRule, debt: Debt | None, at: datetime) -> list[Lapsed]:
    """Lapses a policy because a person says so; a lapsed one stays as it is."""
    if policy.status is PolicyStatus.LAPSED:
        return []
    if policy.status is not PolicyStatus.IN_FORCE:
        raise PolicyNotInForce(status=policy.status)
    if debt is None:
        raise GraceNotExpired
    period, again = policy.bound.period, policy.life.covered_again_from
    if debt.expired_on >= period.expiry:
        raise EffectiveDateOutsideTerm(effective_date=debt.expired_on, inception=period.inception, expiry=period.expiry)
    if again is not None and debt.expired_on <= again:
        raise CoverInterrupted(reinstated_from=again, effective_date=debt.expired_on)
    return _lapse(policy, rule, debt, at)


def _is_forgiven(policy: Policy, debt: Debt) -> bool:
    """Grace of what had lapsed the policy before, or of what was known when a person put it back in force."""
    life = policy.life
    decided = None if life.decided_on is None else date_in_shanghai(life.decided_on)
    before = life.last_lapsed_on, life.covered_again_from, decided
    return any(day is not None and debt.expired_on <= day for day in before)


def _lapse(policy: Policy, rule: LapseRule, debt: Debt, at: datetime) -> list[Lapsed]:
    """The insurer keeps what is earned, pro rata: it ends the contract, and may not charge for doing so."""
    inception = policy.bound.period.inception
    effective = max(debt.expired_on, inception)
    method = CancellationMethod.FLAT if effective == inception else CancellationMethod.PRO_RATA
    cancellation, transactions, segments = policy.end(effective, method, NON_PAYMENT, at)
    made = Lapse(
        effective_date=effective,
        outstanding=debt.outstanding,
        cure_until=add_days(effective, rule.cure_days - 1) if rule.cure_days else None,
        cured_by=debt.received + debt.outstanding,
        grace_expired_on=debt.expired_on,
        tolerance=debt.tolerance,
    )
    return [Lapsed(lapse=made, cancellation=cancellation, transactions=transactions, segments=segments)]
