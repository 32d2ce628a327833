"""How claims end, and go on."""

import pytest

from services.claims.domain.claim import deciding, ending, paying, reserving
from services.claims.domain.claim.events import Closed, ReserveChanged, Withdrawn
from services.claims.domain.claim.parts import Outcome, Reason, State
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.errors import ClaimEnded, DecisionMissing, PaidAlready, PaymentOutstanding
from tests.claims.examples import (
    CLAIM,
    HANDLER,
    MANAGER,
    PAYMENT,
    account_of,
    after,
    cny,
    decided,
    loss_of,
    noticed,
)
from tests.claims.test_payments import requested, wanted


def paid(claim: Claim | None = None, yuan: str = "300000") -> Claim:
    claim = requested(claim or decided(), wanted(yuan))
    return after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER))


def reserved(claim: Claim) -> Claim:
    lines = [Reserve("BI", CostType.INDEMNITY, cny("100000"))]
    return after(claim, reserving.set_reserves(claim, lines, "view", account_of(), HANDLER))


def test_a_paid_claim_is_closed_and_its_reserves_released() -> None:
    claim = paid(reserved(decided(loss_of("90000"))), "90000")

    events = ending.close(claim, HANDLER)

    assert [type(event) for event in events] == [ReserveChanged, Closed]
    claim = after(claim, events)
    assert (claim.state, claim.outcome, claim.reserves) == (State.CLOSED, "PAID", ())


def test_a_claim_paid_in_part_says_so() -> None:
    claim = noticed()
    less = (loss_of(disallowed=cny("50000")),)
    why = (Reason("BETTERMENT", "better"),)
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_PART, why, less, account_of(), HANDLER))
    claim = after(claim, deciding.approve(CLAIM, claim, 1, account_of(), MANAGER))

    assert after(claim, ending.close(paid(claim, "250000"), HANDLER)).outcome == "PAID_IN_PART"


def test_a_refused_claim_is_closed_as_refused() -> None:
    claim = noticed()
    why = (Reason("OUTSIDE_TERM", "too early"),)
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.REFUSE, why, (), account_of(), HANDLER))
    claim = after(claim, deciding.approve(CLAIM, claim, 1, account_of(), MANAGER))

    assert after(claim, ending.close(claim, HANDLER)).outcome == "REFUSED"


def test_closing_again_changes_nothing() -> None:
    claim = after(paid(), ending.close(paid(), HANDLER))

    assert ending.close(claim, HANDLER) == []


def test_a_claim_without_a_decision_can_not_be_closed() -> None:
    with pytest.raises(DecisionMissing):
        ending.close(noticed(), HANDLER)


def test_a_claim_with_a_decision_that_waits_can_not_be_closed() -> None:
    claim = paid()
    more = (loss_of("400000"),)
    claim = after(claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), more, account_of(), HANDLER))

    with pytest.raises(DecisionMissing):
        ending.close(claim, HANDLER)


@pytest.mark.parametrize("claim", [decided(), requested(decided(), wanted("300000")), paid(yuan="299999.99")])
def test_a_claim_that_is_not_all_paid_can_not_be_closed(claim: Claim) -> None:
    with pytest.raises(PaymentOutstanding):
        ending.close(claim, HANDLER)


def test_a_closed_claim_goes_on_when_reopened() -> None:
    claim = after(paid(), ending.close(paid(), HANDLER))

    claim = after(claim, ending.reopen(claim, "new invoice", HANDLER))

    assert claim.state is State.REOPENED
    lines = [Reserve("BI", CostType.INDEMNITY, cny("100000"))]
    assert reserving.set_reserves(claim, lines, "view", account_of(), HANDLER)


def test_reopening_a_claim_that_goes_on_changes_nothing() -> None:
    assert ending.reopen(decided(), "why not", HANDLER) == []


def test_a_withdrawn_claim_gives_everything_back() -> None:
    claim = requested(decided(), wanted("100000"))

    events = ending.withdraw(claim, "settled elsewhere", HANDLER)

    assert [type(event) for event in events] == [ReserveChanged, Withdrawn]
    claim = after(claim, events)
    assert (claim.state, claim.outcome, claim.decision, claim.reserves) == (State.WITHDRAWN, "WITHDRAWN", None, ())


def test_withdrawing_again_changes_nothing() -> None:
    claim = after(noticed(), ending.withdraw(noticed(), "mistake", HANDLER))

    assert ending.withdraw(claim, "mistake", HANDLER) == []


def test_what_was_paid_can_not_be_withdrawn() -> None:
    with pytest.raises(PaidAlready):
        ending.withdraw(paid(), "mistake", HANDLER)


def test_a_closed_claim_can_not_be_withdrawn() -> None:
    with pytest.raises(ClaimEnded):
        ending.withdraw(after(paid(), ending.close(paid(), HANDLER)), "mistake", HANDLER)


def test_a_withdrawn_claim_can_not_be_closed() -> None:
    claim = after(noticed(), ending.withdraw(noticed(), "mistake", HANDLER))

    with pytest.raises(ClaimEnded):
        ending.close(claim, HANDLER)
