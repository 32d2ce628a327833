"""VAT that changes from 6 to 9 % in the term: what is charged and given back bears the rate at which it was charged."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from libs.common.events import replay
from libs.common.money import Money, total
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.joining import issue
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Transaction
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import CancellationMethod, DatedRate
from tests.policy import examples as an
from tests.policy import parks

JUNE, JULY, OCTOBER = date(2026, 6, 1), date(2026, 7, 1), date(2026, 10, 1)
IN_MAY, IN_JUNE, IN_JULY = (datetime(2026, month, 10, tzinfo=UTC) for month in (5, 6, 7))
SIX, NINE = Decimal("0.06"), Decimal("0.09")
RATES = (DatedRate(SIX, date(2016, 5, 1)), DatedRate(NINE, JUNE))
TERMS = an.product_terms(vat_rates=RATES)


def raised(policy: Policy, at: datetime = IN_JUNE) -> Policy:
    return an.endorsed(policy, JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT), at=at, terms=TERMS)


def by_rate(transaction: Transaction) -> dict[Decimal, Money]:
    return {piece.rate: total(part.amount for part in piece.parts) for piece in transaction.taxed}


def vat(policy: Policy) -> Money:
    return total(each.vat for each in policy.transactions)


def test_an_additional_premium_bears_the_rate_of_the_day_on_which_it_is_charged() -> None:
    before, after = raised(an.policy(terms=TERMS), IN_MAY), raised(an.policy(terms=TERMS))

    at_six, at_nine = before.transactions[-1], after.transactions[-1]

    assert at_six.net == at_nine.net
    assert (at_six.vat, at_six.taxed) == (at_six.net.times(SIX), ())
    assert at_nine.vat == at_nine.net.times(NINE)
    assert by_rate(at_nine) == {NINE: at_nine.net}


def test_a_cancellation_gives_back_at_both_rates_what_is_unearned_at_each() -> None:
    policy = raised(an.policy(terms=TERMS))
    bind, more = policy.transactions

    ended = an.cancelled(policy, OCTOBER, CancellationMethod.PRO_RATA, at=datetime(2026, 10, 1, tzinfo=UTC))

    back = ended.transactions[-1]
    days, rest = (an.EXPIRY - OCTOBER).days, (an.EXPIRY - JULY).days
    shares = by_rate(back)
    assert abs(shares[NINE].minor_units + more.net.minor_units * days // rest) <= 1
    assert shares[SIX] + shares[NINE] == back.net
    assert back.vat == shares[SIX].times(SIX) + shares[NINE].times(NINE)
    assert abs(shares[SIX].minor_units + bind.net.minor_units * days // 365) <= 1


def test_what_was_added_last_is_given_back_first() -> None:
    policy = raised(an.policy(terms=TERMS))

    less = an.endorsed(policy, JULY, an.set_limit(an.DATA, an.DATA_LIMIT), at=IN_JULY, terms=TERMS)

    assert less.transactions[-1].net == -policy.transactions[-1].net
    assert by_rate(less.transactions[-1]) == {NINE: less.transactions[-1].net}
    assert vat(less) == policy.transactions[0].vat


def test_what_is_given_back_of_the_premium_at_binding_bears_its_rate() -> None:
    less = an.endorsed(an.policy(terms=TERMS), JULY, an.remove(an.EXTORTION), at=IN_JULY, terms=TERMS)

    assert less.transactions[-1].vat == less.transactions[-1].net.times(SIX)


def test_an_endorsement_that_is_put_back_keeps_its_rate() -> None:
    """Charged in May at 6 %; in July an earlier change becomes known, and it is reversed and put back on top."""
    policy = raised(an.policy(terms=TERMS), IN_MAY)

    later = an.endorsed(policy, JUNE, an.remove(an.EXTORTION), at=IN_JULY, terms=TERMS)

    reversed_one, _, put_back = later.transactions[-3:]
    assert put_back.net == -reversed_one.net
    assert (put_back.vat, put_back.taxed) == (-reversed_one.vat, ())


def test_a_reinstatement_without_a_gap_bears_what_the_cancellation_gave_back() -> None:
    policy = raised(an.policy(terms=TERMS))
    ended = an.cancelled(policy, OCTOBER, CancellationMethod.SHORT_RATE, at=datetime(2026, 10, 1, tzinfo=UTC))

    again = an.reinstated(ended, OCTOBER, today=date(2026, 9, 30), terms=TERMS, at=datetime(2026, 10, 1, tzinfo=UTC))

    assert vat(again) == vat(policy)
    assert by_rate(again.transactions[-1]) == {rate: -net for rate, net in by_rate(ended.transactions[-1]).items()}


def test_a_law_that_came_after_the_sale_is_known_from_the_newest_version() -> None:
    product = an.published(an.product_terms())
    newer = an.product_terms(vat_rates=(DatedRate(NINE, JUNE),))

    product = replay(Product, product.revise(newer), product) or product
    product = replay(Product, product.publish(IN_MAY), product) or product

    assert product.taxed_today(1).vat_rates == RATES
    assert product.taxed_today(1).rating == product.version(1).terms.rating


def test_a_member_that_joins_and_leaves_bears_one_rate() -> None:
    """Who joins in July pays 9 %, and gets back at 9 % even if it leaves under a table that knows only 6 %."""
    terms = parks.terms(vat_rates=RATES)
    master = parks.master(terms)
    joined = replay(
        Certificate, issue(UUID(int=9), None, an.POLICY_ID, master, terms, parks.joining(joins_on=JULY), "r", IN_JULY)
    )
    assert joined is not None
    left = replay(Certificate, joined.withdraw(master, OCTOBER, "MOVED_OUT", IN_JULY), joined)

    assert left is not None
    join, leave = left.transactions
    assert (join.vat, leave.vat) == (join.net.times(NINE), leave.net.times(NINE))
