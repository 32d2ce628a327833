"""Orders and what belongs to them, to and from their messages."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import events_pb2 as events_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as pb
from sqlalchemy import Row

from libs.common.grpc.convert import enum_text, money_message, timestamp_message
from libs.common.money import Money
from services.vendor_gateway.domain.clocks import Deadline
from services.vendor_gateway.domain.deliverable import AssessmentResult, Deliverable
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order.pause import Pause
from services.vendor_gateway.domain.ranking import Candidate


def order_message(order_id: UUID, order: ServiceOrder, version: int, *, for_vendor: bool) -> pb.Order:
    """An order as it is. A vendor does not see who else was ranked."""
    start, deliver = order.start, order.deliver
    return pb.Order(
        order_id=str(order_id),
        origin=origin_message(order.origin.kind, order.origin.id),
        policy_id=id_text(order.policy_id),
        entitlement_code=order.service.code,
        service_type=order.service.service_type,
        phase=enum_text(terms_pb.ServicePhase, order.service.phase),
        insured=pb.Insured(
            uscc=order.insured.uscc,
            name=order.insured.name,
            industry_code=order.insured.industry_code,
            region_code=order.insured.region_code,
        ),
        fee=money_message(order.fee),
        state=enum_text(pb.OrderState, order.state),
        paused=order.current_pause is not None,
        vendor_id=id_text(order.vendor_id),
        requested_time=timestamp_message(order.requested_at),
        respond_by_time=instant_message(order.respond_by),
        scheduled_time=instant_message(order.scheduled_at),
        start_by_time=instant_message(start.due_at if start is not None else None),
        deliver_by_time=instant_message(deliver.due_at if deliver is not None else None),
        deliverable=None if order.deliverable is None else deliverable_message(order.deliverable),
        breaches=[breach_message(deadline) for deadline in order.deadlines if deadline.periods],
        credits=money_message(order.credits),
        ranking=[] if for_vendor else [candidate_message(one) for one in order.ranking],
        cancel_reason=None if order.cancel_reason is None else enum_text(pb.CancelReason, order.cancel_reason),
        rework_reason=order.rework_reason,
        unplaced_reason=order.unplaced_reason or "",
        etag=str(version),
        pause=None if order.current_pause is None else pause_message(order.current_pause),
        pause_allowance_hours=order.service.pause_allowance_hours,
        pause_used=duration_message(order.pause_used),
    )


def order_row_message(row: Row[Any]) -> pb.Order:
    """An order as a list shows it: without ranking, breaches and deliverable."""
    return pb.Order(
        order_id=str(row.order_id),
        origin=origin_message(row.origin_kind, row.origin_id),
        policy_id=id_text(row.policy_id),
        entitlement_code=row.code,
        service_type=row.service_type,
        phase=enum_text(terms_pb.ServicePhase, row.phase),
        insured=pb.Insured(
            uscc=row.insured_uscc,
            name=row.insured_name,
            industry_code=row.industry_code,
            region_code=row.region_code,
        ),
        fee=money_message(Money(row.currency, row.fee)),
        state=enum_text(pb.OrderState, row.state),
        paused=row.paused,
        vendor_id=row.vendor_id,
        requested_time=timestamp_message(row.requested_at),
        respond_by_time=instant_message(row.respond_by),
        scheduled_time=instant_message(row.scheduled_at),
        start_by_time=instant_message(row.start_by),
        deliver_by_time=instant_message(row.deliver_by),
        credits=money_message(Money(row.currency, row.credits)),
        cancel_reason=enum_text(pb.CancelReason, row.cancel_reason) if row.cancel_reason else None,
        rework_reason=row.rework_reason,
        unplaced_reason=row.unplaced_reason,
        etag=str(row.version),
    )


def entitlement_message(row: Row[Any]) -> pb.Entitlement:
    return pb.Entitlement(
        policy_id=str(row.policy_id),
        code=row.code,
        service_type=row.service_type,
        phase=enum_text(terms_pb.ServicePhase, row.phase),
        quantity=row.quantity,
        ordered=row.ordered,
        mandatory=row.mandatory,
        in_force=row.in_force,
        order_id=id_text(row.order_id),
        reason=row.reason,
    )


def deliverable_value(message: pb.Deliverable) -> Deliverable:
    found = message.assessment
    assessment = (
        AssessmentResult(
            score=found.score, critical_findings=found.critical_findings, high_findings=found.high_findings
        )
        if message.HasField("assessment")
        else None
    )
    return Deliverable(
        sha256=message.sha256,
        size_bytes=message.size_bytes,
        signature=message.signature,
        content=message.content,
        assessment=assessment,
    )


def deliverable_message(value: Deliverable) -> pb.Deliverable:
    found = value.assessment
    return pb.Deliverable(
        sha256=value.sha256,
        size_bytes=value.size_bytes,
        signature=value.signature,
        content=value.content,
        assessment=None
        if found is None
        else pb.AssessmentResult(
            score=found.score, critical_findings=found.critical_findings, high_findings=found.high_findings
        ),
    )


def candidate_message(candidate: Candidate) -> pb.Candidate:
    return pb.Candidate(
        vendor_id=str(candidate.vendor_id),
        eligible=candidate.eligible,
        exclusions=candidate.exclusions,
        score=candidate.score,
        factors=[pb.Factor(name=one.name, finding=one.finding, points=one.points) for one in candidate.factors],
    )


def pause_message(pause: Pause) -> pb.Pause:
    return pb.Pause(
        reason=pause.reason,
        paused_time=timestamp_message(pause.since),
        by_insurer=pause.by_insurer,
        allowed_until_time=instant_message(pause.allowed_until),
        clocks_run=pause.stands_since is None,
        consented_by=pause.consented_by,
    )


def duration_message(length: timedelta) -> Duration:
    message = Duration()
    message.FromTimedelta(length)
    return message


def breach_message(deadline: Deadline) -> pb.ClockBreach:
    return pb.ClockBreach(
        clock=enum_text(pb.Clock, deadline.clock),
        due_time=timestamp_message(deadline.due_at),
        periods=deadline.periods,
        credit=money_message(deadline.credited),
    )


def origin_message(kind: str, origin_id: UUID) -> events_pb.OrderOrigin:
    return events_pb.OrderOrigin(**{f"{kind}_id": str(origin_id)})


def instant_message(instant: datetime | None) -> Timestamp | None:
    return None if instant is None else timestamp_message(instant)


def id_text(one: UUID | None) -> str:
    return "" if one is None else str(one)
