"""Other services' announcements to own events."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from hubao.billing_subsidy.v1 import events_pb2 as billing_pb
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import park_pb2 as park_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendor_pb

from libs.common.dates import add_days
from libs.common.grpc.convert import date_value, enum_name, money_value, optional, percent_value, uuid_value
from libs.common.service import Reaction
from libs.common.unit import Unit
from services.claims.application import coverage
from services.claims.domain.claim.parts import VerifiedOrder
from services.claims.domain.coverage.basis import Premium, PremiumState
from services.claims.domain.terms import PartTerms, Segment, Terms, Trigger


async def open_coverage(unit: Unit, heard: policy_pb.PolicyBound) -> None:
    """A policy is bound: its limits may be drawn on."""
    await _set_terms(unit, "BOUND", heard.timeline)


async def change_coverage(unit: Unit, heard: policy_pb.PolicyChanged) -> None:
    """An endorsement moves terms and limits, for all of the term."""
    await _set_terms(unit, "CHANGED", heard.timeline)


async def cut_coverage(unit: Unit, heard: policy_pb.PolicyCancelled) -> None:
    """A cancellation ends the terms early."""
    await _set_terms(unit, "CANCELLED", heard.timeline)


async def resume_coverage(unit: Unit, heard: policy_pb.PolicyReinstated) -> None:
    """Cover goes on, or begins again after a gap; what is unpaid does not stand against it any more."""
    await _set_terms(unit, "REINSTATED", heard.timeline)
    await coverage.bear_with_debt(unit, uuid_value("timeline.policy_id", heard.timeline.policy_id))


async def end_coverage(unit: Unit, heard: policy_pb.PolicyExpired) -> None:
    """The term ran out; nothing of it changes."""
    await coverage.expire(unit, uuid_value("policy_id", heard.policy_id), date_value("expired_on", heard.expired_on))


async def admit_member(unit: Unit, heard: policy_pb.CertificateIssued) -> None:
    """A member joined a park policy: its sub-limits may be drawn on."""
    await _set_member_terms(unit, "ISSUED", heard.certificate)


async def release_member(unit: Unit, heard: policy_pb.CertificateWithdrawn) -> None:
    """A member left: its terms end on that day."""
    await _set_member_terms(unit, "WITHDRAWN", heard.certificate)


async def end_member(unit: Unit, heard: policy_pb.CertificateEnded) -> None:
    """The master of a member ended."""
    await _set_member_terms(unit, heard.cause.upper(), heard.certificate)


async def note_premium(unit: Unit, heard: billing_pb.PremiumReceived) -> None:
    """Premium came in. What is overdue then is what billing says; it did not always say it."""
    received, invoiced = money_value("received", heard.received), money_value("invoiced", heard.invoiced)
    overdue, since = optional(heard, "overdue", money_value), optional(heard, "grace_expired_on", date_value)
    state = PremiumState.PAID if received >= invoiced else PremiumState.IN_INSTALMENTS
    if overdue:
        state = PremiumState.OVERDUE if since is None else PremiumState.UNPAID
    premium = Premium(state, received, invoiced, max(invoiced - received, invoiced.zero()), since)
    whole = overdue is not None
    await coverage.note_premium(unit, uuid_value("policy_id", heard.policy_id), premium, whole=whole)


async def note_overdue(unit: Unit, heard: billing_pb.PremiumOverdue) -> None:
    """An instalment is overdue; until grace runs out, cover goes on."""
    premium = Premium(
        PremiumState.OVERDUE,
        outstanding=money_value("outstanding", heard.outstanding),
        since=add_days(date_value("grace_until", heard.grace_until), 1),
    )
    await coverage.note_premium(unit, uuid_value("policy_id", heard.policy_id), premium)


async def note_unpaid(unit: Unit, heard: billing_pb.GraceExpired) -> None:
    """Grace ran out: from that day on, losses have no cover."""
    premium = Premium(
        PremiumState.UNPAID,
        outstanding=money_value("outstanding", heard.outstanding),
        since=date_value("expired_on", heard.expired_on),
    )
    await coverage.note_premium(unit, uuid_value("policy_id", heard.policy_id), premium)


async def note_order(unit: Unit, heard: vendor_pb.OrderVerified) -> None:
    """An incident response for a claim was done and taken, so its cost may be paid."""
    if heard.origin.WhichOneof("origin") != "claim_id":
        return  # Work for an assessment or under an entitlement is no cost of a claim.
    order = VerifiedOrder(
        order_id=uuid_value("order_id", heard.order_id),
        vendor_id=heard.vendor_id,
        service_type=heard.service_type,
        fee=money_value("fee", heard.fee),
        verified_on=date_value("verified_on", heard.verified_on),
    )
    await coverage.note_order(unit, uuid_value("origin.claim_id", heard.origin.claim_id), order)


REACTIONS: Mapping[str, Mapping[type[Any], Reaction]] = {
    "policy": {
        policy_pb.PolicyBound: open_coverage,
        policy_pb.PolicyChanged: change_coverage,
        policy_pb.PolicyCancelled: cut_coverage,
        policy_pb.PolicyReinstated: resume_coverage,
        policy_pb.PolicyExpired: end_coverage,
        policy_pb.CertificateIssued: admit_member,
        policy_pb.CertificateWithdrawn: release_member,
        policy_pb.CertificateEnded: end_member,
    },
    "vendor_gateway": {
        vendor_pb.OrderVerified: note_order,
    },
    "billing_subsidy": {
        billing_pb.PremiumReceived: note_premium,
        billing_pb.PremiumOverdue: note_overdue,
        billing_pb.GraceExpired: note_unpaid,
    },
}


async def _set_terms(unit: Unit, cause: str, timeline: terms_pb.PolicyTimeline) -> None:
    policy_id: UUID = uuid_value("timeline.policy_id", timeline.policy_id)
    await coverage.set_terms(unit, policy_id, cause, terms_value(timeline))


def terms_value(timeline: terms_pb.PolicyTimeline) -> Terms:
    """The terms of an announcement, as claims need them."""
    return Terms(
        policy_number=timeline.policy_number,
        insured_uscc=timeline.insured.uscc,
        insured_name=timeline.insured.name,
        inception=date_value("timeline.inception", timeline.inception),
        expiry=date_value("timeline.expiry", timeline.expiry),
        segments=tuple(
            _segment_value(f"timeline.segments[{place}]", segment) for place, segment in enumerate(timeline.segments)
        ),
        aggregate_limit=money_value("timeline.aggregate_limit", timeline.aggregate_limit),
        exclusions=tuple(timeline.exclusions),
        members_only=timeline.line == terms_pb.PRODUCT_LINE_PARK,
    )


async def _set_member_terms(unit: Unit, cause: str, certificate: park_pb.CertificateTerms) -> None:
    master_id = uuid_value("certificate.policy_id", certificate.policy_id)
    certificate_id = uuid_value("certificate.certificate_id", certificate.certificate_id)
    terms = member_terms_value(certificate)
    await coverage.set_member_terms(unit, master_id, certificate_id, cause, terms)


def member_terms_value(certificate: park_pb.CertificateTerms) -> Terms:
    """A member's terms; exclusions and aggregate are its master's, and not said again."""
    segments = without_gaps(
        _segment_value(f"certificate.segments[{place}]", each) for place, each in enumerate(certificate.segments)
    )
    expiry = date_value("certificate.expiry", certificate.expiry)
    return Terms(
        policy_number=certificate.certificate_number,
        insured_uscc=certificate.member.uscc,
        insured_name=certificate.member.name,
        inception=segments[0].start if segments else expiry,
        expiry=expiry,
        segments=segments,
        aggregate_limit=money_value("certificate.premium", certificate.premium).zero(),
        exclusions=(),
        master_id=uuid_value("certificate.policy_id", certificate.policy_id),
    )


def without_gaps(stays: Iterable[Segment]) -> tuple[Segment, ...]:
    """Stays of a member, with a segment without parts for the days on which it was not in."""
    segments: list[Segment] = []
    for stay in stays:
        if segments and segments[-1].end < stay.start:
            segments.append(Segment(segments[-1].end, stay.start, ()))
        segments.append(stay)
    return tuple(segments)


def _segment_value(field: str, segment: terms_pb.TermsSegment) -> Segment:
    return Segment(
        start=date_value(f"{field}.from", getattr(segment, "from")),  # A word of Python, so not by its name.
        end=date_value(f"{field}.to", segment.to),
        parts=tuple(_part_value(f"{field}.parts[{place}]", part) for place, part in enumerate(segment.parts)),
    )


def _part_value(field: str, part: terms_pb.PartTerms) -> PartTerms:
    limit = money_value(f"{field}.limit", part.limit)
    percent = part.coinsurance_percent
    return PartTerms(
        code=part.code,
        limit=limit,
        deductible=optional(part, "deductible", money_value) or limit.zero(),
        waiting_hours=part.waiting_hours,
        coinsurance_percent=percent_value(f"{field}.coinsurance_percent", percent) if percent else Decimal(0),
        sub_limit_parent=part.sub_limit_parent,
        trigger=Trigger(enum_name(f"{field}.trigger", terms_pb.Trigger, part.trigger)),
        retroactive_date=optional(part, "retroactive_date", date_value),
        extended_reporting_days=part.extended_reporting_days,
    )
