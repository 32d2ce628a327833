"""What the end of a park's master does to its certificates, summed: the sum of what ends each of them."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.money import total
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.ending import EndingSum
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an
from tests.policy import parks

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)
JOINED = st.tuples(st.integers(0, 364), st.none() | st.integers(1, 200))


def certificate(number: int, joins: int, days: int | None) -> Certificate:
    """A member that joins on a day of the term, and leaves so many days later, if any."""
    first = an.INCEPTION + timedelta(days=joins)
    joined = parks.joined(parks.joining(number, joins_on=first))
    leaves = None if days is None else first + timedelta(days=days)
    return joined if leaves is None or leaves >= an.EXPIRY else parks.left(joined, leaves)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(JOINED, max_size=6),
    st.integers(0, 364),
    st.sampled_from((CancellationMethod.SHORT_RATE, CancellationMethod.PRO_RATA)),
)
def test_the_sum_is_that_of_the_certificates(
    members: list[tuple[int, int | None]], day: int, method: CancellationMethod
) -> None:
    master = an.cancelled(parks.master(), an.INCEPTION + timedelta(days=day), method)
    certificates = [certificate(number, *each) for number, each in enumerate(members)]

    sums = EndingSum()
    for each in certificates:
        sums = sums.plus(each.end(master, an.BOUND_AT))

    ended = [parks.ended(each, master) for each in certificates]
    assert sums.certificates == len(members)
    assert sums.net == total(each.premium for each in ended) - total(each.premium for each in certificates)
    assert sums.vat == total(each.vat for each in ended) - total(each.vat for each in certificates)


def test_a_certificate_that_has_ended_adds_nothing() -> None:
    master = an.cancelled(parks.master(), JULY, CancellationMethod.SHORT_RATE)
    ended = parks.ended(certificate(1, 0, None), master)

    assert EndingSum().plus(ended.end(master, an.BOUND_AT)) == EndingSum()


def test_members_that_have_left_are_counted_too() -> None:
    master = an.cancelled(parks.master(), JULY, CancellationMethod.SHORT_RATE)
    gone = parks.left(certificate(1, 0, None), APRIL)

    sums = EndingSum().plus(gone.end(master, an.BOUND_AT))

    assert (sums.certificates, sums.net.minor_units) == (1, 0)
