"""Whatever is endorsed, cancelled and reinstated, in whatever order it becomes known: the money is the timeline's."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.common.errors import DomainError
from libs.common.money import Money, round_half_up, total
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Change, PolicyStatus
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an
from tests.policy.test_timeline_properties import CHANGES, DAYS, ENDORSEMENTS, TERMS, accepted, fresh

METHODS = st.sampled_from([CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE])
Known = tuple[date, Change]


def taken(policy: Policy, endorsements: list[Known]) -> Policy:
    """With those that are not refused."""
    for day, change in endorsements:
        with suppress(DomainError):
            policy = an.endorsed(policy, day, change, terms=TERMS)
    return policy


def interrupted(policy: Policy, ended: date, again: date, method: CancellationMethod) -> Policy:
    return an.reinstated(an.cancelled(policy, ended, method), again, terms=TERMS)


def premium_by_days(policy: Policy, term_days: int) -> Money:
    """The premium reckoned a second way, from the days shown and the refunds kept: nothing of the movements."""
    parts = {part.code: part.annual_premium for part in policy.bound.parts}
    due = dict(parts)
    for before, after in pairwise((None, *policy.segments)):
        now = {part.code: part.annual_premium for part in after.parts}  # type: ignore[union-attr]
        first = after.first  # type: ignore[union-attr]
        left = policy.bound.period.days_from(first)
        ended = policy.bound.period.inception if before is None else before.end
        if ended < first:  # It began again: all that remains is due anew.
            parts = {}
        for code in {*parts, *now}:
            change = now.get(code, Money.cny(0)) - parts.get(code, Money.cny(0))
            exact = Fraction(change.minor_units * left, term_days)
            due[code] = due.get(code, Money.cny(0)) + Money("CNY", round_half_up(exact))
        parts = now
    return total(due.values())


def refunds(policy: Policy) -> Money:
    """The return premiums before each gap, reckoned from the days shown."""
    back = Money.cny(0)
    for cut in policy.life.interruptions:
        day, rule = cut.cancellation.effective_date, policy.bound.cancellation_rule
        ended = [segment.parts for segment in policy.segments if segment.end == day]
        parts = ended[0] if ended else policy.bound.parts
        short = cut.cancellation.method is CancellationMethod.SHORT_RATE
        kept = Fraction(rule.short_rate_percent) / 100 if short else Fraction(0)
        left = Fraction(policy.bound.period.days_from(day), policy.bound.period.days)
        back = back + total(part.annual_premium for part in parts).times(left * (1 - kept))
    return back


def sums(policy: Policy) -> list[Money]:
    """All that the movements come to: net, tax, duty, each insurer's and the reinsurer's part."""
    moved = policy.transactions
    takes: list[Callable[[int], Money]] = [
        lambda n: moved[n].net,
        lambda n: moved[n].vat,
        lambda n: moved[n].stamp_duty,
        lambda n: moved[n].shares[0].amount,
        lambda n: moved[n].shares[1].amount,
        lambda n: moved[n].ceded,
        lambda n: moved[n].ceding_commission,
    ]
    return [total(take(n) for n in range(len(moved))) for take in takes]


@settings(deadline=None, max_examples=100)
@given(ENDORSEMENTS, DAYS, METHODS)
def test_without_a_gap_it_is_as_if_cover_had_never_ended(endorsements, day, method) -> None:  # type: ignore[no-untyped-def]
    before = taken(fresh(), endorsements)

    after = interrupted(before, day, day, method)

    assert after.segments == before.segments
    assert sums(after) == sums(before)
    assert after.status is PolicyStatus.IN_FORCE
    for endorsement in before.endorsements:
        old, new = before.live_transaction(endorsement.number), after.live_transaction(endorsement.number)
        assert (new.net, new.vat, new.shares, new.cessions) == (old.net, old.vat, old.shares, old.cessions)


@settings(deadline=None, max_examples=150)
@given(ENDORSEMENTS, DAYS, DAYS, METHODS)
def test_with_a_gap_the_movements_sum_to_the_premium_of_the_timeline(  # type: ignore[no-untyped-def]
    endorsements, one, other, method
) -> None:
    ended, again = min(one, other), max(one, other)
    assume(ended < again)
    policy = interrupted(taken(fresh(), endorsements), ended, again, method)

    assert policy.premium == premium_by_days(policy, 365) - refunds(policy)
    assert [each.number for each in policy.transactions] == list(range(1, len(policy.transactions) + 1))
    assert all(policy.segment_on(ended + timedelta(days)) is None for days in range((again - ended).days))
    assert policy.segment_on(again) is not None
    assert policy.segments[-1].end == an.EXPIRY
    for transaction in policy.transactions:
        assert total(share.amount for share in transaction.shares) == transaction.net


@settings(deadline=None, max_examples=200)
@given(ENDORSEMENTS, DAYS, DAYS, METHODS, st.randoms(use_true_random=False), st.integers(0, 6))
def test_the_order_in_which_endorsements_and_a_gap_become_known_does_not_matter(  # type: ignore[no-untyped-def]
    endorsements, one, other, method, random, late
) -> None:
    """All endorsements before the cancellation, or some of them in another order, and the others after the gap."""
    ended, again = min(one, other), max(one, other)
    assume(ended < again)
    whole, known = accepted(endorsements)
    first = interrupted(whole, ended, again, method)
    random.shuffle(known)

    second = taken(interrupted(taken(fresh(), known[late:]), ended, again, method), known[:late])

    if len(second.endorsements) == len(known):  # Some orders are refused half-way; those that are not agree.
        assert second.premium == first.premium
        assert second.segments == first.segments


@settings(deadline=None, max_examples=60)
@given(ENDORSEMENTS, st.lists(DAYS, min_size=4, max_size=4, unique=True), METHODS, st.tuples(DAYS, CHANGES))
def test_two_gaps_and_an_endorsement_that_came_late(endorsements, days, method, late) -> None:  # type: ignore[no-untyped-def]
    first_end, first_again, second_end, second_again = sorted(days)
    policy = interrupted(taken(fresh(), endorsements), first_end, first_again, method)
    policy = interrupted(policy, second_end, second_again, method)

    policy = taken(policy, [late])

    assert policy.premium == premium_by_days(policy, 365) - refunds(policy)
    assert len(policy.life.interruptions) == 2


@settings(deadline=None, max_examples=60)
@given(ENDORSEMENTS, DAYS, DAYS, DAYS, METHODS)
def test_cancelled_again_after_a_gap_and_back_without_one(endorsements, one, other, third, method) -> None:  # type: ignore[no-untyped-def]
    ended, again, last = sorted([one, other, third])
    assume(ended < again < last)
    before = interrupted(taken(fresh(), endorsements), ended, again, method)

    after = interrupted(before, last, last, CancellationMethod.PRO_RATA)

    assert after.segments == before.segments
    assert sums(after) == sums(before)
