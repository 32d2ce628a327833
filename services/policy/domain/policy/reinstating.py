"""How a cancelled or lapsed policy comes back into force.

Without a gap it is as if cover had never ended: each movement of the cancellation gets its opposite, to the last fen of
tax, share and cession, and the timeline is that of before. With a gap cover begins anew on a later day (`lifeline`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.errors import InvalidField
from services.policy.domain.errors import EffectiveDateOutsideTerm
from services.policy.domain.policy.ceding import check_limits
from services.policy.domain.policy.charge import bookable
from services.policy.domain.policy.charged import Charged
from services.policy.domain.policy.life import (
    PAID_IN_TIME,
    PREMIUM_PAID,
    Interruption,
    NoKnownLosses,
    Reinstated,
    Reinstatement,
)
from services.policy.domain.policy.life_errors import (
    LossKnown,
    NoLossStatementMissing,
    NothingToReinstate,
    ReinstatedBeforeEnd,
    StatementBeforeEnd,
    TermRanOut,
)
from services.policy.domain.policy.lifeline import lifeline_of
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.timeline import steps_of
from services.policy.domain.policy.values import Cancellation, Segment, Transaction, TransactionKind
from services.policy.domain.product.terms import ProductTerms


@dataclass(frozen=True)
class Wish:
    """From when, why, and what the insured says. `losses` are known ones: by claim, the first day they may be of."""

    effective: date
    reason: str
    statement: NoKnownLosses | None
    losses: Mapping[str, date]


def reinstate(policy: Policy, terms: ProductTerms, wish: Wish, today: date, at: datetime) -> list[Reinstated]:
    """Puts the policy back in force from a day; nothing if it came back on that day, and was not ended since."""
    ended = policy.cancellation
    if ended is None:
        newest = policy.life.reinstatements[-1:]
        if [(each.effective_date, each.reason) for each in newest] == [(wish.effective, wish.reason)]:
            return []
        raise NothingToReinstate(status=policy.status)
    _check_day(policy, ended, wish.effective, today)
    _check_losses(ended, wish, today)
    reinstatement = Reinstatement(ended.effective_date, wish.effective, at, wish.reason, wish.statement)
    if reinstatement.has_gap:
        transactions, segments = _gap(policy, terms, wish.effective, at)
    else:
        transactions, segments = _no_gap(policy, at)
        bookable(policy.transactions, transactions)  # A longer time for reports may have been sold meanwhile.
    return [Reinstated(reinstatement=reinstatement, transactions=transactions, segments=segments)]


def cure(policy: Policy, received_on: date, losses: Mapping[str, date], today: date, at: datetime) -> list[Reinstated]:
    """Undoes a lapse that a payment cured in time. A loss since then that is known leaves it to a person."""
    ended, lapse = policy.cancellation, policy.life.lapse
    if ended is None or lapse is None or lapse.cure_until is None or today >= policy.bound.period.expiry:
        return []
    if received_on > lapse.cure_until or any(day >= ended.effective_date for day in losses.values()):
        return []
    transactions, segments = _no_gap(policy, at)
    reinstatement = Reinstatement(ended.effective_date, ended.effective_date, at, PREMIUM_PAID, None)
    return [Reinstated(reinstatement=reinstatement, transactions=transactions, segments=segments)]


def withdraw_lapse(policy: Policy, expired_on: date, at: datetime) -> list[Reinstated]:
    """Undoes a lapse that never had a ground: the money had been there before the grace that ended on this day did.

    It is as if cover had never ended, whatever happened since: a loss of those days is covered too.
    """
    ended, lapse = policy.cancellation, policy.life.lapse
    if ended is None or lapse is None or lapse.ground != expired_on:
        return []
    transactions, segments = _no_gap(policy, at)
    reinstatement = Reinstatement(ended.effective_date, ended.effective_date, at, PAID_IN_TIME, None)
    return [Reinstated(reinstatement=reinstatement, transactions=transactions, segments=segments)]


def _check_day(policy: Policy, ended: Cancellation, effective: date, today: date) -> None:
    period = policy.bound.period
    if today >= period.expiry:
        raise TermRanOut(expiry=period.expiry)
    if effective not in period:
        raise EffectiveDateOutsideTerm(effective_date=effective, inception=period.inception, expiry=period.expiry)
    if effective < ended.effective_date:
        raise ReinstatedBeforeEnd(ended_on=ended.effective_date, effective_date=effective)


def _check_losses(ended: Cancellation, wish: Wish, today: date) -> None:
    """Nobody is covered for what is known to have happened; the days since the end need the insured's word."""
    ended_on, statement = ended.effective_date, wish.statement
    if statement is not None and statement.signed_on > today:
        raise InvalidField(field="statement.signed_on", problem="is in the future")
    known = {claim_id: day for claim_id, day in wish.losses.items() if day >= ended_on}
    covered = [claim_id for claim_id, day in known.items() if day >= wish.effective or statement is None]
    if covered:
        raise LossKnown(ended_on=ended_on, claim_ids=", ".join(sorted(covered)))
    if today >= ended_on and statement is None:
        raise NoLossStatementMissing(ended_on=ended_on)
    if statement is not None and statement.signed_on < min(ended_on, today):
        raise StatementBeforeEnd(signed_on=statement.signed_on, ended_on=ended_on)


def _no_gap(policy: Policy, at: datetime) -> tuple[tuple[Transaction, ...], tuple[Segment, ...]]:
    ending = policy.life.ending
    assert ending is not None  # There is one as long as there is a cancellation.
    charged = Charged(policy.bound, policy.transactions, at)
    for made in reversed(ending.transactions):
        charged.undo(made)
    return tuple(charged), ending.segments


def _gap(
    policy: Policy, terms: ProductTerms, effective: date, at: datetime
) -> tuple[tuple[Transaction, ...], tuple[Segment, ...]]:
    """Charges the days that remain; the endorsements that the cancellation took back are put back where they were."""
    assert policy.cancellation is not None
    cut = Interruption(policy.cancellation, effective)
    steps = steps_of(terms, policy.bound, policy.endorsements, newest=0)
    line = lifeline_of(policy.bound, steps, (*policy.life.interruptions, cut))
    end = line.place(TransactionKind.CANCEL, cut.cancellation.effective_date)
    charged = Charged(policy.bound, policy.transactions, at, terms.vat_rates)
    for charge in line.charges[end + 1 :]:
        if charge.endorsement:
            charged.add_again(charge)
        else:
            charged.add(charge)
    check_limits(policy.bound, line.segments)
    return charged.raised(), line.segments
