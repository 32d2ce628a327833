"""Whoever joins and leaves, in whatever order it becomes known: the money is that of the days on which they were in."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.money import Money, round_half_up, total
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.errors import MemberAlreadyIn
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an
from tests.policy import parks

Days = tuple[date, date]
PARK = parks.master()
LIMIT = st.integers(50_000_000, 500_000_000).map(lambda fen: Money("CNY", fen))
MARKS = st.lists(st.integers(0, 365), min_size=2, max_size=8, unique=True).filter(lambda marks: len(marks) % 2 == 0)


def stays_of(marks: list[int]) -> list[Days]:
    """Stays that do not overlap, from days of the term."""
    days = [an.INCEPTION + timedelta(days=mark) for mark in sorted(marks)]
    return list(zip(days[::2], days[1::2], strict=True))


STAYS = MARKS.map(stays_of)


def recorded(stays: list[Days], limit: Money, *, at_once: bool) -> Certificate:
    """The certificate with all of them; those to the end of the term are open."""
    certificate: Certificate | None = None
    for number, (first, end) in enumerate(stays):
        wish = parks.joining(joins_on=first, leaves_on=end if at_once else None, parts=(an.wanted(an.DATA, limit),))
        certificate = parks.joined(wish, PARK, certificate, f"request-{number}")
        if not at_once and end < an.EXPIRY:
            certificate = parks.left(certificate, end, PARK)
    assert certificate is not None
    return certificate


def premium_by_days(certificate: Certificate) -> Money:
    """The premium reckoned a second way: from the days that the certificate shows, and nothing else."""
    fen = 0
    for stay in certificate.days:
        for part in stay.parts:
            annual = part.annual_premium.minor_units
            fen += round_half_up(Fraction(annual * an.TERM.days_from(stay.joins_on), 365))
            fen -= round_half_up(Fraction(annual * an.TERM.days_from(stay.leaves_on), 365))
    return Money("CNY", fen)


@settings(deadline=None, max_examples=60)
@given(STAYS, LIMIT, st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_change_the_premium(stays: list[Days], limit: Money, chance: object) -> None:
    shuffled = list(stays)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    in_order, in_any = recorded(stays, limit, at_once=True), recorded(shuffled, limit, at_once=True)

    assert in_any.premium == in_order.premium == recorded(stays, limit, at_once=False).premium
    assert [(stay.joins_on, stay.leaves_on) for stay in in_any.days] == stays


@settings(deadline=None, max_examples=60)
@given(STAYS, LIMIT)
def test_movements_sum_to_the_days_that_are_covered(stays: list[Days], limit: Money) -> None:
    certificate = recorded(stays, limit, at_once=True)

    assert certificate.premium == premium_by_days(certificate)
    assert [each.number for each in certificate.transactions] == list(range(1, len(certificate.transactions) + 1))
    for each in certificate.transactions:
        assert total(part.amount for part in each.parts) == each.net
        assert total(share.amount for share in each.shares) == each.net
        assert total(cession.ceded for cession in each.cessions) == each.ceded


@settings(deadline=None, max_examples=60)
@given(STAYS, LIMIT, st.integers(0, 364))
def test_a_cancelled_master_leaves_the_premium_of_the_days_before(stays: list[Days], limit: Money, mark: int) -> None:
    day = an.INCEPTION + timedelta(days=mark)
    master = an.cancelled(PARK, day, CancellationMethod.PRO_RATA)

    certificate = parks.ended(recorded(stays, limit, at_once=True), master)

    assert certificate.premium == premium_by_days(certificate)
    assert all(stay.leaves_on <= day for stay in certificate.days)


@settings(deadline=None, max_examples=60)
@given(STAYS, st.integers(0, 364), st.integers(1, 365))
def test_nobody_is_in_twice_on_one_day(stays: list[Days], mark: int, length: int) -> None:
    certificate = recorded(stays, parks.SUB_LIMIT, at_once=True)
    first = an.INCEPTION + timedelta(days=mark)
    end = min(first + timedelta(days=length), an.EXPIRY)
    overlaps = any(max(first, start) < min(end, stop) for start, stop in stays)

    try:
        more = parks.joined(parks.joining(joins_on=first, leaves_on=end), PARK, certificate, "another")
    except MemberAlreadyIn:
        assert overlaps
    else:
        assert not overlaps
        assert len(more.days) == len(stays) + 1
