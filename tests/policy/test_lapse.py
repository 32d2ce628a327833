"""Lapse for unpaid premium, and its cure by a payment: it happens, it is refused, it is repeated."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.errors import EffectiveDateOutsideTerm, PolicyNotInForce
from services.policy.domain.policy.lapsing import Debt, lapse, lapse_if_due
from services.policy.domain.policy.life import NON_PAYMENT, PAID_IN_TIME, PREMIUM_PAID, Lapsed
from services.policy.domain.policy.life_errors import CoverInterrupted, GraceNotExpired
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reinstating import cure, withdraw_lapse
from services.policy.domain.policy.reporting import promised_segments, reported_until
from services.policy.domain.policy.values import PolicyStatus, TransactionKind
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.terms import USUAL_LAPSE, CancellationMethod, LapseRule
from tests.policy import examples as an

MARCH = date(2026, 3, 1)
AT = datetime(2026, 3, 1, tzinfo=UTC)
AUTOMATIC = LapseRule(date.min, automatic=True, cure_days=30)
BY_HAND = LapseRule(date.min, automatic=False, cure_days=0)


def debt(expired_on: date = MARCH) -> Debt:
    return Debt(Money.cny(53_000), Money.cny(53_000), expired_on)


def after(policy: Policy, events: list[Lapsed]) -> Policy:
    value = replay(Policy, events, policy)
    assert value is not None
    return value


def lapsed(policy: Policy | None = None) -> Policy:
    policy = policy or an.policy()
    return after(policy, lapse_if_due(policy, AUTOMATIC, debt(), AT))


def cured(policy: Policy, on: date = date(2026, 3, 30), **losses: date) -> Policy:
    value = replay(Policy, cure(policy, on, losses, on, AT), policy)
    assert value is not None
    return value


def test_cover_ends_on_the_first_day_without_grace_and_the_unearned_premium_comes_back_pro_rata() -> None:
    policy = lapsed()

    assert policy.status is PolicyStatus.LAPSED
    assert policy.cancellation is not None
    assert (policy.cancellation.reason, policy.cancellation.effective_date) == (NON_PAYMENT, MARCH)
    assert policy.cancellation.refund == Money.cny("83835.62")  # 306 days of 365.
    assert not policy.cancellation.retained
    assert policy.life.lapse is not None
    assert policy.life.lapse.cured_by == Money.cny(106_000)
    assert policy.life.lapse.cure_until == date(2026, 3, 30)
    assert policy.segment_on(MARCH) is None


def test_a_product_may_leave_it_to_a_person() -> None:
    policy = an.policy()

    assert lapse_if_due(policy, BY_HAND, debt(), AT) == []
    by_hand = after(policy, lapse(policy, BY_HAND, debt(), AT))
    assert by_hand.status is PolicyStatus.LAPSED
    assert by_hand.life.lapse is not None
    assert by_hand.life.lapse.cure_until is None
    assert cured(by_hand).status is PolicyStatus.LAPSED


def test_the_rule_is_that_of_the_inception() -> None:
    rules = (LapseRule(date(2025, 1, 1), True, 10), LapseRule(date(2026, 6, 1), False, 0))

    terms = an.product_terms(lapse_rules=rules)

    assert terms.lapse_rule(an.INCEPTION) == rules[0]
    assert terms.lapse_rule(date(2026, 6, 1)) == rules[1]
    assert terms.lapse_rule(date(2024, 1, 1)) == USUAL_LAPSE
    assert not USUAL_LAPSE.automatic


def test_a_policy_lapses_once_and_not_if_it_ended_before() -> None:
    assert lapse_if_due(lapsed(), AUTOMATIC, debt(), AT) == []
    assert lapse(lapsed(), AUTOMATIC, debt(), AT) == []
    ended = an.cancelled(an.policy(), MARCH, CancellationMethod.PRO_RATA)
    assert lapse_if_due(ended, AUTOMATIC, debt(), AT) == []
    with pytest.raises(PolicyNotInForce):
        lapse(ended, AUTOMATIC, debt(), AT)


def test_nobody_lapses_a_policy_of_which_billing_has_not_said_that_grace_ran_out() -> None:
    with pytest.raises(GraceNotExpired):
        lapse(an.policy(), AUTOMATIC, None, AT)
    with pytest.raises(EffectiveDateOutsideTerm):
        lapse(an.policy(), AUTOMATIC, debt(an.EXPIRY), AT)


def test_grace_that_ends_with_the_term_lapses_nothing() -> None:
    assert lapse_if_due(an.policy(), AUTOMATIC, debt(an.EXPIRY), AT) == []


def test_a_payment_in_time_puts_cover_back_as_if_it_had_never_ended() -> None:
    before = an.endorsed(an.policy(), date(2026, 7, 1), an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    policy = cured(lapsed(before))

    assert policy.status is PolicyStatus.IN_FORCE
    assert policy.premium == before.premium
    assert policy.segments == before.segments
    assert policy.life.reinstatements[-1].reason == PREMIUM_PAID
    assert [each.kind for each in policy.transactions[2:]] == [
        TransactionKind.REVERSE,
        TransactionKind.CANCEL,
        TransactionKind.REINSTATE,
        TransactionKind.REAPPLY,
    ]


def test_a_payment_the_day_after_the_last_cures_nothing() -> None:
    assert cured(lapsed(), date(2026, 3, 31)).status is PolicyStatus.LAPSED


def test_a_second_payment_finds_nothing_to_cure() -> None:
    policy = cured(lapsed())

    assert cure(policy, date(2026, 3, 30), {}, date(2026, 3, 30), AT) == []
    assert cure(an.policy(), MARCH, {}, MARCH, AT) == []


def test_a_loss_that_is_known_since_the_lapse_leaves_the_cure_to_a_person() -> None:
    assert cured(lapsed(), claim=date(2026, 3, 5)).status is PolicyStatus.LAPSED
    assert cured(lapsed(), claim=date(2026, 2, 28)).status is PolicyStatus.IN_FORCE


def test_the_same_grace_never_lapses_a_policy_twice_but_a_later_one_does() -> None:
    policy = cured(lapsed())

    assert lapse_if_due(policy, AUTOMATIC, debt(), AT) == []
    later = lapse_if_due(policy, AUTOMATIC, debt(date(2026, 6, 1)), AT)
    assert after(policy, later).status is PolicyStatus.LAPSED


def test_cover_that_a_person_let_begin_again_does_not_lapse_for_the_debt_of_before() -> None:
    policy = an.reinstated(lapsed(), date(2026, 5, 1))
    between = debt(date(2026, 4, 1))

    assert lapse_if_due(policy, AUTOMATIC, between, AT) == []
    with pytest.raises(CoverInterrupted):
        lapse(policy, AUTOMATIC, between, AT)


def test_who_did_not_pay_has_no_extended_reporting() -> None:
    policy = lapsed()

    assert set(reported_until(policy).values()) == {MARCH}
    assert {part.extended_reporting_days for each in promised_segments(policy) for part in each.parts} == {0}
    back = cured(policy)
    assert {part.extended_reporting_days for each in promised_segments(back) for part in each.parts} == {60}


@pytest.mark.parametrize(
    "rules",
    [(LapseRule(MARCH, True, 366),), (LapseRule(MARCH, True, 1), LapseRule(MARCH, False, 1))],
)
def test_lapse_rules_that_make_no_sense_are_refused(rules: tuple[LapseRule, ...]) -> None:
    with pytest.raises(InvalidField, match="lapse_rules"):
        check_terms(an.product_terms(lapse_rules=rules))


def test_a_minimum_earned_is_of_a_method_that_the_product_has() -> None:
    rule = an.product_terms().cancellation
    for percent, methods in ((Decimal(25), rule.methods), (Decimal(101), (CancellationMethod.MINIMUM_EARNED,))):
        changed = type(rule)(methods, Decimal(10), percent)
        with pytest.raises(InvalidField, match="minimum_earned_percent"):
            check_terms(an.product_terms(cancellation=changed))


def test_days_of_cure_are_counted_from_the_first_day_without_cover() -> None:
    rule = LapseRule(date.min, True, 1)
    policy = after(an.policy(), lapse_if_due(an.policy(), rule, debt(), AT))

    assert cured(policy, MARCH).status is PolicyStatus.IN_FORCE
    assert cured(policy, MARCH + timedelta(1)).status is PolicyStatus.LAPSED


def test_grace_that_ends_before_cover_begins_lapses_the_policy_as_of_its_inception() -> None:
    """Bound three months ahead, as renewals are: all comes back, by the timer and by hand."""
    before = debt(date(2025, 12, 20))

    for policy in (
        after(an.policy(), lapse_if_due(an.policy(), AUTOMATIC, before, AT)),
        after(an.policy(), lapse(an.policy(), BY_HAND, before, AT)),
    ):
        assert policy.status is PolicyStatus.LAPSED
        assert policy.cancellation is not None
        assert policy.cancellation.method is CancellationMethod.FLAT
        assert policy.cancellation.effective_date == an.INCEPTION
        assert policy.premium == Money.cny(0)
        assert policy.segments == ()


def test_who_pays_before_cover_begins_has_it() -> None:
    before = debt(date(2025, 12, 20))
    policy = after(an.policy(), lapse_if_due(an.policy(), AUTOMATIC, before, AT))

    policy = cured(policy, date(2025, 12, 28))

    assert policy.status is PolicyStatus.IN_FORCE
    assert policy.premium == Money.cny(100_000)
    assert lapse_if_due(policy, AUTOMATIC, before, AT) == []
    next_instalment = lapse_if_due(policy, AUTOMATIC, debt(date(2025, 12, 31)), AT)
    assert after(policy, next_instalment).status is PolicyStatus.LAPSED


def test_a_second_arrears_after_a_new_beginning_lapses_too() -> None:
    policy = an.reinstated(lapsed(), date(2026, 5, 1))

    policy = after(policy, lapse_if_due(policy, AUTOMATIC, debt(date(2026, 7, 1)), AT))

    assert policy.status is PolicyStatus.LAPSED
    assert policy.segments[-1].end == date(2026, 7, 1)


def test_money_that_had_been_there_in_time_undoes_the_lapse_whatever_happened_since() -> None:
    before = an.policy()
    for rule in (AUTOMATIC, BY_HAND):
        policy = after(before, lapse(before, rule, debt(), AT))

        value = replay(Policy, withdraw_lapse(policy, MARCH, AT), policy)

        assert value is not None
        assert value.status is PolicyStatus.IN_FORCE
        assert value.segments == before.segments
        assert value.life.reinstatements[-1].reason == PAID_IN_TIME
        assert not value.life.reinstatements[-1].has_gap
        assert withdraw_lapse(value, MARCH, AT) == []


def test_what_is_said_of_another_end_of_grace_undoes_nothing() -> None:
    assert withdraw_lapse(lapsed(), date(2026, 4, 1), AT) == []
    assert withdraw_lapse(an.policy(), MARCH, AT) == []


def test_less_than_the_tolerance_may_be_missing_of_what_cures() -> None:
    policy = after(an.policy(), lapse_if_due(an.policy(), AUTOMATIC, replace(debt(), tolerance=Money.cny(1)), AT))

    assert policy.life.lapse is not None
    assert policy.life.lapse.is_cured_by(Money.cny("105999.01"))
    assert not policy.life.lapse.is_cured_by(Money.cny("105999.00"))


def test_what_was_owed_when_a_person_put_the_policy_back_in_force_does_not_lapse_it() -> None:
    decided = datetime(2026, 5, 10, 2, tzinfo=UTC)
    policy = an.reinstated(lapsed(), MARCH, today=date(2026, 5, 10), at=decided, says=an.statement(date(2026, 5, 10)))

    assert lapse_if_due(policy, AUTOMATIC, debt(date(2026, 4, 20)), AT) == []
    assert lapse_if_due(policy, AUTOMATIC, debt(date(2026, 5, 20)), AT)
