"""Other services' announcements to own events."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.dates import PartialDate
from libs.common.errors import InvalidField
from libs.common.grpc.convert import (
    date_value,
    enum_name,
    money_value,
    optional,
    partial_date_value,
    uuid_value,
)
from libs.common.money import CNY
from libs.common.service import Reaction
from libs.common.unit import Unit
from services.vendor_gateway.application import entitlements as services
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.policy_services.events import Opened
from services.vendor_gateway.domain.values import Entitlement, Insured, Phase


async def place_assessment(unit: Unit, heard: policy_pb.SubmissionAssessmentRequested) -> None:
    """A submission needs an assessment before it can be bound."""
    submission_id = uuid_value("submission_id", heard.submission_id)
    service = entitlement_value("service", heard.service)
    await services.request_assessment(unit, submission_id, service, insured_value(heard.insured))


async def open_services(unit: Unit, heard: policy_pb.PolicyBound) -> None:
    """A policy promises services: what is due at once is placed, the rest has a coded reason why not."""
    timeline = heard.timeline
    submission_id = optional(heard, "submission_id", uuid_value)
    assessors = frozenset() if submission_id is None else await services.assessors_of(unit, submission_id)
    opened = Opened(
        policy_id=uuid_value("timeline.policy_id", timeline.policy_id),
        policy_number=timeline.policy_number,
        submission_id=submission_id,
        insured=insured_value(timeline.insured),
        inception=date_value("timeline.inception", timeline.inception),
        cover_ends=cover_end(timeline),
        entitlements=entitlement_values(timeline),
        assessors=assessors,
        opened_at=unit.call.now,
    )
    await services.open_services(unit, opened)


async def change_services(unit: Unit, heard: policy_pb.PolicyChanged) -> None:
    """An endorsement may take services away and add others."""
    timeline = heard.timeline
    policy_id = uuid_value("timeline.policy_id", timeline.policy_id)
    await services.change_services(unit, policy_id, entitlement_values(timeline), cover_end(timeline))


async def end_cancelled_cover(unit: Unit, heard: policy_pb.PolicyCancelled) -> None:
    """A policy was cancelled: its services stop on the first day without cover."""
    policy_id = uuid_value("timeline.policy_id", heard.timeline.policy_id)
    ends_on = date_value("effective_date", heard.effective_date)
    await services.end_cover(unit, policy_id, ends_on, CancelReason.POLICY_CANCELLED)


async def resume_cover(unit: Unit, heard: policy_pb.PolicyReinstated) -> None:
    """A policy that was cancelled or lapsed is in force again."""
    policy_id = uuid_value("timeline.policy_id", heard.timeline.policy_id)
    await services.resume_services(unit, policy_id, entitlement_values(heard.timeline), cover_end(heard.timeline))


async def end_expired_cover(unit: Unit, heard: policy_pb.PolicyExpired) -> None:
    """A policy's term ran out."""
    policy_id = uuid_value("policy_id", heard.policy_id)
    ends_on = date_value("expired_on", heard.expired_on)
    await services.end_cover(unit, policy_id, ends_on, CancelReason.POLICY_EXPIRED)


async def answer_claim(unit: Unit, heard: claims_pb.ClaimOpened) -> None:
    """The insured asks for help with an incident. Raises NotYet while the policy's binding has not been heard of."""
    if not heard.response_requested:
        return
    policy_id = uuid_value("policy_id", heard.policy_id)
    claim_id = uuid_value("claim_id", heard.claim_id)
    occurred: PartialDate | None = optional(heard, "occurred_on", partial_date_value)
    await services.answer_claim(unit, policy_id, claim_id, occurred)


async def end_withdrawn_claim(unit: Unit, heard: claims_pb.ClaimClosed) -> None:
    """A withdrawn claim needs no response; any other end leaves its orders as they are."""
    if heard.outcome != "WITHDRAWN":
        return
    policy_id, claim_id = uuid_value("policy_id", heard.policy_id), uuid_value("claim_id", heard.claim_id)
    await services.end_claim(unit, policy_id, claim_id)


REACTIONS: Mapping[str, Mapping[type[Any], Reaction]] = {
    "policy": {
        policy_pb.SubmissionAssessmentRequested: place_assessment,
        policy_pb.PolicyBound: open_services,
        policy_pb.PolicyChanged: change_services,
        policy_pb.PolicyCancelled: end_cancelled_cover,
        policy_pb.PolicyReinstated: resume_cover,
        policy_pb.PolicyExpired: end_expired_cover,
    },
    "claims": {
        claims_pb.ClaimOpened: answer_claim,
        claims_pb.ClaimClosed: end_withdrawn_claim,
    },
}


def insured_value(message: Enterprise) -> Insured:
    return Insured(
        uscc=message.uscc, name=message.name, industry_code=message.industry_code, region_code=message.region_code
    )


def entitlement_values(timeline: terms_pb.PolicyTimeline) -> tuple[Entitlement, ...]:
    return tuple(
        entitlement_value(f"timeline.entitlements[{place}]", message)
        for place, message in enumerate(timeline.entitlements)
    )


def entitlement_value(field: str, message: terms_pb.ServiceEntitlement) -> Entitlement:
    fee = money_value(f"{field}.fee", message.fee)
    if fee.currency != CNY or fee.minor_units < 0:
        raise InvalidField(field=f"{field}.fee", problem="must be CNY, and not negative")
    for name in ("respond_within_hours", "start_within_hours", "deliver_within_hours"):
        if getattr(message, name) < 1:
            raise InvalidField(field=f"{field}.{name}", problem="must be at least 1")
    if message.pause_allowance_hours < 0:
        raise InvalidField(field=f"{field}.pause_allowance_hours", problem="must not be negative")
    return Entitlement(
        code=message.code,
        service_type=message.service_type,
        phase=Phase(enum_name(f"{field}.phase", terms_pb.ServicePhase, message.phase)),
        quantity=message.quantity,
        mandatory=message.mandatory,
        fee=fee,
        respond_within_hours=message.respond_within_hours,
        start_within_hours=message.start_within_hours,
        deliver_within_hours=message.deliver_within_hours,
        pause_allowance_hours=message.pause_allowance_hours if message.HasField("pause_allowance_hours") else 72,
    )


def cover_end(timeline: terms_pb.PolicyTimeline) -> date:
    """Where the terms end: before the expiry after a cancellation."""
    if timeline.segments:
        return date_value("timeline.segments", timeline.segments[-1].to)
    return date_value("timeline.expiry", timeline.expiry)
