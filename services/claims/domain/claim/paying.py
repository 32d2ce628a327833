"""Payments: requested under the decision that holds, and approved by a second person.

A response cost is paid against its verified service order, or on a coded override by the person who approves.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from libs.common.codes import uscc
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.claims.domain.authority.approving import suffices
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.committee import committee
from services.claims.domain.claim.events import (
    CommitteeApproved,
    PaymentApproved,
    PaymentRejected,
    PaymentRequested,
    ReserveChanged,
)
from services.claims.domain.claim.parts import Actor, Approval, Payment, VerifiedOrder
from services.claims.domain.claim.reserving import changes, unpaid
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.errors import (
    DecisionMissing,
    OrderNotVerified,
    OrderUsedUp,
    PaymentAlreadyApproved,
    PaymentNotFound,
    PaymentOverDecision,
)
from services.claims.domain.errors import (
    PaymentRejected as PaymentWasRejected,
)
from services.claims.domain.loss import DecidedLine

GOING = (Approval.PENDING, Approval.APPROVED)


class Override(StrEnum):
    """Why a response cost may be paid though no verified service order stands behind it."""

    EMERGENCY_RESPONSE = "EMERGENCY_RESPONSE"
    OWN_PROVIDER = "OWN_PROVIDER"
    STATUTORY_NOTIFICATION = "STATUTORY_NOTIFICATION"
    LEGAL_ADVICE = "LEGAL_ADVICE"


@dataclass(frozen=True)
class PaymentRequest:
    """What somebody wants paid, and to whom."""

    payment_id: UUID
    part_code: str
    cost_type: CostType
    amount: Money
    payee_uscc: str
    order_id: UUID | None


def request_payment(claim: Claim, wanted: PaymentRequest, actor: Actor) -> list[PaymentRequested]:
    """Requests a payment. All requests of a line together stay within its decision."""
    claim.must_go_on()
    if any(payment.payment_id == wanted.payment_id for payment in claim.payments):
        return []
    _check_request(claim, wanted)
    line = decided_line(claim, wanted.part_code, wanted.cost_type)
    going = claim.paid_of(claim.payments_on(wanted.part_code, wanted.cost_type), GOING)
    _within(claim, line, wanted.part_code, wanted.cost_type, going, wanted.amount)
    order = verified_order(claim, wanted.order_id)
    if order:
        _within_fee(claim, order, wanted.amount, besides=None)
    payment = Payment(
        payment_id=wanted.payment_id,
        part_code=wanted.part_code,
        cost_type=wanted.cost_type,
        amount=wanted.amount,
        payee_uscc=wanted.payee_uscc,
        order_id=wanted.order_id,
        requested_by=actor.principal,
    )
    return [PaymentRequested(payment=payment)]


def approve_payment(
    claim: Claim, payment_id: UUID, override_code: str, actor: Actor
) -> list[PaymentApproved | ReserveChanged | CommitteeApproved]:
    """Lets a payment go out, and takes it from its line's reserve; or adds a committee member to its approval."""
    payment = _payment(claim, payment_id)
    if payment.state is Approval.APPROVED:
        return []
    claim.must_go_on()
    if payment.state is not Approval.PENDING:
        raise PaymentWasRejected(payment_id=payment_id)
    # What one person may let go out is meant of the claim: several payments are no way around it.
    before, in_all = claim.approved_before(Act.PAYMENT, payment_id=payment_id), claim.paid + payment.amount
    holds = suffices(
        Act.PAYMENT, in_all, [payment.part_code], payment.requested_by, actor.principal, actor.held, before
    )
    _check_order(claim, payment, override_code)
    line = decided_line(claim, payment.part_code, payment.cost_type)
    paid = claim.paid_of(claim.payments_on(payment.part_code, payment.cost_type))
    _within(claim, line, payment.part_code, payment.cost_type, paid, payment.amount)
    if not holds:
        return [*committee(Act.PAYMENT, before, actor, payment_id=payment_id)]
    decision = claim.decision
    settled = decision is not None and claim.paid + payment.amount == decision.payable
    approved = PaymentApproved(
        policy_id=claim.policy_id,
        payment=payment,
        approved_by=actor.principal,
        override_code=override_code,
        approved_on=actor.today,
        settled=settled,
    )
    reserve = claim.reserve_of(payment.part_code, payment.cost_type)
    still = unpaid(claim, line) - payment.amount if line else claim.zero
    left = max(reserve - payment.amount, still)
    reserves = [Reserve(payment.part_code, payment.cost_type, left)]
    return [approved, *changes(claim, reserves, actor.today, "PAYMENT")]


def reject_payment(claim: Claim, payment_id: UUID, reason: str, actor: Actor) -> list[PaymentRejected]:
    payment = _payment(claim, payment_id)
    if payment.state is Approval.REJECTED:
        return []
    if payment.state is Approval.APPROVED:
        raise PaymentAlreadyApproved(payment_id=payment_id)
    return [PaymentRejected(payment_id=payment_id, rejected_by=actor.principal, reason=reason)]


def decided_line(claim: Claim, part_code: str, cost_type: CostType) -> DecidedLine | None:
    """The line of the decision that holds; there must be a decision, but it may not have the line."""
    if claim.decision is None:
        raise DecisionMissing(problem="No decision is approved, so nothing can be paid.")
    found = (line for line in claim.decision.lines if (line.part_code, line.cost_type) == (part_code, cost_type))
    return next(found, None)


def order_used(claim: Claim, order_id: UUID, besides: UUID | None = None) -> Money:
    """What is paid or requested against an order."""
    on_order = [p for p in claim.payments if p.order_id == order_id and p.payment_id != besides]
    return claim.paid_of(on_order, GOING)


def verified_order(claim: Claim, order_id: UUID | None) -> VerifiedOrder | None:
    """The order for this claim whose work was taken; None if it is not known as such."""
    return next((order for order in claim.orders if order.order_id == order_id), None)


def _payment(claim: Claim, payment_id: UUID) -> Payment:
    found = next((payment for payment in claim.payments if payment.payment_id == payment_id), None)
    if found is None:
        raise PaymentNotFound(payment_id=payment_id)
    return found


def _within(
    claim: Claim, line: DecidedLine | None, part_code: str, cost_type: CostType, before: Money, amount: Money
) -> None:
    left = (line.payable if line else claim.zero) - before
    if amount > left:
        raise PaymentOverDecision(part_code=part_code, cost_type=cost_type, left=max(left, claim.zero), amount=amount)


def _within_fee(claim: Claim, order: VerifiedOrder, amount: Money, besides: UUID | None) -> None:
    left = order.fee - order_used(claim, order.order_id, besides)
    if amount > left:
        raise OrderUsedUp(order_id=order.order_id, left=left, amount=amount)


def _check_order(claim: Claim, payment: Payment, override_code: str) -> None:
    """A response cost rests on its verified order, or on the second person's coded override."""
    if payment.cost_type is not CostType.EXPENSE:
        if override_code:
            raise InvalidField(field="override_code", problem="is for response costs only")
        return
    order = verified_order(claim, payment.order_id)
    if order:
        _within_fee(claim, order, payment.amount, besides=payment.payment_id)
    elif not override_code:
        raise OrderNotVerified()
    if override_code and override_code not in tuple(Override):
        raise InvalidField(field="override_code", problem=f"must be one of {', '.join(Override)}")


def _check_request(claim: Claim, wanted: PaymentRequest) -> None:
    if wanted.cost_type is CostType.RECOVERY:
        raise InvalidField(field="cost_type", problem="must be indemnity or expense")
    if wanted.amount.currency != claim.currency:
        raise InvalidField(field="amount.currency_code", problem=f"must be {claim.currency}")
    if wanted.amount.minor_units <= 0:
        raise InvalidField(field="amount", problem="must be more than nothing")
    problem = uscc.problem_of(wanted.payee_uscc)
    if problem:
        raise InvalidField(field="payee_uscc", problem=problem)
    if wanted.order_id and wanted.cost_type is not CostType.EXPENSE:
        raise InvalidField(field="order_id", problem="belongs to response costs only")
