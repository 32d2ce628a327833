"""Values that tests start from; a signature has only what a test may care about."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from libs.common.events import Aggregate, replay
from libs.common.money import Money
from services.vendor_gateway.domain.accreditation import Accreditation, Capability, Certificate, Price
from services.vendor_gateway.domain.deliverable import AssessmentResult, Check, Deliverable, SignatureVerdict
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order import events as order
from services.vendor_gateway.domain.order.events import OrderEvent
from services.vendor_gateway.domain.policy_services import events as services
from services.vendor_gateway.domain.ranking import Applicant
from services.vendor_gateway.domain.values import Entitlement, Insured, Origin, OriginKind, Phase
from services.vendor_gateway.domain.vendor import Accredited, Rated, Registered, Vendor, VendorKind

A = TypeVar("A", bound=Aggregate)

NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)
"""Noon in Shanghai, on a Monday."""
TODAY = date(2026, 1, 5)
SHIELD, TOWER, WALL = (UUID(int=number) for number in (1, 2, 3))
SUBMISSION, POLICY, CLAIM, ORDER = (UUID(int=number) for number in (11, 12, 13, 14))
USCC = "91310115MA1K3YJ123"
DIGEST = "ab" * 32


def hours(number: int) -> timedelta:
    return timedelta(hours=number)


def given(kind: type[A], *events: object) -> A:
    value = replay(kind, events)
    assert value is not None
    return value


def registered(name: str = "Shield") -> Registered:
    return Registered(uscc=USCC, name=name, kind=VendorKind.SECURITY_FIRM, registered_on=TODAY)


def accreditation(
    *,
    service_type: str = "monitoring",
    industries: tuple[str, ...] = (),
    regions: tuple[str, ...] = (),
    price: str = "800.00",
    valid_from: date = date(2026, 1, 1),
    capacity: int = 3,
    start_within_hours: int = 24,
    expires_on: date = date(2026, 12, 31),
    conflicts: frozenset[str] = frozenset(),
    signing_key: bytes = b"",
) -> Accreditation:
    return Accreditation(
        certificates=(Certificate("CCRC", "2026-1", expires_on),),
        capabilities=(Capability(service_type, industries, regions, start_within_hours),),
        capacity=capacity,
        prices=(Price(service_type, Money.cny(price), valid_from),),
        signing_key=signing_key,
        conflicts=conflicts,
    )


def vendor(terms: Accreditation | None = None, *ratings: Rated) -> Vendor:
    """An accredited vendor."""
    accredited = Accredited(accreditation=terms or accreditation(), accredited_on=TODAY)
    return given(Vendor, registered(), accredited, *ratings)


def applicant(vendor_id: UUID = SHIELD, terms: Accreditation | None = None, free: int = 3) -> Applicant:
    return Applicant(vendor_id=vendor_id, vendor=vendor(terms), free=free)


def entitlement(
    code: str = "MONITORING",
    *,
    service_type: str = "monitoring",
    phase: Phase = Phase.IN_FORCE,
    quantity: int = 1,
    fee: str = "1000.00",
    pause_allowance_hours: int = 72,
) -> Entitlement:
    return Entitlement(
        code=code,
        service_type=service_type,
        phase=phase,
        quantity=quantity,
        mandatory=True,
        fee=Money.cny(fee),
        respond_within_hours=24,
        start_within_hours=48,
        deliver_within_hours=240,
        pause_allowance_hours=pause_allowance_hours,
    )


ASSESSMENT = entitlement("ASSESSMENT", service_type="assessment", phase=Phase.PRE_BIND)
RESPONSE = entitlement("RESPONSE", service_type="incident_response", phase=Phase.INCIDENT)


def insured(region: str = "310115", industry: str = "I65") -> Insured:
    return Insured(uscc="91310115MA1K4ABCDE", name="Orchid", industry_code=industry, region_code=region)


def requested(
    service: Entitlement | None = None,
    *,
    origin: Origin | None = None,
    assessors: frozenset[UUID] = frozenset(),
) -> order.Requested:
    return order.Requested(
        origin=origin or Origin(OriginKind.POLICY, POLICY),
        policy_id=POLICY,
        service=service or entitlement(),
        insured=insured(),
        assessors=assessors,
        requested_at=NOON,
    )


def assessment_requested() -> order.Requested:
    return requested(ASSESSMENT, origin=Origin(OriginKind.SUBMISSION, SUBMISSION))


def offered(vendor_id: UUID = SHIELD, at: datetime = NOON) -> order.Offered:
    return order.Offered(vendor_id=vendor_id, offered_at=at, respond_by=at + hours(24))


def accepted(at: datetime = NOON) -> order.Accepted:
    return order.Accepted(vendor_id=SHIELD, accepted_at=at, start_by=at + hours(48), deliver_by=at + hours(240))


SOON, LATER = NOON + hours(1), NOON + hours(100)


def started(at: datetime = SOON) -> order.Started:
    return order.Started(vendor_id=SHIELD, started_at=at)


def deliverable(**changes: object) -> Deliverable:
    return Deliverable(**{"sha256": DIGEST, "size_bytes": 9, **changes})  # type: ignore[arg-type]


RESULT = AssessmentResult(score=82, critical_findings=0, high_findings=2)
UNSIGNED = Check(signature=SignatureVerdict.NO_KEY)


def delivered(at: datetime = LATER, **changes: object) -> order.Delivered:
    return order.Delivered(vendor_id=SHIELD, deliverable=deliverable(**changes), signed=False, delivered_at=at)


def an_order(*events: OrderEvent) -> ServiceOrder:
    return given(ServiceOrder, requested(), *events)


def an_assessment(*events: OrderEvent) -> ServiceOrder:
    return given(ServiceOrder, assessment_requested(), *events)


def opened(*entitlements: Entitlement, assessors: frozenset[UUID] = frozenset()) -> services.Opened:
    return services.Opened(
        policy_id=POLICY,
        policy_number="P-1",
        submission_id=SUBMISSION,
        insured=insured(),
        inception=date(2026, 1, 1),
        cover_ends=date(2027, 1, 1),
        entitlements=entitlements or (entitlement(),),
        assessors=assessors,
        opened_at=NOON,
    )


def ordered(code: str = "MONITORING", order_id: UUID = ORDER, claim_id: UUID | None = None) -> services.Ordered:
    return services.Ordered(policy_id=POLICY, code=code, order_id=order_id, claim_id=claim_id, ordered_at=NOON)
