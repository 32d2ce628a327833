"""Own events to announcements; what is not listed here is private."""

from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from hubao.vendor_gateway.v1 import events_pb2 as pb

from libs.common.changes import Recorded
from libs.common.dates import date_in_shanghai
from libs.common.grpc.convert import date_message, money_message
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order import events as order
from services.vendor_gateway.domain.values import Origin, OriginKind


def announce(recorded: Recorded[Any]) -> Message | None:
    match recorded.event:
        case order.Accepted():
            return service_activated(recorded, recorded.event)
        case order.Unplaced():
            return service_unplaced(recorded, recorded.event)
        case order.ClockMissed(credit=credit) if credit:
            return service_credit_due(recorded, recorded.event)
        case order.Verified():
            return order_verified(recorded, recorded.event)
        case order.AssessmentVerified():
            return assessment_verified(recorded, recorded.event)
    return None


def service_activated(recorded: Recorded[ServiceOrder], event: order.Accepted) -> pb.ServiceActivated:
    return pb.ServiceActivated(
        order_id=str(recorded.stream),
        origin=origin_message(recorded.value.origin),
        policy_id=id_text(recorded.value.policy_id),
        entitlement_code=recorded.value.service.code,
        vendor_id=str(event.vendor_id),
        activated_on=day_message(event.accepted_at),
    )


def service_unplaced(recorded: Recorded[ServiceOrder], event: order.Unplaced) -> pb.ServiceUnplaced:
    return pb.ServiceUnplaced(
        order_id=str(recorded.stream),
        origin=origin_message(recorded.value.origin),
        policy_id=id_text(recorded.value.policy_id),
        entitlement_code=recorded.value.service.code,
        reason=event.reason,
    )


def service_credit_due(recorded: Recorded[ServiceOrder], event: order.ClockMissed) -> pb.ServiceCreditDue:
    return pb.ServiceCreditDue(
        order_id=str(recorded.stream),
        policy_id=id_text(event.policy_id),
        vendor_id=str(event.vendor_id),
        clock=event.clock,
        amount=money_message(event.credit),
        due_on=day_message(event.missed_at),
    )


def order_verified(recorded: Recorded[ServiceOrder], event: order.Verified) -> pb.OrderVerified:
    return pb.OrderVerified(
        order_id=str(recorded.stream),
        origin=origin_message(recorded.value.origin),
        policy_id=id_text(recorded.value.policy_id),
        vendor_id=str(event.vendor_id),
        service_type=recorded.value.service.service_type,
        fee=money_message(event.fee),
        deliverable_sha256=event.deliverable_sha256,
        verified_on=day_message(event.verified_at),
    )


def assessment_verified(recorded: Recorded[ServiceOrder], event: order.AssessmentVerified) -> pb.AssessmentVerified:
    return pb.AssessmentVerified(
        submission_id=str(event.submission_id),
        order_id=str(recorded.stream),
        vendor_id=str(event.vendor_id),
        score=event.result.score,
        critical_findings=event.result.critical_findings,
        high_findings=event.result.high_findings,
        report_sha256=event.report_sha256,
        verified_on=day_message(event.verified_at),
    )


def origin_message(origin: Origin) -> pb.OrderOrigin:
    match origin.kind:
        case OriginKind.SUBMISSION:
            return pb.OrderOrigin(submission_id=str(origin.id))
        case OriginKind.POLICY:
            return pb.OrderOrigin(policy_id=str(origin.id))
        case OriginKind.CLAIM:
            return pb.OrderOrigin(claim_id=str(origin.id))


def id_text(one: UUID | None) -> str:
    return "" if one is None else str(one)


def day_message(instant: datetime) -> Any:
    """The day in Shanghai on which something happened."""
    return date_message(date_in_shanghai(instant))
