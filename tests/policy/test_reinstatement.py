"""Reinstatement: without a gap as if nothing had been, with a gap for the days that remain; refused; repeated."""

from datetime import UTC, date, datetime

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money, total
from services.policy.domain.errors import EffectiveDateOutsideTerm
from services.policy.domain.policy.life import NoKnownLosses
from services.policy.domain.policy.life_errors import (
    CoverInterrupted,
    LossKnown,
    NoLossStatementMissing,
    NothingToReinstate,
    ReinstatedBeforeEnd,
    StatementBeforeEnd,
    TermRanOut,
)
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reinstating import Wish, reinstate
from services.policy.domain.policy.values import PolicyStatus, TransactionKind
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an

JUNE, JULY, AUGUST, NOVEMBER = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1), date(2026, 11, 1)
IN_AUGUST = date(2026, 8, 3)
AT = datetime(2026, 8, 3, tzinfo=UTC)


def ended(method: CancellationMethod = CancellationMethod.SHORT_RATE) -> Policy:
    """Endorsed from June and from November on, then cancelled in July: the second one never took hold."""
    policy = an.endorsed(an.policy(), JUNE, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    policy = an.endorsed(policy, NOVEMBER, an.remove(an.EXTORTION))
    return an.cancelled(policy, JULY, method)


def refused(
    policy: Policy,
    effective: date,
    says: NoKnownLosses | None = None,
    losses: dict[str, date] | None = None,
    today: date = IN_AUGUST,
) -> None:
    reinstate(policy, an.product_terms(), Wish(effective, "INSURED_REQUEST", says, losses or {}), today, AT)


def test_without_a_gap_every_movement_of_the_cancellation_has_its_opposite() -> None:
    policy = an.reinstated(ended(), JULY)

    kinds = [(each.number, each.kind, each.refers_to) for each in policy.transactions[3:]]
    assert kinds == [
        (4, TransactionKind.REVERSE, 3),
        (5, TransactionKind.CANCEL, 0),
        (6, TransactionKind.REINSTATE, 5),
        (7, TransactionKind.REAPPLY, 3),
    ]
    cancel, again = policy.transactions[4], policy.transactions[5]
    for amount in ("net", "vat", "stamp_duty", "ceded", "ceding_commission"):
        assert getattr(again, amount) == -getattr(cancel, amount)
    assert [each.amount for each in again.shares] == [-each.amount for each in cancel.shares]
    assert [each.ceded for each in again.cessions] == [-each.ceded for each in cancel.cessions]
    assert [segment.first for segment in policy.segments] == [an.INCEPTION, JUNE, NOVEMBER]
    assert policy.status is PolicyStatus.IN_FORCE
    assert policy.cancellation is None


def test_with_a_gap_the_days_that_remain_are_charged_by_part_and_the_gap_is_no_cover() -> None:
    policy = an.reinstated(ended(), AUGUST)

    again = policy.transactions[5]
    # 153 days remain of 365: 112,000.00 and 8,000.00 a year.
    assert (again.kind, again.effective_date) == (TransactionKind.REINSTATE, AUGUST)
    assert [(part.part_code, str(part.amount)) for part in again.parts] == [
        (an.DATA, "46,947.95 CNY"),
        (an.EXTORTION, "3,353.42 CNY"),
    ]
    assert again.vat == Money.cny("3018.08")
    assert policy.segment_on(date(2026, 7, 31)) is None
    assert policy.segment_on(AUGUST) is not None
    assert [(segment.first, segment.end) for segment in policy.segments] == [
        (an.INCEPTION, JUNE),
        (JUNE, JULY),
        (AUGUST, NOVEMBER),
        (NOVEMBER, an.EXPIRY),
    ]
    back = policy.live_transaction(2)
    assert (back.kind, back.effective_date, back.net) == (TransactionKind.REAPPLY, NOVEMBER, Money.cny("-1336.99"))


def test_an_endorsement_of_a_day_in_the_gap_costs_nothing_by_itself() -> None:
    policy = an.reinstated(ended(), AUGUST)

    later = an.endorsed(policy, date(2026, 7, 15), an.set_limit(an.DATA, an.DATA_LIMIT))

    added = later.live_transaction(3)
    assert not added.net
    newest = [each for each in later.transactions if each.kind is TransactionKind.REINSTATE][-1]
    assert newest.net == Money.cny("38564.38") + Money.cny("3353.42")  # 92,000.00 and 8,000.00 for 153 days.
    assert later.premium == policy.premium - Money.cny("8383.57")


def test_an_endorsement_before_the_gap_moves_the_return_premium_too() -> None:
    policy = an.reinstated(ended(), AUGUST)

    later = an.endorsed(policy, date(2026, 2, 1), an.set_limit(an.DATA, an.DATA_LIMIT))

    cancels = [each for each in later.transactions if each.kind is TransactionKind.CANCEL]
    assert [each.refers_to for each in cancels] == [0, 5]
    assert later.premium == policy.premium  # It set what was set, and June raised it all the same.


def test_cover_that_began_again_can_be_ended_after_that_day_only() -> None:
    policy = an.reinstated(ended(), AUGUST)

    with pytest.raises(CoverInterrupted):
        an.cancelled(policy, AUGUST, CancellationMethod.PRO_RATA)
    again = an.cancelled(policy, date(2026, 9, 1), CancellationMethod.PRO_RATA)

    assert again.cancellation is not None
    assert again.cancellation.refund == Money.cny("40109.59")  # 122 days of 120,000.00.


def test_a_policy_that_never_ended_is_not_reinstated() -> None:
    with pytest.raises(NothingToReinstate) as refusal:
        refused(an.policy(), JULY)

    assert refusal.value.details == {"status": "in_force"}


def test_reinstating_again_from_the_same_day_changes_nothing() -> None:
    policy = an.reinstated(ended(), AUGUST)
    again = reinstate(policy, an.product_terms(), Wish(AUGUST, "INSURED_REQUEST", None, {}), an.QUOTED_ON, AT)

    assert again == []
    with pytest.raises(NothingToReinstate):
        refused(policy, date(2026, 8, 2))


def test_cover_can_not_begin_again_before_it_ended_or_outside_the_term() -> None:
    with pytest.raises(ReinstatedBeforeEnd):
        refused(ended(), date(2026, 6, 30), an.statement(AUGUST))
    with pytest.raises(EffectiveDateOutsideTerm):
        refused(ended(), an.EXPIRY, an.statement(AUGUST))
    with pytest.raises(EffectiveDateOutsideTerm):
        refused(ended(), date(2025, 12, 31), an.statement(AUGUST))


def test_after_the_expiry_there_is_nothing_to_reinstate() -> None:
    with pytest.raises(TermRanOut):
        refused(ended(), JULY, an.statement(an.EXPIRY), today=an.EXPIRY)


def test_once_cover_has_ended_the_insured_has_to_state_that_it_knows_of_no_loss() -> None:
    with pytest.raises(NoLossStatementMissing):
        refused(ended(), JULY)
    with pytest.raises(StatementBeforeEnd):
        refused(ended(), JULY, an.statement(date(2026, 6, 30)))
    with pytest.raises(InvalidField):
        refused(ended(), JULY, an.statement(date(2026, 8, 4)))

    policy = an.reinstated(ended(), JULY, today=IN_AUGUST, says=an.statement(IN_AUGUST))
    assert policy.life.reinstatements[0].statement == an.statement(IN_AUGUST)


def test_a_loss_that_is_known_since_the_end_is_not_covered_afterwards() -> None:
    losses = {"before": date(2026, 6, 30), "since": date(2026, 7, 20)}

    with pytest.raises(LossKnown) as refusal:
        refused(ended(), JULY, an.statement(IN_AUGUST), losses)
    assert refusal.value.details["claim_ids"] == "since"
    with pytest.raises(LossKnown):
        refused(ended(), AUGUST, None, losses)

    wish = Wish(AUGUST, "INSURED_REQUEST", an.statement(IN_AUGUST), losses)  # It lies in the gap, which is no cover.
    assert len(reinstate(ended(), an.product_terms(), wish, IN_AUGUST, AT)) == 1


def test_a_flat_cancellation_is_undone_too() -> None:
    policy = an.cancelled(an.policy(), an.INCEPTION, CancellationMethod.FLAT)

    back = an.reinstated(policy, an.INCEPTION)

    assert back.premium == an.policy().premium
    assert back.segments == an.policy().segments
    assert not total(each.net for each in back.transactions[1:])
