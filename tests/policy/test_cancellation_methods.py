"""The four methods of cancellation: each happens, is refused where the product does not have it, is repeated."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from libs.common.money import Money
from services.policy.domain.errors import EffectiveDateOutsideTerm, MethodNotAllowed, PolicyNotInForce
from services.policy.domain.policy.life_errors import ClaimsAgainstCancellation
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import PolicyStatus
from services.policy.domain.product.terms import CancellationMethod, CancellationRule
from tests.policy import examples as an

FLAT, PRO_RATA, SHORT_RATE, MINIMUM = CancellationMethod
AT = datetime(2026, 1, 5, tzinfo=UTC)
RULE = CancellationRule((FLAT, PRO_RATA, SHORT_RATE, MINIMUM), Decimal(10), Decimal(25))
OCTOBER, FEBRUARY = date(2026, 10, 1), date(2026, 2, 1)


def policy(*methods: CancellationMethod) -> Policy:
    rule = RULE if not methods else CancellationRule(methods, Decimal(10), Decimal(25))
    return an.policy(terms=an.product_terms(cancellation=rule))


@pytest.mark.parametrize(
    ("method", "day", "unearned", "refund"),
    [
        (FLAT, an.INCEPTION, "100000.00", "100000.00"),
        (PRO_RATA, OCTOBER, "25205.48", "25205.48"),
        (SHORT_RATE, OCTOBER, "25205.48", "22684.93"),
        (MINIMUM, OCTOBER, "25205.48", "25205.48"),  # More than 25 % is earned by then: as pro rata.
        (MINIMUM, FEBRUARY, "91506.85", "75000.00"),  # 31 days earn 8,493.15; 25,000.00 are kept.
        (MINIMUM, an.INCEPTION, "100000.00", "75000.00"),
    ],
)
def test_a_method_returns_what_it_says(method: CancellationMethod, day: date, unearned: str, refund: str) -> None:
    ended = an.cancelled(policy(), day, method)

    assert ended.status is PolicyStatus.CANCELLED
    assert ended.cancellation is not None
    assert ended.cancellation.unearned == Money.cny(unearned)
    assert ended.cancellation.refund == Money.cny(refund)
    assert ended.premium == Money.cny(100_000) - Money.cny(refund)
    assert ended.cancellation.retained == Money.cny(unearned) - Money.cny(refund)


@pytest.mark.parametrize("method", list(CancellationMethod))
def test_a_method_that_the_product_does_not_have_is_refused(method: CancellationMethod) -> None:
    others = tuple(each for each in CancellationMethod if each is not method)

    with pytest.raises(MethodNotAllowed):
        an.cancelled(policy(*others), an.INCEPTION, method)


@pytest.mark.parametrize("method", list(CancellationMethod))
def test_cancelling_again_in_the_same_way_changes_nothing_and_in_another_is_refused(method: CancellationMethod) -> None:
    ended = an.cancelled(policy(), an.INCEPTION, method)

    assert ended.cancel(an.INCEPTION, method, "INSURED_REQUEST", AT) == []
    with pytest.raises(PolicyNotInForce):
        ended.cancel(an.INCEPTION, method, "OTHER", AT)


@pytest.mark.parametrize("method", list(CancellationMethod))
def test_a_day_outside_of_the_term_is_refused(method: CancellationMethod) -> None:
    with pytest.raises(EffectiveDateOutsideTerm):
        an.cancelled(policy(), an.EXPIRY, method)


def test_a_minimum_earned_of_nothing_is_pro_rata() -> None:
    rule = CancellationRule((MINIMUM,), Decimal(0))
    bare = an.policy(terms=an.product_terms(cancellation=rule))

    ended = an.cancelled(bare, FEBRUARY, MINIMUM)

    assert ended.cancellation is not None
    assert not ended.cancellation.retained


def test_a_minimum_earned_is_of_the_term_as_it_stands() -> None:
    """100,000.00 a year, raised to 300,000.00 after ten days, cancelled after fifteen: 25 % of 294,520.55."""
    raises = an.set_limit(an.EXTORTION, Money.cny(50_000_000)), an.set_limit(an.DATA, Money.cny(25_000_000))
    raised = an.endorsed(policy(), date(2026, 1, 11), *raises)
    assert raised.premium == Money.cny("294520.55")

    ended = an.cancelled(raised, date(2026, 1, 16), MINIMUM)

    assert ended.premium == Money.cny("73630.14")


def test_what_would_have_been_endorsed_later_is_no_part_of_it() -> None:
    raised = an.endorsed(policy(), OCTOBER, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    ended = an.cancelled(raised, FEBRUARY, MINIMUM)

    assert ended.premium == Money.cny(25_000)


CLAIMED = {"claim-1": date(2026, 3, 1), "claim-2": None}


@pytest.mark.parametrize(("method", "day"), [(FLAT, an.INCEPTION), (PRO_RATA, an.INCEPTION), (PRO_RATA, FEBRUARY)])
def test_cover_under_which_claims_are_paid_or_open_is_not_taken_away(method: CancellationMethod, day: date) -> None:
    with pytest.raises(ClaimsAgainstCancellation, match="claim-1"):
        policy().cancel(day, method, "INSURED_REQUEST", AT, CLAIMED)


def test_a_chief_may_say_why_it_is_all_the_same() -> None:
    (event,) = policy().cancel(
        an.INCEPTION, FLAT, "INSURED_REQUEST", AT, CLAIMED, "Bound in error; the claim is repaid"
    )

    assert event.cancellation.despite_claims == "Bound in error; the claim is repaid"


def test_a_claim_of_days_that_keep_their_cover_stands_in_nobodys_way() -> None:
    (event,) = policy().cancel(OCTOBER, PRO_RATA, "INSURED_REQUEST", AT, CLAIMED)

    assert event.cancellation.effective_date == OCTOBER


def test_a_product_may_leave_it_to_anybody() -> None:
    rule = CancellationRule((FLAT,), Decimal(0), despite_claims=True)

    assert an.policy(terms=an.product_terms(cancellation=rule)).cancel(an.INCEPTION, FLAT, "OTHER", AT, CLAIMED)
