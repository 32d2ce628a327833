"""What policy moves is what billing earns: to the fen at the end of the term, and nothing in a gap."""

from datetime import timedelta

from hypothesis import assume, given, settings

from libs.common.money import total
from services.billing_subsidy.domain.account.premium import earned_through
from services.billing_subsidy.reactions import facts_value, movement_values
from services.policy.application.public import timeline_message, transaction_message
from services.policy.domain.policy.policy import Policy
from tests.policy import examples as an
from tests.policy.test_life_properties import METHODS, interrupted, taken
from tests.policy.test_timeline_properties import DAYS, ENDORSEMENTS, fresh


@settings(deadline=None, max_examples=60)
@given(ENDORSEMENTS, ENDORSEMENTS, DAYS, DAYS, METHODS)
def test_the_lead_earns_its_part_of_all_movements_and_nothing_in_the_gap(  # type: ignore[no-untyped-def]
    early, late, one, other, method
) -> None:
    ended, again = min(one, other), max(one, other)
    assume(ended < again)
    policy: Policy = taken(interrupted(taken(fresh(), early), ended, again, method), late)
    movements = movement_values([transaction_message(each) for each in policy.transactions])
    facts = facts_value(timeline_message(an.POLICY_ID, policy), "CNY")

    own = total(each.own(facts.lead) for each in movements)

    assert earned_through(movements, facts, an.EXPIRY - timedelta(1)) == own
    before_again = earned_through(movements, facts, again - timedelta(1))
    assert before_again == earned_through(movements, facts, ended)
