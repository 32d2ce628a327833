"""How a claim ends: closed when its decision is carried out, withdrawn by the insured; and how it goes on again."""

from services.claims.domain.claim.events import Closed, Reopened, ReserveChanged, Withdrawn
from services.claims.domain.claim.parts import Actor, Approval, Outcome, State
from services.claims.domain.claim.reserving import release
from services.claims.domain.claim.value import Claim
from services.claims.domain.errors import ClaimEnded, DecisionMissing, PaidAlready, PaymentOutstanding


def close(claim: Claim, actor: Actor) -> list[ReserveChanged | Closed]:
    """Closes a claim. Its outcome follows from what was paid, and what is left of its reserves is released."""
    if claim.state is State.CLOSED:
        return []
    claim.must_go_on()
    decision = claim.decision
    if decision is None:
        raise DecisionMissing(problem="No decision is approved, so the claim can't be closed.")
    if claim.pending_decision:
        raise DecisionMissing(problem="A decision waits for approval, so the claim can't be closed.")
    if any(payment.state is Approval.PENDING for payment in claim.payments):
        raise PaymentOutstanding(problem="A payment waits for approval.")
    if claim.paid != decision.payable:
        raise PaymentOutstanding(problem=f"{decision.payable - claim.paid} of the decision is not paid.")
    in_full = decision.outcome is Outcome.PAY_IN_FULL
    outcome = "REFUSED" if not claim.paid else "PAID" if in_full else "PAID_IN_PART"
    closed = Closed(
        policy_id=claim.policy_id,
        outcome=outcome,
        paid=claim.paid,
        closed_by=actor.principal,
        closed_on=actor.today,
    )
    return [*release(claim, actor.today, "CLOSED"), closed]


def reopen(claim: Claim, reason: str, actor: Actor) -> list[Reopened]:
    """Lets a claim go on. Its decision still holds, unless it had been withdrawn."""
    if not claim.ended:
        return []
    return [Reopened(reason=reason, reopened_by=actor.principal)]


def withdraw(claim: Claim, reason: str, actor: Actor) -> list[ReserveChanged | Withdrawn]:
    """Ends a claim that the insured takes back, while nothing is paid."""
    if claim.state is State.WITHDRAWN:
        return []
    if claim.state is State.CLOSED:
        raise ClaimEnded(state=claim.state)
    if claim.paid:
        raise PaidAlready(paid=claim.paid)
    withdrawn = Withdrawn(
        policy_id=claim.policy_id,
        reason=reason,
        withdrawn_by=actor.principal,
        paid=claim.paid,
        withdrawn_on=actor.today,
    )
    return [*release(claim, actor.today, "WITHDRAWN"), withdrawn]
