"""How a member joins a park policy: who, when, with which sub-limits, at which premium."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from libs.common.money import Money
from services.policy.domain.answers import Answer, check_answers
from services.policy.domain.cover import Cover, PartChoice, RatingInputs, WantedPart, check_wanted, choose
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import EffectiveDateOutsideTerm, PartNotCovered
from services.policy.domain.park.certificate import Certificate, Charges
from services.policy.domain.park.errors import LeavesBeforeJoining, MemberAlreadyIn, NotAPark, SubLimitOverMaster
from services.policy.domain.park.events import CertificateIssued, CertificateStatus, Master, Stay
from services.policy.domain.policy.charge import bookable
from services.policy.domain.policy.number import policy_number
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.park import ParkTerms
from services.policy.domain.product.park_tariff import member_terms
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.rating import priced_parts, rate


@dataclass(frozen=True)
class Joining:
    """What is asked for a member; a day that is None follows from the master's term."""

    member: Enterprise
    joins_on: date | None
    leaves_on: date | None
    parts: tuple[WantedPart, ...]
    annual_revenue: Money
    answers: tuple[Answer, ...]


def issue(
    certificate_id: UUID,
    certificate: Certificate | None,
    policy_id: UUID,
    policy: Policy,
    terms: ProductTerms,
    joining: Joining,
    request_id: str,
    at: datetime,
) -> list[CertificateIssued]:
    """Takes a member in: its first certificate, or another stay on the one that it has."""
    if certificate and any(stay.request_id == request_id for stay in certificate.stays):
        return []
    park = _check_master(policy, terms)
    period = policy.bound.period
    first, end = joining.joins_on or period.inception, joining.leaves_on or period.expiry
    _check_member(terms, joining, first)
    _check_days(policy, certificate, joining.member, first, end)
    own = member_terms(terms)
    cover = Cover(tuple(choose(own, part, first) for part in joining.parts), _inputs(policy, joining))
    parts = priced_parts(own, cover, first)
    for choice in cover.parts:
        _check_within_master(policy, choice, first)
    stay = Stay(
        number=len(certificate.stays) + 1 if certificate else 1,
        joins_on=first,
        leaves_on=end,
        parts=parts,
        cover=cover,
        worksheet=rate(own, cover),
        recorded_at=at,
        request_id=request_id,
        reason="AGREED" if end < period.expiry else "",
    )
    charged = Charges(policy, certificate.transactions if certificate else (), at, terms.vat_rates)
    charged.join(stay)
    if end < period.expiry:
        charged.leave(stay, end)
    return [
        CertificateIssued(
            certificate_number=certificate_number(certificate_id, period.inception),
            master=_master(policy_id, policy, park),
            member=joining.member,
            stay=stay,
            leads_to=_status(certificate, stay, period.expiry),
            transactions=bookable(certificate.transactions if certificate else (), charged),
        )
    ]


def certificate_number(certificate_id: UUID, inception: date) -> str:
    """As a policy's number, with a C: "HBC2026-7K3M9-QX2PA"."""
    return policy_number(certificate_id, inception).replace("HB", "HBC", 1)


def _status(certificate: Certificate | None, stay: Stay, expiry: date) -> CertificateStatus:
    goes_on = stay.leaves_on == expiry or (certificate is not None and certificate.open_stay is not None)
    return CertificateStatus.IN_FORCE if goes_on else CertificateStatus.WITHDRAWN


def _check_master(policy: Policy, terms: ProductTerms) -> ParkTerms:
    if terms.park is None:
        raise NotAPark(policy_number=policy.bound.policy_number)
    policy.check_in_force()
    return terms.park


def _check_member(terms: ProductTerms, joining: Joining, first: date) -> None:
    """Refuses what is wrong whatever the master says."""
    joining.member.check("joining.member")
    check_money("joining.annual_revenue", joining.annual_revenue)
    check_wanted(joining.parts, first, "joining.parts")
    check_answers(terms, joining.answers, "joining.answers")


def _check_days(policy: Policy, certificate: Certificate | None, member: Enterprise, first: date, end: date) -> None:
    period = policy.bound.period
    outside = next((day for day, holds in ((first, first in period), (end, end <= period.expiry)) if not holds), None)
    if outside is not None:
        raise EffectiveDateOutsideTerm(effective_date=outside, inception=period.inception, expiry=period.expiry)
    if end <= first:
        raise LeavesBeforeJoining(joins_on=first, leaves_on=end)
    for stay in certificate.days if certificate else ():
        if stay.meets(first, end):
            raise MemberAlreadyIn(
                uscc=member.uscc,
                joins_on=stay.joins_on,
                leaves_on=stay.leaves_on,
                certificate_number=certificate.number if certificate else "",
            )


def _inputs(policy: Policy, joining: Joining) -> RatingInputs:
    """What a member is rated by: its own facts, and the tables of the master's inception."""
    member, of_master = joining.member, policy.bound.cover.inputs
    return RatingInputs(
        industry_code=member.industry_code,
        region_code=member.region_code,
        size=member.size,
        annual_revenue=joining.annual_revenue,
        answers=joining.answers,
        score=None,
        bundled=of_master.bundled,
        rated_for=of_master.rated_for,
    )


def _check_within_master(policy: Policy, choice: PartChoice, first: date) -> None:
    """A member has no part that the master lacks, and no sub-limit above what all members share."""
    segment = policy.segment_on(first)
    shared = next((part for part in segment.parts if part.code == choice.part_code), None) if segment else None
    if shared is None:
        raise PartNotCovered(part_code=choice.part_code, effective_date=first)
    for what, most in (("limit of that part", shared.limit), ("shared aggregate", policy.aggregate_limit)):
        if choice.limit > most:
            raise SubLimitOverMaster(part_code=choice.part_code, limit=choice.limit, what=what, most=most)


def _master(policy_id: UUID, policy: Policy, park: ParkTerms) -> Master:
    bound = policy.bound
    return Master(
        policy_id=str(policy_id),
        policy_number=bound.policy_number,
        operator=bound.insured,
        term=bound.period,
        payer=park.payer,
        exclusions=bound.exclusions,
    )
