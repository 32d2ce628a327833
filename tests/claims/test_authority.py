"""Authority: profiles granted by two people, and what is over every single one decided by two of the committee."""

from datetime import date

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.claims.domain.authority.events import AuthorityGranted, AuthorityProposed
from services.claims.domain.authority.granting import grant, propose
from services.claims.domain.authority.profile import BY_ROLE, Act, Held, Profile, Rule
from services.claims.domain.authority.value import Authority
from services.claims.domain.claim import deciding, paying, reserving
from services.claims.domain.claim.events import CommitteeApproved, DecisionApproved, PaymentApproved, ReservesSet
from services.claims.domain.claim.parts import Approval, Outcome
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.errors import AuthorityNotPending, OverAuthority, OwnAuthority, SelfApproval
from tests.claims.examples import (
    CLAIM,
    HANDLER,
    MANAGER,
    PAYMENT,
    SECOND_MANAGER,
    account_of,
    actor,
    after,
    cny,
    decided,
    loss_of,
    noticed,
    part,
    terms_of,
)
from tests.claims.test_payments import wanted

TODAY = date(2026, 5, 10)
LARGE = account_of(terms_of(part(limit=cny("10000000")), aggregate="10000000"))


def upto(yuan: str, act: Act | None = None, part_code: str = "") -> Rule:
    return Rule(act, part_code, cny(yuan))


def proposed(holder: str = "user:deng@westlake", *rules: Rule) -> Authority:
    return Authority.begin(propose(None, holder, Profile(rules), TODAY, "user:wu", TODAY)[0])


def large_loss() -> Claim:
    """A proposed decision of 7,540,260.64."""
    claim = noticed(LARGE)
    losses = [loss_of("7540260.64")]
    return after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), losses, LARGE, HANDLER))


def test_a_loss_over_every_single_authority_is_decided_by_two_of_the_committee() -> None:
    claim = large_loss()

    first = deciding.approve(CLAIM, claim, 1, LARGE, MANAGER)
    waiting = after(claim, first)
    second = deciding.approve(CLAIM, waiting, 1, LARGE, SECOND_MANAGER)

    assert first == [CommitteeApproved(act=Act.DECISION, number=1, payment_id=None, approved_by="manager")]
    assert waiting.decision is None
    assert isinstance(second[0], DecisionApproved)
    decision = after(waiting, second).decision
    assert decision is not None
    assert decision.payable == cny("7540260.64")


@pytest.mark.parametrize("who", ["manager", "Manager", "manager\u200b"])
def test_one_member_of_the_committee_is_not_two(who: str) -> None:
    waiting = after(large_loss(), deciding.approve(CLAIM, large_loss(), 1, LARGE, MANAGER))

    assert deciding.approve(CLAIM, waiting, 1, LARGE, actor(who, "claims_manager")) == []


def test_who_is_not_of_the_committee_can_not_join_it() -> None:
    with pytest.raises(OverAuthority):
        deciding.approve(CLAIM, large_loss(), 1, LARGE, actor("other"))


def test_who_proposed_it_does_not_count_among_the_committee() -> None:
    claim = noticed(LARGE)
    losses = [loss_of("7540260.64")]
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), losses, LARGE, MANAGER))

    with pytest.raises(SelfApproval):
        deciding.approve(CLAIM, claim, 1, LARGE, MANAGER)


def test_reserves_over_every_single_authority_need_two_of_the_committee() -> None:
    claim = noticed(LARGE)
    lines = [Reserve("BI", CostType.INDEMNITY, cny("7000000"))]
    claim = after(claim, reserving.set_reserves(claim, lines, "view", LARGE, HANDLER))

    claim = after(claim, reserving.approve_reserves(claim, 1, MANAGER))
    assert claim.pending_reserves is not None
    assert claim.approved_before(Act.RESERVE, 1) == ("manager",)

    events = reserving.approve_reserves(claim, 1, SECOND_MANAGER)
    assert isinstance(events[0], ReservesSet)


def test_a_payment_over_every_single_authority_needs_two_of_the_committee() -> None:
    claim = after(large_loss(), deciding.approve(CLAIM, large_loss(), 1, LARGE, MANAGER))
    claim = after(claim, deciding.approve(CLAIM, claim, 1, LARGE, SECOND_MANAGER))
    claim = after(claim, paying.request_payment(claim, wanted("7540260.64"), HANDLER))

    claim = after(claim, paying.approve_payment(claim, PAYMENT, "", SECOND_MANAGER))
    assert claim.payments[0].state is Approval.PENDING
    assert paying.approve_payment(claim, PAYMENT, "", SECOND_MANAGER) == []

    events = paying.approve_payment(claim, PAYMENT, "", MANAGER)
    assert isinstance(events[0], PaymentApproved)


def test_of_several_rules_the_closest_counts() -> None:
    profile = Profile((upto("100"), upto("50", Act.PAYMENT), upto("900", None, "BI"), upto("30", Act.PAYMENT, "BI")))

    limits = {(act, code): profile.limit(act, code) for act in (Act.RESERVE, Act.PAYMENT) for code in ("BI", "PL")}

    assert limits == {
        (Act.RESERVE, "BI"): cny("900"),
        (Act.RESERVE, "PL"): cny("100"),
        (Act.PAYMENT, "BI"): cny("30"),
        (Act.PAYMENT, "PL"): cny("50"),
    }


def test_an_act_on_several_parts_is_measured_by_the_part_that_allows_least() -> None:
    held = Held((Profile((upto("100"), upto("900", None, "BI"))),))

    assert held.limit(Act.DECISION, ["BI", "PL"]) == cny("100")
    assert held.limit(Act.DECISION, []) == cny("100")


def test_nobody_has_authority_in_another_currency() -> None:
    assert not Held((BY_ROLE["claims_manager"],)).allows(Act.PAYMENT, ["BI"], Money("USD", 1))


def test_nothing_granted_is_nothing_allowed() -> None:
    assert not Held().allows(Act.PAYMENT, ["BI"], cny("0.01"))


def test_a_grant_waits_for_a_second_person() -> None:
    known = proposed("user:deng@westlake", upto("1000000"))

    events = grant(known, 1, "user:zhao")

    assert events == [AuthorityGranted(number=1, granted_by="user:zhao")]
    granted = after(known, events)
    assert granted.on(TODAY) == Profile((upto("1000000"),))
    assert granted.on(date(2026, 5, 9)) is None
    assert grant(granted, 1, "user:zhao") == []


def test_who_proposed_a_grant_does_not_approve_it() -> None:
    with pytest.raises(SelfApproval):
        grant(proposed(), 1, "user:wu")


def test_nobody_decides_on_their_own_authority() -> None:
    with pytest.raises(OwnAuthority):
        propose(None, "user:wu", Profile(), TODAY, "user:wu", TODAY)
    with pytest.raises(OwnAuthority):
        grant(proposed(), 1, "user:Deng@westlake")


def test_another_number_does_not_wait() -> None:
    with pytest.raises(AuthorityNotPending):
        grant(proposed(), 2, "user:zhao")


def test_a_newer_proposal_replaces_the_one_that_waits_and_the_same_one_changes_nothing() -> None:
    known = proposed("user:deng@westlake", upto("5"))

    again = propose(known, "user:deng@westlake", Profile((upto("5"),)), TODAY, "user:wu", TODAY)
    newer = propose(known, "user:deng@westlake", Profile((upto("6"),)), TODAY, "user:wu", TODAY)

    assert again == []
    (event,) = newer
    assert isinstance(event, AuthorityProposed)
    assert event.number == 2


@pytest.mark.parametrize(
    "holder", ["deng@westlake", "nobody-at-all", "user:Deng@Westlake", "role:finance", "role:", "user:"]
)
def test_a_holder_that_is_nobody_is_a_wrong_field(holder: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        propose(None, holder, Profile(), TODAY, "user:wu", TODAY)

    assert refusal.value.field == "holder"


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ((upto("5"), upto("6")), "rules[1]"),
        ((upto("-1"),), "rules[0].limit"),
        ((Rule(None, "", Money("USD", 5)),), "rules[0].limit.currency_code"),
    ],
)
def test_a_wrong_rule_is_named(rules: tuple[Rule, ...], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        propose(None, "user:deng", Profile(rules), TODAY, "user:wu", TODAY)

    assert refusal.value.field == field


def test_a_past_day_is_a_wrong_field() -> None:
    with pytest.raises(InvalidField):
        propose(None, "user:deng", Profile(), date(2026, 5, 9), "user:wu", TODAY)


def test_a_decision_within_authority_needs_no_committee() -> None:
    assert decided().approved_before(Act.DECISION, 1) == ()
