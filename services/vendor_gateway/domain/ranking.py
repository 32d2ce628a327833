"""Ranks vendors for one order and says why: a pure function, whose result is stored with the order.

First what excludes a vendor, each reason by a code; then points for those that remain. The numbers are in a
`RankingPlan` with a version, so that an old ranking is explained by the plan that it was made with.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from hashlib import sha256
from uuid import UUID

from libs.common.money import round_half_up
from services.vendor_gateway.domain.accreditation import Accreditation, Capability, region_stem
from services.vendor_gateway.domain.conflicts import conflict
from services.vendor_gateway.domain.errors import CertificatesExpired, VendorNotAccredited
from services.vendor_gateway.domain.values import Entitlement, Insured
from services.vendor_gateway.domain.vendor import Vendor


@dataclass(frozen=True)
class RankingPlan:
    """Points for each factor at its best."""

    version: str
    region: int
    industry: int
    price: int
    rating: int
    unrated: int
    capacity: int


RANKING_PLAN = RankingPlan(version="2026-1", region=30, industry=20, price=10, rating=30, unrated=15, capacity=10)


@dataclass(frozen=True)
class Need:
    """What an order asks of a vendor. `assessors` assessed the policy; `asked` have had their chance already.

    Vendors that are as good as each other are put in order by lot, so that none is always the first. The lot follows
    from `lot`, the order's id, so that a repetition draws the same.
    """

    service: Entitlement
    insured: Insured
    on: date
    lot: UUID
    assessors: frozenset[UUID] = frozenset()
    asked: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Applicant:
    """A vendor that offers the kind of service. `free` is what its capacity allows still."""

    vendor_id: UUID
    vendor: Vendor
    free: int


@dataclass(frozen=True)
class Factor:
    """One reason for a place in the ranking."""

    name: str
    finding: str
    points: int


@dataclass(frozen=True)
class Candidate:
    """A vendor's place in a ranking: excluded by codes, or with a score that is the sum of its factors."""

    vendor_id: UUID
    exclusions: tuple[str, ...]
    factors: tuple[Factor, ...]

    @property
    def eligible(self) -> bool:
        return not self.exclusions

    @property
    def score(self) -> int:
        return sum(factor.points for factor in self.factors)


def rank(need: Need, applicants: list[Applicant], plan: RankingPlan) -> tuple[Candidate, ...]:
    """The best first, equal scores by lot, the excluded last."""
    candidates = [candidate(need, applicant, plan) for applicant in applicants]
    return tuple(sorted(candidates, key=lambda one: (not one.eligible, -one.score, draw(need.lot, one.vendor_id))))


def draw(lot: UUID, vendor_id: UUID) -> bytes:
    return sha256(lot.bytes + vendor_id.bytes).digest()


def candidate(need: Need, applicant: Applicant, plan: RankingPlan) -> Candidate:
    vendor_id = applicant.vendor_id
    try:
        accreditation = applicant.vendor.may_work(need.on)
    except (VendorNotAccredited, CertificatesExpired) as refusal:
        return Candidate(vendor_id=vendor_id, exclusions=(refusal.reason,), factors=())
    capability = accreditation.capability(need.service.service_type)
    if capability is None:
        return Candidate(vendor_id=vendor_id, exclusions=("SERVICE_NOT_OFFERED",), factors=())
    found = tuple(exclusions(need, applicant, accreditation, capability))
    factors = () if found else tuple(score(need, applicant, accreditation, capability, plan))
    return Candidate(vendor_id=vendor_id, exclusions=found, factors=factors)


def exclusions(need: Need, applicant: Applicant, accreditation: Accreditation, capability: Capability) -> list[str]:
    service, insured = need.service, need.insured
    price = accreditation.price(service.service_type, need.on)
    above = price is not None and (price.currency != service.fee.currency or price > service.fee)
    reasons = {
        "INDUSTRY_NOT_SERVED": capability.industry_served(insured.industry_code) is None,
        "REGION_NOT_SERVED": capability.region_served(insured.region_code) is None,
        "STARTS_TOO_LATE": capability.start_within_hours > service.start_within_hours,
        "NO_PRICE": price is None,
        "PRICE_ABOVE_FEE": above,
        "CAPACITY_EXHAUSTED": applicant.free < 1,
        "CONFLICT_OF_INTEREST": conflict(
            applicant.vendor_id, accreditation, service.service_type, insured.uscc, need.assessors
        )
        is not None,
        "ALREADY_ASKED": applicant.vendor_id in need.asked,
    }
    return [reason for reason, excludes in reasons.items() if excludes]


def score(
    need: Need, applicant: Applicant, accreditation: Accreditation, capability: Capability, plan: RankingPlan
) -> list[Factor]:
    return [
        region_factor(need.insured.region_code, capability, plan),
        industry_factor(need.insured.industry_code, capability, plan),
        price_factor(need, accreditation, plan),
        rating_factor(applicant.vendor, plan),
        capacity_factor(applicant.free, accreditation.capacity, plan),
    ]


def region_factor(code: str, capability: Capability, plan: RankingPlan) -> Factor:
    """All points for a vendor of the district, two thirds for one of the city, one third for one of the province."""
    entry = capability.region_served(code)
    if not entry:
        return Factor("region", f"{code} is served with the whole country", 0)
    points = part_of(plan.region, Fraction(len(region_stem(entry)), 6))
    return Factor("region", f"{code} is served by {entry}", points)


def industry_factor(code: str, capability: Capability, plan: RankingPlan) -> Factor:
    """A vendor of the division gets all points, of the section half, of all industries none."""
    entry = capability.industry_served(code)
    if not entry:
        return Factor("industry", f"{code} is served with all industries", 0)
    share = Fraction(1) if len(entry) > 1 else Fraction(1, 2)
    return Factor("industry", f"{code} is served by {entry}", part_of(plan.industry, share))


def price_factor(need: Need, accreditation: Accreditation, plan: RankingPlan) -> Factor:
    """What the price leaves of the fee. The fee is paid whole: it is room for doing the work well, not a saving."""
    price = accreditation.price(need.service.service_type, need.on)
    fee = need.service.fee
    if price is None or not fee:
        return Factor("price", "there is no fee", 0)
    room = Fraction((fee - price).minor_units, fee.minor_units)
    return Factor("price", f"{price} of a fee of {fee}", part_of(plan.price, room))


def rating_factor(vendor: Vendor, plan: RankingPlan) -> Factor:
    rating = vendor.rating.score
    if rating is None:
        return Factor("rating", "no closed order yet", plan.unrated)
    return Factor("rating", f"{rating} of 100", part_of(plan.rating, Fraction(rating, 100)))


def capacity_factor(free: int, capacity: int, plan: RankingPlan) -> Factor:
    """The less of its capacity is in use, the better: work spreads over those who have room for it."""
    share = Fraction(min(free, capacity), capacity)
    return Factor("capacity", f"{free} of {capacity} orders free", part_of(plan.capacity, share))


def part_of(points: int, share: Fraction) -> int:
    return round_half_up(points * share)
