"""Who gets which part of the lead's share: 15 of 25 million insured, with 60,000.00 of a premium of 100,000.00."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import DomainError
from libs.common.money import Money, round_half_up, total
from services.policy.domain.errors import (
    CessionsExceedShare,
    LayerAboveSumInsured,
    RetentionAboveSumInsured,
    TreatiesOverlap,
    TreatyCapacityExceeded,
)
from services.policy.domain.policy.ceding import divide_loss, fraction_periods, fractions_on
from services.policy.domain.policy.cession import Cession, CessionKind, Reinsurer, fractions
from services.policy.domain.policy.charge import cessions_of
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import TransactionKind
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an

MILLION = Money.cny(1_000_000)
FIVE = Money.cny(5_000_000)
JULY = date(2026, 7, 1)


def yuan(text: str) -> Money:
    return Money.cny(text)


def shown(policy: Policy, number: int = 1) -> list[tuple[str, str, Money, Money]]:
    made = policy.transactions[number - 1].cessions
    return [(each.source_id, each.fraction, each.ceded, each.commission) for each in made]


def test_a_surplus_takes_what_is_above_the_retention() -> None:
    policy = an.policy(cessions=(an.surplus(FIVE, 1),))

    assert shown(policy) == [("surplus", "1/3", yuan("20000"), yuan("5000"))]
    assert policy.transactions[0].ceded == yuan("20000")
    assert policy.bound.quota_share is None


def test_a_surplus_takes_no_more_than_there_is() -> None:
    assert shown(an.policy(cessions=(an.surplus(FIVE, 9),))) == [("surplus", "2/3", yuan("40000"), yuan("10000"))]


def test_facultative_goes_first_then_the_surplus_then_the_quota_share() -> None:
    """20 % leave 12,000,000.00; of that 5 of 15 million; of the rest, 7/15, the quota share takes 30 %."""
    policy = an.policy(cessions=(an.quota(), an.surplus(FIVE, 1), an.facultative("20")))

    assert [each.kind for each in cessions_of(policy.bound)] == list(CessionKind)
    assert [(source, fraction) for source, fraction, _, _ in shown(policy)] == [
        ("facultative", "1/5"),
        ("surplus", "1/3"),
        ("quota", "7/50"),
    ]
    assert [ceded for _, _, ceded, _ in shown(policy)] == [yuan("12000"), yuan("20000"), yuan("8400")]
    assert policy.transactions[0].ceded == yuan("40400")
    assert policy.transactions[0].ceding_commission == yuan("2400") + yuan("5000") + yuan("2100")


def test_a_facultative_layer_takes_its_part_of_the_sum_insured() -> None:
    layer = an.facultative("50", layer=FIVE, attachment=Money.cny(12_000_000))

    assert shown(an.policy(cessions=(layer,)))[0][1] == "1/10"  # Half of the 3 million above 12.


def test_a_sole_quota_share_is_kept_as_ever() -> None:
    sole = an.quota(panel=(Reinsurer("reinsurer-r", Decimal(100)),))

    policy, before = an.policy(cessions=(sole,)), an.policy()

    assert policy.bound.quota_share is not None
    assert policy.bound.cessions == ()
    assert policy.transactions[0].ceded == before.transactions[0].ceded == yuan("18000")
    assert policy.transactions[0].ceding_commission == yuan("4500")


def test_a_panel_divides_premium_and_commission_to_the_fen() -> None:
    thirds = tuple(Reinsurer(name, Decimal(percent)) for name, percent in (("a", "33.4"), ("b", "33.3"), ("c", "33.3")))

    (ceded,) = an.policy(cessions=(an.quota("33.333333", "17.77", thirds),)).transactions[0].cessions

    assert ceded.ceded == yuan("20000.00")
    assert total(each.ceded for each in ceded.reinsurers) == ceded.ceded
    assert total(each.commission for each in ceded.reinsurers) == ceded.commission == yuan("3554.00")
    assert ceded.reinsurers[0].ceded == yuan("6680.00")


def test_an_endorsement_that_raises_a_limit_moves_the_surplus_from_its_day_on() -> None:
    """From July the sum insured is 18 million of 30: the surplus takes 5/18 instead of 1/3. Its line stays 5 million,
    the rate what it was, so it gets no more premium; the insurer keeps all that the rest costs."""
    policy = an.endorsed(an.policy(cessions=(an.surplus(FIVE, 1),)), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    own = policy.transactions[1].shares[0].amount
    running = Fraction(6_000_000 * 184, 365)
    expected = Fraction(5, 18) * own.minor_units - (Fraction(1, 3) - Fraction(5, 18)) * running

    assert shown(policy, 2)[0][1:3] == ("5/18", Money("CNY", round_half_up(expected)))
    assert policy.transactions[1].ceded == yuan("0")
    assert fraction_periods(policy.bound, policy.segments) == [
        [(an.INCEPTION, JULY, Fraction(1, 3)), (JULY, an.EXPIRY, Fraction(5, 18))]
    ]


def test_a_limit_that_sinks_below_the_retention_cedes_nothing_from_then_on() -> None:
    policy = an.policy(cessions=(an.surplus(Money.cny(14_000_000), 1),))

    lower = an.endorsed(policy, JULY, an.remove(an.EXTORTION))

    assert shown(lower, 2)[0][1] == "0"
    assert lower.transactions[1].ceded < yuan("0")


def test_a_reversal_takes_back_each_reinsurers_part() -> None:
    policy = an.endorsed(
        an.policy(cessions=(an.surplus(FIVE, 1), an.quota())), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT)
    )

    policy = an.endorsed(policy, date(2026, 4, 1), an.remove(an.EXTORTION))

    raised, reverse = policy.transactions[1], policy.transactions[2]
    assert (reverse.kind, reverse.refers_to) == (TransactionKind.REVERSE, 2)
    assert [each.opposite() for each in reverse.cessions] == list(raised.cessions)
    assert reverse.ceded == -raised.ceded


def test_a_cancellation_takes_the_fraction_that_held_before_it() -> None:
    policy = an.endorsed(an.policy(cessions=(an.surplus(FIVE, 1),)), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    ended = an.cancelled(policy, date(2026, 10, 1), CancellationMethod.PRO_RATA)

    back = ended.transactions[-1]
    assert back.cessions[0].fraction == "5/18"
    assert back.ceded == back.shares[0].amount.times(Fraction(5, 18))


@pytest.mark.parametrize(
    ("cessions", "refusal"),
    [
        ((an.quota(), replace(an.quota(), source_id="second")), TreatiesOverlap),
        ((an.surplus(FIVE, 1), replace(an.surplus(MILLION, 1), source_id="second")), TreatiesOverlap),
        ((an.surplus(Money.cny(15_000_000), 1),), RetentionAboveSumInsured),
        ((an.surplus(Money.cny(12_000_000), 1), an.facultative("20")), RetentionAboveSumInsured),
        ((an.surplus(FIVE, 1, capacity=Money.cny(14_000_000)),), TreatyCapacityExceeded),
        ((an.quota(capacity=Money.cny(14_000_000)),), TreatyCapacityExceeded),
        ((an.facultative("60"), an.facultative("41", source="second")), CessionsExceedShare),
        ((an.facultative("50", layer=FIVE, attachment=Money.cny(15_000_000)),), LayerAboveSumInsured),
    ],
)
def test_cessions_that_can_not_apply_are_refused(cessions: tuple[Cession, ...], refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        an.policy(cessions=cessions)


def test_what_is_placed_facultatively_does_not_count_against_a_capacity() -> None:
    policy = an.policy(cessions=(an.surplus(FIVE, 1, capacity=Money.cny(14_000_000)), an.facultative("20")))

    with pytest.raises(TreatyCapacityExceeded) as refusal:
        an.endorsed(policy, JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    assert refusal.value.details["sum_insured"] == str(Money.cny(14_400_000))


def test_a_loss_is_borne_with_the_fractions_of_its_day() -> None:
    policy = an.endorsed(
        an.policy(cessions=(an.surplus(FIVE, 1), an.quota())), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT)
    )

    def ceded(day: date) -> list[tuple[str, Money]]:
        held = fractions_on(policy.bound, policy.segments, day)
        shares, found = divide_loss(policy.bound, held, yuan("1000.01"))
        assert [share.amount for share in shares] == [yuan("600.01"), yuan("400.00")]
        assert all(not each.commission for each in found)
        return [(each.fraction, each.ceded) for each in found]

    assert ceded(date(2026, 6, 30)) == [("1/3", yuan("200.00")), ("1/5", yuan("120.01"))]
    assert ceded(JULY) == [("5/18", yuan("166.67")), ("13/60", yuan("130.00"))]
    assert ceded(date(2025, 1, 1)) == ceded(an.INCEPTION)


PERCENTS = st.integers(1, 100).map(Decimal)
FEN = st.integers(1, 3_000_000_000).map(lambda fen: Money("CNY", fen))
CESSIONS = st.tuples(
    st.builds(lambda percent: an.facultative(str(percent)), PERCENTS),
    st.builds(an.surplus, FEN, st.integers(1, 9)),
    st.builds(lambda percent: an.quota(str(percent)), PERCENTS),
)
ENDORSEMENTS = st.lists(st.tuples(st.integers(0, 364), FEN), max_size=4, unique_by=lambda each: each[0])


@given(CESSIONS, st.integers(1, 10**13))
def test_no_cession_takes_more_than_is_left(cessions: tuple[Cession, ...], sum_insured: int) -> None:
    found = fractions(cessions, Fraction(sum_insured))

    assert all(each >= 0 for each in found)
    assert sum(found) <= 1


@settings(max_examples=40, deadline=None)
@given(ENDORSEMENTS, st.integers(1, 9), FEN)
def test_what_is_ceded_is_the_fraction_of_each_day(
    endorsements: list[tuple[int, Money]], line_count: int, retention: Money
) -> None:
    cessions = (an.facultative("10"), an.surplus(retention, line_count), an.quota())
    try:
        policy = an.policy(cessions=cessions)
    except RetentionAboveSumInsured:
        return
    for day, limit in endorsements:
        try:
            policy = an.endorsed(policy, an.INCEPTION + timedelta(days=day), an.set_limit(an.DATA, limit))
        except DomainError:
            continue

    for place, periods in enumerate(fraction_periods(policy.bound, policy.segments)):
        ceded = total(each.cessions[place].ceded for each in policy.transactions)
        exact = sum(fraction * _own(policy, first, end) for first, end, fraction in periods)
        assert abs(ceded.minor_units - exact) <= 2 * len(policy.transactions)
    for each in policy.transactions:
        assert each.ceded == total(part.ceded for part in each.cessions)
        assert each.ceding_commission == total(part.commission for part in each.cessions)
        assert all(part.ceded == total(one.ceded for one in part.reinsurers) for part in each.cessions)


def _own(policy: Policy, first: date, end: date) -> Fraction:
    """The lead's premium of some days, in exact fen, from the segments alone."""
    exact = Fraction(0)
    for segment in policy.segments:
        days = (min(segment.end, end) - max(segment.first, first)).days
        annual = total(part.annual_premium for part in segment.parts).minor_units
        exact += Fraction(max(days, 0), 365) * annual * Fraction(60, 100)
    return exact
