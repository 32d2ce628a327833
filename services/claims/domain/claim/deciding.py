"""Decisions: proposed by one person with the whole arithmetic, approved by another, drawn on the coverage account."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.errors import InvalidField
from services.claims.domain.authority.approving import suffices
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.committee import committee
from services.claims.domain.claim.events import CommitteeApproved, DecisionApproved, DecisionProposed, ReserveChanged
from services.claims.domain.claim.parts import Actor, Approval, Outcome, Proposal, Reason
from services.claims.domain.claim.reserving import changes, unpaid
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.cover import Cover
from services.claims.domain.coverage.basis import Basis
from services.claims.domain.coverage.check import check, check_part, governing, limits_of
from services.claims.domain.coverage.results import WHETHER
from services.claims.domain.errors import (
    CoverDenied,
    DecisionBelowPaid,
    DecisionMissing,
    DecisionOutdated,
    QuestionsOpen,
)
from services.claims.domain.loss import AssessedLoss, Conditions, DecidedLine, decide_lines, payable


def propose(
    claim_id: UUID,
    claim: Claim,
    outcome: Outcome,
    reasons: Sequence[Reason],
    losses: Sequence[AssessedLoss],
    account: Cover,
    actor: Actor,
) -> list[DecisionProposed]:
    """Proposes what is done. What is to be paid must be covered, with no question open on whether it is."""
    claim.must_go_on()
    _check_losses(claim, losses)
    _check_outcome(outcome, reasons, losses)
    basis = account.basis(claim.facts(actor.now), account.known_by(actor.now), claim_id)
    lines = _lines(losses, basis)
    _check_paid(claim, lines)
    proposal = Proposal(
        number=len(claim.decisions) + 1,
        outcome=outcome,
        reasons=tuple(reasons),
        losses=tuple(losses),
        lines=lines,
        payable=payable(lines, claim.currency),
        proposed_by=actor.principal,
        coverage=check(basis).opinion,
    )
    if claim.pending_decision and _same(claim.pending_decision, proposal):
        return []
    return [DecisionProposed(proposal=proposal)]


def approve(
    claim_id: UUID, claim: Claim, number: int, account: Cover, actor: Actor
) -> list[DecisionApproved | ReserveChanged | CommitteeApproved]:
    """Lets a decision hold, and raises reserves that are below it; or adds a committee member to its approval.

    The arithmetic is done again: what it was made from may have moved since.
    """
    if claim.decision and claim.decision.number == number:
        return []
    claim.must_go_on()
    pending = claim.pending_decision
    if pending is None or pending.number != number:
        raise DecisionMissing(problem=f"No decision with number {number} waits for approval.")
    parts, before = [loss.part_code for loss in pending.losses], claim.approved_before(Act.DECISION, number)
    holds = suffices(Act.DECISION, pending.payable, parts, pending.proposed_by, actor.principal, actor.held, before)
    basis = account.basis(claim.facts(actor.now), account.known_by(actor.now), claim_id)
    lines = _lines(pending.losses, basis)
    for was, now in zip(pending.lines, lines, strict=True):
        if (was.payable, was.limits) != (now.payable, now.limits):
            raise DecisionOutdated(part_code=was.part_code, proposed=was.payable, now=now.payable)
    _check_paid(claim, lines)
    if not holds:
        return [*committee(Act.DECISION, before, actor, number=number)]
    settled = pending.payable == claim.paid
    approved = DecisionApproved(number=number, approved_by=actor.principal, settled=settled)
    return [approved, *changes(claim, _raised(claim, lines), actor.today, "DECISION")]


def _raised(claim: Claim, lines: Sequence[DecidedLine]) -> list[Reserve]:
    """The reserves that are less than what these lines pay and was not paid yet."""
    needed = [Reserve(line.part_code, line.cost_type, unpaid(claim, line)) for line in lines]
    return [line for line in needed if line.outstanding > claim.reserve_of(*line.line)]


def _lines(losses: Sequence[AssessedLoss], basis: Basis) -> tuple[DecidedLine, ...]:
    conditions = {loss.part_code: _conditions(loss.part_code, basis) for loss in losses}
    return decide_lines(losses, conditions, basis.terms.aggregate_limit, basis.drawn)


def _conditions(code: str, basis: Basis) -> Conditions:
    """The terms that govern a part, once it is certain that they cover the loss."""
    result = check_part(code, basis)
    if result.reasons(WHETHER):
        raise CoverDenied(part_code=code, reasons=", ".join(result.reasons(WHETHER)))
    if result.questions(WHETHER):
        raise QuestionsOpen(part_code=code, questions=", ".join(map(str, result.questions(WHETHER))))
    found = governing(code, basis)
    if found.certain is None:
        raise QuestionsOpen(part_code=code, questions=found.asked)
    part, segment = found.certain
    return Conditions(part, limits_of(part, segment))


def _check_outcome(outcome: Outcome, reasons: Sequence[Reason], losses: Sequence[AssessedLoss]) -> None:
    """Payment in full disallows nothing; anything else says why."""
    disallowed = [index for index, loss in enumerate(losses) if loss.disallowed]
    if outcome is Outcome.REFUSE and losses:
        raise InvalidField(field="losses", problem="must be empty for a refusal")
    if outcome is not Outcome.REFUSE and not losses:
        raise InvalidField(field="losses", problem="are missing")
    if outcome is not Outcome.PAY_IN_FULL and not reasons:
        raise InvalidField(field="reasons", problem="are missing")
    if outcome is Outcome.PAY_IN_FULL and disallowed:
        raise InvalidField(field=f"losses[{disallowed[0]}].disallowed", problem="must be zero for payment in full")
    if outcome is Outcome.PAY_IN_PART and not disallowed:
        raise InvalidField(field="losses", problem="disallow nothing; that is payment in full")


def _check_losses(claim: Claim, losses: Sequence[AssessedLoss]) -> None:
    for index, loss in enumerate(losses):
        field = f"losses[{index}]"
        if loss.cost_type is CostType.RECOVERY:
            raise InvalidField(field=f"{field}.cost_type", problem="must be indemnity or expense")
        if {loss.assessed.currency, loss.disallowed.currency} != {claim.currency}:
            raise InvalidField(field=f"{field}.assessed.currency_code", problem=f"must be {claim.currency}")
        if loss.assessed.minor_units <= 0:
            raise InvalidField(field=f"{field}.assessed", problem="must be more than nothing")
        if not 0 <= loss.disallowed.minor_units <= loss.assessed.minor_units:
            raise InvalidField(field=f"{field}.disallowed", problem="must be between nothing and the assessed loss")
        if (loss.part_code, loss.cost_type) in {(other.part_code, other.cost_type) for other in losses[:index]}:
            raise InvalidField(field=field, problem="names a part and cost type twice")


def _check_paid(claim: Claim, lines: Sequence[DecidedLine]) -> None:
    """Nothing that was paid is decided away."""
    decided = {(line.part_code, line.cost_type): line.payable for line in lines}
    for payment in claim.payments:
        if payment.state is Approval.APPROVED:
            paid = claim.paid_of(claim.payments_on(payment.part_code, payment.cost_type))
            allowed = decided.get((payment.part_code, payment.cost_type), claim.zero)
            if paid > allowed:
                raise DecisionBelowPaid(
                    part_code=payment.part_code, cost_type=payment.cost_type, paid=paid, payable=allowed
                )


def _same(one: Proposal, other: Proposal) -> bool:
    return (one.outcome, one.reasons, one.losses, one.lines, one.proposed_by) == (
        other.outcome,
        other.reasons,
        other.losses,
        other.lines,
        other.proposed_by,
    )
