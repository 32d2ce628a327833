"""Own events to announcements. What is not listed here is private."""

from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from hubao.claims.v1 import events_pb2 as pb

from libs.common.changes import Recorded
from libs.common.grpc.convert import (
    date_message,
    enum_text,
    money_message,
    partial_date_message,
    timestamp_message,
)
from services.claims.domain.claim.events import Closed, Notified, PaymentApproved, ReserveChanged, Withdrawn
from services.claims.domain.claim.paying import verified_order
from services.claims.domain.claim.value import Claim


def announce(recorded: Recorded[Any]) -> Message | None:
    """The public form of an event, if it has one."""
    match recorded.event:
        case Notified():
            return claim_opened(recorded.stream, recorded.event)
        case ReserveChanged():
            return reserve_changed(recorded.stream, recorded.event)
        case PaymentApproved():
            return payment_approved(recorded.stream, recorded.value, recorded.event)
        case Closed():
            return claim_closed(recorded.stream, recorded.event)
        case Withdrawn():
            return claim_withdrawn(recorded.stream, recorded.event)
    return None


def claim_opened(claim_id: UUID, event: Notified) -> pb.ClaimOpened:
    notice = event.notice
    return pb.ClaimOpened(
        claim_id=str(claim_id),
        policy_id=str(notice.policy_id),
        insured_uscc=event.insured_uscc,
        occurred_on=partial_date_message(notice.occurred_on) if notice.occurred_on else None,
        noticed_time=timestamp_message(event.noticed_at),
        response_requested=notice.response_requested,
        incident_class=notice.incident_class or "",
    )


def reserve_changed(claim_id: UUID, event: ReserveChanged) -> pb.ReserveChanged:
    return pb.ReserveChanged(
        claim_id=str(claim_id),
        policy_id=str(event.policy_id),
        part_code=event.part_code,
        cost_type=enum_text(pb.CostType, event.cost_type),
        outstanding=money_message(event.outstanding),
        delta=money_message(event.delta),
        effective_date=date_message(event.effective_date),
    )


def payment_approved(claim_id: UUID, claim: Claim, event: PaymentApproved) -> pb.PaymentApproved:
    payment = event.payment
    order = verified_order(claim, payment.order_id)
    return pb.PaymentApproved(
        claim_id=str(claim_id),
        policy_id=str(event.policy_id),
        payment_id=str(payment.payment_id),
        part_code=payment.part_code,
        cost_type=enum_text(pb.CostType, payment.cost_type),
        amount=money_message(payment.amount),
        payee_uscc=payment.payee_uscc,
        order_id=str(payment.order_id) if payment.order_id else "",
        approved_on=date_message(event.approved_on),
        vendor_id=order.vendor_id if order else "",
    )


def claim_closed(claim_id: UUID, event: Closed) -> pb.ClaimClosed:
    return pb.ClaimClosed(
        claim_id=str(claim_id),
        policy_id=str(event.policy_id),
        outcome=event.outcome,
        paid=money_message(event.paid),
        closed_on=date_message(event.closed_on),
    )


def claim_withdrawn(claim_id: UUID, event: Withdrawn) -> pb.ClaimClosed:
    return pb.ClaimClosed(
        claim_id=str(claim_id),
        policy_id=str(event.policy_id),
        outcome="WITHDRAWN",
        paid=money_message(event.paid),
        closed_on=date_message(event.withdrawn_on),
    )
