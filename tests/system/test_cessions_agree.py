"""What policy says of cessions is what billing posts: both reckon the same fen, of premium and of losses."""

from datetime import date
from decimal import Decimal

from libs.common.changes import Recorded
from libs.common.money import Money
from services.billing_subsidy.domain.account.premium import PolicyFacts
from services.billing_subsidy.reactions import facts_value, movement_values
from services.policy.application.public import timeline_message, transaction_message
from services.policy.domain.policy.ceding import divide_loss, fractions_on
from services.policy.domain.policy.cession import Reinsurer
from services.policy.domain.policy.policy import Policy
from services.policy.publishing import announce
from tests.policy import examples as an

JULY = date(2026, 7, 1)
THREE = tuple(Reinsurer(name, Decimal(percent)) for name, percent in (("a", "33.4"), ("b", "33.3"), ("c", "33.3")))


def policy() -> Policy:
    cessions = (an.facultative("7.77"), an.surplus(Money.cny(4_000_000), 2), an.quota("33.333333", "17.77", THREE))
    return an.endorsed(an.policy(cessions=cessions), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))


def heard(of: Policy) -> PolicyFacts:
    return facts_value(timeline_message(an.POLICY_ID, of), "CNY")


def test_a_movement_is_heard_with_the_parts_of_each_reinsurer() -> None:
    sold = policy()

    movements = movement_values([transaction_message(each) for each in sold.transactions])

    for made, movement in zip(sold.transactions, movements, strict=True):
        told = [(part.reinsurer_id, part.ceded, part.commission) for part in movement.cessions]
        parts = [part for cession in made.cessions for part in cession.reinsurers]
        assert told == [(part.reinsurer_id, part.ceded, part.commission) for part in parts]
        assert len(told) == 5


def test_a_loss_is_borne_alike_in_bordereaux_and_books() -> None:
    sold = policy()
    facts = heard(sold)

    for day in (date(2025, 6, 1), date(2026, 6, 30), JULY, date(2027, 3, 1)):
        for fen in (0, 1, 2, 3, 50, 99, 101, 33_333, 1_234_567, -77, 99_999_999_999):
            _, cessions = divide_loss(sold.bound, fractions_on(sold.bound, sold.segments, day), Money("CNY", fen))
            expected = [(part.reinsurer_id, part.ceded) for each in cessions for part in each.reinsurers]
            assert facts.ceded(Money("CNY", fen), facts.fractions_on(day)) == expected


def test_a_sole_quota_share_is_announced_in_both_forms_and_reckoned_alike() -> None:
    (bound,) = an.bound()
    sold = Policy.begin(bound)
    told = announce(Recorded(bound, sold, an.POLICY_ID, 1, an.TENANT, an.BOUND_AT))
    assert told is not None
    facts = heard(sold)

    assert facts.quota_share is not None
    assert [(share.source_id, share.on(JULY)) for share in facts.cessions] == [(an.TREATY_ID, "3/10")]
    for fen in range(300):
        own = facts.own(Money("CNY", fen))
        assert facts.ceded(Money("CNY", fen)) == [("reinsurer-r", own.times(Decimal("0.3")))]
