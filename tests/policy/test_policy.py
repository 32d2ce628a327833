from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.errors import (
    EffectiveDateOutsideTerm,
    EndorsementConflict,
    FactorMissing,
    FlatFromInceptionOnly,
    LeadIsNotTenant,
    LimitOutOfRange,
    MethodNotAllowed,
    NoPartLeft,
    ParentPartMissing,
    PartAlreadyCovered,
    PartNotCovered,
    PolicyNotInForce,
    SharesNotWhole,
    UnknownPart,
)
from services.policy.domain.policy.charge import check_shares
from services.policy.domain.policy.number import policy_number
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Change, ChangeKind, PolicyStatus, Share, TransactionKind
from services.policy.domain.product.terms import CancellationMethod, CancellationRule
from tests.policy import examples as an

MAY, JUNE, AUGUST = date(2026, 5, 1), date(2026, 6, 1), date(2026, 8, 1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_policy_is_bound_with_the_terms_of_its_quote() -> None:
    policy = an.policy()

    assert policy.status is PolicyStatus.IN_FORCE
    assert [part.code for part in policy.segments[0].parts] == [an.DATA, an.EXTORTION]
    assert policy.segments[0].parts[0].deductible == Money.cny(10_000)
    assert policy.segments[0].parts[0].retroactive_date == an.INCEPTION
    assert policy.aggregate_limit == Money.cny(25_000_000)


def test_only_services_after_binding_are_promised_and_the_optional_ones_only_if_taken() -> None:
    plain = an.policy()
    bundled = an.policy(an.quoted(an.submission(bundled_services=True)))

    assert [service.code for service in plain.bound.entitlements] == ["MONITORING", "RESPONSE"]
    assert [service.code for service in bundled.bound.entitlements] == ["MONITORING", "RESPONSE", "RECOVERY"]


def test_the_policy_number_is_the_same_for_every_retry() -> None:
    assert policy_number(an.POLICY_ID, an.INCEPTION) == policy_number(an.POLICY_ID, an.INCEPTION)
    assert an.policy().bound.policy_number == "HB2026-00000-00001"


def test_the_cap_limits_the_aggregate() -> None:
    policy = an.policy(an.quoted(an.submission(aggregate_limit=Money.cny(20_000_000))))

    assert policy.aggregate_limit == Money.cny(20_000_000)


def test_without_shares_the_tenant_carries_all() -> None:
    (share,) = check_shares((), an.TENANT)

    assert share == Share(an.TENANT, Decimal(100), lead=True)


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        (an.shares("60", "39.99"), "percents sum to 99.99, not to 100"),
        ((Share(an.TENANT, Decimal(100), lead=False),), "exactly one insurer leads, not 0"),
        ((Share(an.TENANT, Decimal(50), True), Share(an.TENANT, Decimal(50), False)), "has a share already"),
        ((Share(an.TENANT, Decimal(100), True), Share("b", Decimal(0), False)), "must be above 0"),
        ((Share(an.TENANT, Decimal(50), True), Share("b", Decimal(50), True)), "exactly one insurer leads, not 2"),
    ],
)
def test_shares_that_are_not_whole_are_refused(shares: tuple[Share, ...], problem: str) -> None:
    with pytest.raises(SharesNotWhole, match=problem):
        check_shares(shares, an.TENANT)


def test_another_insurer_can_not_lead_a_policy_of_this_one() -> None:
    with pytest.raises(LeadIsNotTenant):
        check_shares(an.shares(), "insurer-z")


def test_an_endorsement_changes_the_terms_from_its_day() -> None:
    policy = an.endorsed(an.policy(), MAY, an.add(an.RESPONSE, Money.cny(1_000_000)))

    before, since = policy.segment_on(date(2026, 4, 30)), policy.segment_on(MAY)
    assert before is not None
    assert since is not None
    assert [part.code for part in before.parts] == [an.DATA, an.EXTORTION]
    assert [part.code for part in since.parts] == [an.DATA, an.EXTORTION, an.RESPONSE]
    assert since.parts[-1].retroactive_date == MAY


def test_an_endorsement_that_is_repeated_is_recorded_once() -> None:
    policy = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    again = policy.endorse(an.product_terms(), MAY, [an.set_limit(an.DATA, an.RAISED_DATA_LIMIT)], "", "request-1", NOW)

    assert again == []


@pytest.mark.parametrize("day", [date(2025, 12, 31), an.EXPIRY])
def test_an_endorsement_outside_the_term_is_refused(day: date) -> None:
    with pytest.raises(EffectiveDateOutsideTerm):
        an.endorsed(an.policy(), day, an.remove(an.EXTORTION))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (an.remove("CYBERWAR"), UnknownPart),
        (an.remove(an.RESPONSE), PartNotCovered),
        (an.add(an.DATA, an.DATA_LIMIT), PartAlreadyCovered),
        (an.set_limit(an.DATA, Money.cny(60_000_000)), LimitOutOfRange),
        (Change(ChangeKind.SET_PART, an.DATA), InvalidField),
        (Change(ChangeKind.SET_PART), InvalidField),
        (an.set_limit(an.DATA, Money("USD", 1)), InvalidField),
        (Change(ChangeKind.SET_ANSWER), InvalidField),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(change: Change, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        an.endorsed(an.policy(), MAY, change)


def test_no_part_left_is_a_cancellation_not_an_endorsement() -> None:
    with pytest.raises(NoPartLeft):
        an.endorsed(an.policy(), MAY, an.remove(an.DATA), an.remove(an.EXTORTION))


def test_a_parent_can_not_leave_while_its_sub_limit_stays() -> None:
    policy = an.endorsed(an.policy(), MAY, an.add(an.RESPONSE, Money.cny(1_000_000)))

    with pytest.raises(ParentPartMissing):
        an.endorsed(policy, JUNE, an.remove(an.DATA))


def test_a_corrected_answer_rates_all_parts_anew() -> None:
    policy = an.endorsed(an.policy(), an.INCEPTION, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))

    assert [part.annual_premium for part in policy.segments[0].parts] == [Money.cny(149_500), Money.cny(13_000)]
    assert policy.premium == Money.cny(162_500)
    assert len(policy.segments) == 1


def test_an_endorsement_in_sequence_reverses_nothing() -> None:
    policy = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    later = an.endorsed(policy, MAY, an.remove(an.EXTORTION))

    assert [each.kind for each in later.transactions[1:]] == [TransactionKind.ENDORSE, TransactionKind.ENDORSE]


def test_an_earlier_endorsement_that_removes_what_a_later_one_changes_is_a_named_conflict() -> None:
    policy = an.endorsed(an.policy(), AUGUST, an.set_limit(an.EXTORTION, Money.cny(3_000_000)))

    with pytest.raises(EndorsementConflict) as refusal:
        an.endorsed(policy, MAY, an.remove(an.EXTORTION))

    assert refusal.value.details["endorsement"] == "1"
    assert refusal.value.details["effective_date"] == "2026-08-01"
    assert refusal.value.details["conflict"] == "Part EXTORTION is not covered on 2026-08-01."


def test_several_later_endorsements_are_taken_back_last_first_and_put_back_in_order() -> None:
    policy = an.endorsed(an.policy(), JUNE, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    policy = an.endorsed(policy, AUGUST, an.set_limit(an.EXTORTION, Money.cny(3_000_000)))

    policy = an.endorsed(policy, MAY, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))

    made = [(each.kind, each.endorsement, each.refers_to) for each in policy.transactions[3:]]
    assert made == [
        (TransactionKind.REVERSE, 2, 3),
        (TransactionKind.REVERSE, 1, 2),
        (TransactionKind.ENDORSE, 3, 0),
        (TransactionKind.REAPPLY, 1, 2),
        (TransactionKind.REAPPLY, 2, 3),
    ]


def test_an_endorsement_put_back_is_charged_by_the_terms_it_now_meets() -> None:
    policy = an.endorsed(an.policy(), JUNE, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    assert policy.transactions[-1].net == Money.cny(20_000).times(Fraction(214, 365))

    policy = an.endorsed(policy, MAY, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))

    assert policy.transactions[-1].net == Money.cny(32_500).times(Fraction(214, 365))


def test_a_rating_without_a_line_for_the_insured_is_refused() -> None:
    terms = an.product_terms()

    with pytest.raises(FactorMissing, match="industry"):
        an.quoted(an.submission(insured=an.enterprise(industry_code="A01")), terms)


def test_flat_cancellation_returns_everything() -> None:
    policy = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    policy = an.cancelled(policy, an.INCEPTION, CancellationMethod.FLAT)

    assert policy.premium == Money.cny(0)
    assert policy.segments == ()
    assert [each.kind for each in policy.transactions[2:]] == [TransactionKind.REVERSE, TransactionKind.CANCEL]
    assert policy.aggregate_limit == Money.cny(25_000_000)


def test_flat_cancellation_from_a_later_day_is_refused() -> None:
    with pytest.raises(FlatFromInceptionOnly):
        an.cancelled(an.policy(), MAY, CancellationMethod.FLAT)


def test_pro_rata_cancellation_keeps_nothing() -> None:
    policy = an.cancelled(an.policy(), date(2026, 7, 2), CancellationMethod.PRO_RATA)

    assert policy.cancellation is not None
    assert policy.cancellation.refund == Money.cny(100_000).times(Decimal(183) / Decimal(365))
    assert policy.cancellation.retained == Money.cny(0)


def test_an_endorsement_that_would_hold_from_the_cancellation_on_is_taken_back() -> None:
    policy = an.endorsed(an.policy(), AUGUST, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    policy = an.cancelled(policy, AUGUST, CancellationMethod.PRO_RATA)

    assert [each.kind for each in policy.transactions[2:]] == [TransactionKind.REVERSE, TransactionKind.CANCEL]
    assert policy.transactions[-1].net == -Money.cny(100_000).times(Decimal(153) / Decimal(365))
    assert policy.segments[-1].end == AUGUST


def test_a_method_that_the_product_does_not_know_is_refused() -> None:
    terms = an.product_terms(cancellation=CancellationRule((CancellationMethod.PRO_RATA,), Decimal(0)))

    with pytest.raises(MethodNotAllowed):
        an.cancelled(an.policy(terms=terms), MAY, CancellationMethod.SHORT_RATE)


def test_cancelling_outside_the_term_is_refused() -> None:
    with pytest.raises(EffectiveDateOutsideTerm):
        an.cancelled(an.policy(), an.EXPIRY, CancellationMethod.PRO_RATA)


def test_cancelling_again_in_the_same_way_changes_nothing() -> None:
    policy = an.cancelled(an.policy(), MAY, CancellationMethod.PRO_RATA)

    assert policy.cancel(MAY, CancellationMethod.PRO_RATA, "INSURED_REQUEST", NOW) == []


def test_a_cancelled_policy_takes_no_other_change() -> None:
    policy = an.cancelled(an.policy(), MAY, CancellationMethod.PRO_RATA)

    with pytest.raises(PolicyNotInForce):
        an.cancelled(policy, JUNE, CancellationMethod.PRO_RATA)
    with pytest.raises(PolicyNotInForce):
        an.endorsed(policy, an.INCEPTION, an.remove(an.EXTORTION))


def test_a_policy_expires_on_its_day_and_only_once() -> None:
    policy = an.policy()

    assert policy.expire(date(2026, 12, 31)) == []
    expired = replay(Policy, policy.expire(an.EXPIRY), policy)

    assert expired is not None
    assert expired.status is PolicyStatus.EXPIRED
    assert expired.expire(an.EXPIRY) == []


def test_a_cancelled_policy_does_not_expire() -> None:
    policy = an.cancelled(an.policy(), MAY, CancellationMethod.PRO_RATA)

    assert policy.expire(an.EXPIRY) == []


def test_the_movements_of_the_newest_endorsement_are_known() -> None:
    policy = an.endorsed(an.policy(), JUNE, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    assert [each.number for each in policy.last_endorsed] == [2]

    policy = an.endorsed(policy, MAY, an.remove(an.EXTORTION))

    assert [each.number for each in policy.last_endorsed] == [3, 4, 5]
