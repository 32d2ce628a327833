"""Whatever is endorsed, in whatever order it becomes known: the money is that of the timeline."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import DomainError
from libs.common.money import Money, round_half_up, total
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.domain.product.terms import CancellationMethod, RatingPlan
from tests.policy import examples as an

TERMS = an.product_terms(
    rating=RatingPlan(
        base_rates=an.product_terms().rating.base_rates,
        factor_tables=an.product_terms().rating.factor_tables,
        bundle_credit_percent=Decimal("7.5"),
    ),
    minimum_premium=Money.cny(20_000),
)
LIMITS = st.integers(10_000_000, 5_000_000_000).map(lambda fen: Money("CNY", fen))
PARTS = st.sampled_from([an.DATA, an.EXTORTION, an.RESPONSE])
CHANGES = st.one_of(
    st.builds(an.set_limit, PARTS, LIMITS),
    st.builds(an.add, PARTS, LIMITS),
    st.builds(an.remove, PARTS),
    st.builds(lambda text: Change(ChangeKind.SET_ANSWER, answer=an.mfa(text)), st.sampled_from(["yes", "no"])),
)
DAYS = st.integers(0, 364).map(lambda days: an.INCEPTION + timedelta(days=days))
ENDORSEMENTS = st.lists(st.tuples(DAYS, CHANGES), max_size=6, unique_by=lambda each: each[0])


def fresh() -> Policy:
    return an.policy(an.quoted(an.submission(TERMS, bundled_services=True), TERMS), TERMS)


def recorded(endorsements: list[tuple[date, Change]]) -> Policy | None:
    """The policy with all of them, or None if one was refused on the way."""
    policy = fresh()
    for day, change in endorsements:
        try:
            policy = an.endorsed(policy, day, change, terms=TERMS)
        except DomainError:
            return None
    return policy


def accepted(endorsements: list[tuple[date, Change]]) -> tuple[Policy, list[tuple[date, Change]]]:
    """The policy with those that were not refused."""
    policy, taken = fresh(), []
    for day, change in endorsements:
        try:
            policy = an.endorsed(policy, day, change, terms=TERMS)
        except DomainError:
            continue
        taken.append((day, change))
    return policy, taken


def premium_by_segments(policy: Policy) -> Money:
    """The premium reckoned a second way: from the days that the timeline shows, and nothing else."""
    term = policy.bound.period
    sums = {part.code: part.annual_premium for part in policy.bound.parts}
    before = dict(sums)
    for segment in policy.segments:
        now = {part.code: part.annual_premium for part in segment.parts}
        for code in {*before, *now}:
            change = now.get(code, Money.cny(0)) - before.get(code, Money.cny(0))
            due = Fraction(change.minor_units * term.days_from(segment.first), term.days)
            sums[code] = sums.get(code, Money.cny(0)) + Money("CNY", round_half_up(due))
        before = now
    return total(sums.values())


@settings(deadline=None, max_examples=150)
@given(ENDORSEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_change_the_premium(endorsements, random) -> None:  # type: ignore[no-untyped-def]
    first, taken = accepted(endorsements)
    random.shuffle(taken)
    second = recorded(taken)

    if second is not None:  # Some orders are refused half-way; those that are not agree.
        assert second.premium == first.premium
        assert second.segments == first.segments


@settings(deadline=None, max_examples=150)
@given(ENDORSEMENTS)
def test_the_movements_sum_to_the_premium_of_the_timeline(endorsements) -> None:  # type: ignore[no-untyped-def]
    policy, _ = accepted(endorsements)

    assert policy.premium == premium_by_segments(policy)
    assert [each.number for each in policy.transactions] == list(range(1, len(policy.transactions) + 1))


@settings(deadline=None, max_examples=100)
@given(ENDORSEMENTS)
def test_every_movement_is_divided_without_a_rest(endorsements) -> None:  # type: ignore[no-untyped-def]
    policy, _ = accepted(endorsements)

    for transaction in policy.transactions:
        assert total(part.amount for part in transaction.parts) == transaction.net
        assert total(share.amount for share in transaction.shares) == transaction.net


@settings(deadline=None, max_examples=100)
@given(ENDORSEMENTS, DAYS, st.sampled_from([CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE]))
def test_a_cancellation_leaves_the_premium_until_its_day_less_the_refund(  # type: ignore[no-untyped-def]
    endorsements, day, method
) -> None:
    policy, _ = accepted(endorsements)

    ended = an.cancelled(policy, day, method)

    assert ended.cancellation is not None
    assert ended.premium == premium_by_segments(ended) - ended.cancellation.refund
    assert all(segment.end <= day for segment in ended.segments)
    assert ended.premium.minor_units >= 0
    assert ended.cancellation.retained.minor_units >= 0


@settings(deadline=None, max_examples=50)
@given(ENDORSEMENTS)
def test_a_flat_cancellation_returns_every_fen(endorsements) -> None:  # type: ignore[no-untyped-def]
    policy, _ = accepted(endorsements)

    ended = an.cancelled(policy, an.INCEPTION, CancellationMethod.FLAT)

    assert not ended.premium
    assert not total(each.ceded for each in ended.transactions[1:-1]) or policy.endorsements
    for insurer in (0, 1):
        charged = total(each.shares[insurer].amount for each in ended.transactions)
        assert not charged
