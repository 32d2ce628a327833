"""Decisions: proposed with their arithmetic, approved by a second person, drawn on the account."""

from datetime import date
from decimal import Decimal

import pytest

from libs.common.dates import PartialDate
from libs.common.errors import InvalidField
from services.claims.domain.claim import deciding, paying
from services.claims.domain.claim.parts import Approval, Outcome, Reason, State
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType
from services.claims.domain.coverage.basis import Premium
from services.claims.domain.errors import (
    CoverDenied,
    DecisionBelowPaid,
    DecisionMissing,
    DecisionOutdated,
    InterruptionHoursMissing,
    OverAuthority,
    QuestionsOpen,
    SelfApproval,
)
from services.claims.domain.terms import PartTerms, Segment, Trigger
from tests.claims.examples import (
    CLAIM,
    EXPIRY,
    HANDLER,
    INCEPTION,
    MANAGER,
    NOW,
    OTHER_CLAIM,
    PAYMENT,
    account_of,
    actor,
    after,
    cny,
    decided,
    loss_of,
    noticed,
    part,
    terms_in,
    terms_of,
)
from tests.claims.test_payments import wanted

WHY = (Reason("BETTERMENT", "The new servers are better than the old ones."),)


def proposed(claim: Claim | None = None) -> Claim:
    claim = claim or noticed()
    events = deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER)
    return after(claim, events)


def test_a_proposal_waits_with_its_arithmetic() -> None:
    claim = proposed()

    assert claim.pending_decision is not None
    assert claim.pending_decision.payable == cny("300000")
    assert claim.decision is None
    assert claim.state is State.UNDER_ASSESSMENT


def test_the_same_proposal_again_changes_nothing() -> None:
    events = deciding.propose(CLAIM, proposed(), Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER)

    assert events == []


def test_another_proposal_takes_the_place_of_the_one_that_waits() -> None:
    claim = proposed()

    less = (loss_of(disallowed=cny("50000")),)
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_PART, WHY, less, account_of(), HANDLER))

    assert [decision.state for decision in claim.decisions] == [Approval.REPLACED, Approval.PENDING]
    assert claim.pending_decision is not None
    assert claim.pending_decision.payable == cny("250000")


@pytest.mark.parametrize(
    ("outcome", "reasons", "losses", "field"),
    [
        (Outcome.REFUSE, (), (), "reasons"),
        (Outcome.REFUSE, WHY, (loss_of(),), "losses"),
        (Outcome.PAY_IN_FULL, (), (), "losses"),
        (Outcome.PAY_IN_FULL, (), (loss_of(disallowed=cny("1")),), "losses[0].disallowed"),
        (Outcome.PAY_IN_PART, WHY, (loss_of(),), "losses"),
        (Outcome.PAY_IN_PART, (), (loss_of(disallowed=cny("1")),), "reasons"),
        (Outcome.PAY_IN_FULL, (), (loss_of("0"),), "losses[0].assessed"),
        (Outcome.PAY_IN_FULL, (), (loss_of(), loss_of()), "losses[1]"),
        (Outcome.PAY_IN_FULL, (), (loss_of(cost_type=CostType.RECOVERY),), "losses[0].cost_type"),
    ],
)
def test_a_proposal_that_contradicts_itself_is_a_wrong_field(outcome, reasons, losses, field) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidField) as refusal:
        deciding.propose(CLAIM, noticed(), outcome, reasons, losses, account_of(), HANDLER)

    assert refusal.value.field == field


def test_what_is_not_covered_is_not_paid() -> None:
    claim = noticed(occurred_on=PartialDate(2025, 5))

    with pytest.raises(CoverDenied):
        deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER)


def test_a_part_without_cover_can_be_refused() -> None:
    claim = noticed(occurred_on=PartialDate(2025, 5))

    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.REFUSE, WHY, (), account_of(), HANDLER))
    claim = after(claim, deciding.approve(CLAIM, claim, 1, account_of(), MANAGER))

    assert claim.state is State.SETTLED


def test_what_has_open_questions_is_not_paid() -> None:
    account = account_of(premium=Premium())

    with pytest.raises(QuestionsOpen):
        deciding.propose(CLAIM, noticed(account), Outcome.PAY_IN_FULL, (), (loss_of(),), account, HANDLER)


@pytest.mark.parametrize("later", [part(deductible=cny("500")), part(limit=cny("2000000"))])
def test_a_month_in_which_the_terms_changed_can_not_be_decided(later: PartTerms) -> None:
    changed = date(2026, 4, 10)
    account = account_of(terms_in(Segment(INCEPTION, changed, (part(),)), Segment(changed, EXPIRY, (later,))))
    claim = noticed(account, occurred_on=PartialDate(2026, 4))

    with pytest.raises(QuestionsOpen, match="OCCURRED_ON"):
        deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account, HANDLER)


def test_the_amount_is_assessed_so_it_is_no_open_question() -> None:
    claim = noticed(loss=None)

    assert deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER)


def test_a_waiting_period_needs_the_hours_of_the_line() -> None:
    account = account_of(terms_of(part(waiting_hours=12)))

    with pytest.raises(InterruptionHoursMissing):
        deciding.propose(CLAIM, noticed(account), Outcome.PAY_IN_FULL, (), (loss_of(),), account, HANDLER)


def test_a_second_person_lets_the_decision_hold() -> None:
    claim = decided()

    assert claim.decision is not None
    assert claim.state is State.DECIDED


def test_approving_the_decision_again_changes_nothing() -> None:
    assert deciding.approve(CLAIM, decided(), 1, account_of(), MANAGER) == []


@pytest.mark.parametrize("who", ["handler", "Handler", "handler ", "hand\u200bler", "ｈａｎｄｌｅｒ"])
def test_nobody_approves_their_own_decision(who: str) -> None:
    with pytest.raises(SelfApproval):
        deciding.approve(CLAIM, proposed(), 1, account_of(), actor(who, "claims_manager"))


def test_the_second_person_needs_authority() -> None:
    with pytest.raises(OverAuthority):
        deciding.approve(CLAIM, proposed(), 1, account_of(), actor("other"))


def test_a_decision_that_does_not_wait_can_not_be_approved() -> None:
    with pytest.raises(DecisionMissing):
        deciding.approve(CLAIM, proposed(), 2, account_of(), MANAGER)


def test_a_decision_made_on_limits_that_others_took_since_is_outdated() -> None:
    account = account_of()
    claim = proposed(noticed(account))
    account = after(account, account.draw(OTHER_CLAIM, {"BI": cny("900000"), "": cny("900000")}, NOW))

    with pytest.raises(DecisionOutdated):
        deciding.approve(CLAIM, claim, 1, account, MANAGER)


def test_a_decision_made_on_terms_that_changed_since_is_outdated() -> None:
    account = account_of()
    claim = proposed(noticed(account))
    account = after(account, account.reterm("CHANGED", terms_of(part(coinsurance_percent=Decimal(20))), NOW))

    with pytest.raises(DecisionOutdated):
        deciding.approve(CLAIM, claim, 1, account, MANAGER)


def test_what_was_paid_is_not_decided_away() -> None:
    claim = decided()
    claim = after(claim, paying.request_payment(claim, wanted("300000"), HANDLER))
    claim = after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER))

    with pytest.raises(DecisionBelowPaid):
        deciding.propose(CLAIM, claim, Outcome.REFUSE, WHY, (), account_of(), HANDLER)


def test_a_later_decision_may_pay_more() -> None:
    claim = decided(loss_of("100000"))
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER))
    claim = after(claim, deciding.approve(CLAIM, claim, 2, account_of(), MANAGER))

    assert [decision.state for decision in claim.decisions] == [Approval.REPLACED, Approval.APPROVED]
    assert claim.decision is not None
    assert claim.decision.payable == cny("300000")


def test_a_claims_made_part_is_decided_under_the_terms_of_the_day_of_the_claim() -> None:
    account = account_of(terms_of(part(trigger=Trigger.CLAIMS_MADE, retroactive_date=date(2020, 1, 1))))
    claim = noticed(account, occurred_on=PartialDate(2025, 11), discovered_on=PartialDate(2026, 2))

    assert deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), (loss_of(),), account, HANDLER)
