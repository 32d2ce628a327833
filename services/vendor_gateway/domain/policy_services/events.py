"""What happens to the services of a policy."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from libs.common.events import event
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.values import Entitlement, Insured


class WithheldReason(StrEnum):
    """Why a promise has no order."""

    AWAITS_INCIDENT = "AWAITS_INCIDENT"
    NOT_ASSESSED_BEFORE_BIND = "NOT_ASSESSED_BEFORE_BIND"
    NO_QUANTITY = "NO_QUANTITY"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    NO_ENTITLEMENT = "NO_ENTITLEMENT"
    USED_UP = "USED_UP"
    OUTSIDE_COVER = "OUTSIDE_COVER"


@event("vendor_gateway.ServicesOpened")
class Opened:
    policy_id: UUID
    policy_number: str
    submission_id: UUID | None
    insured: Insured
    inception: date
    cover_ends: date
    entitlements: tuple[Entitlement, ...]
    assessors: frozenset[UUID]
    opened_at: datetime


@event("vendor_gateway.PromisesChanged")
class PromisesChanged:
    policy_id: UUID
    cover_ends: date
    entitlements: tuple[Entitlement, ...]
    changed_at: datetime


@event("vendor_gateway.ServiceOrdered")
class Ordered:
    policy_id: UUID
    code: str
    order_id: UUID
    claim_id: UUID | None
    ordered_at: datetime


@event("vendor_gateway.ServiceWithheld")
class Withheld:
    """`code` is "" when the policy promises nothing of the kind that was asked for."""

    policy_id: UUID
    code: str
    claim_id: UUID | None
    reason: WithheldReason
    withheld_at: datetime


@event("vendor_gateway.OrderGivenBack")
class GivenBack:
    """An order under the promise was cancelled, so it may be ordered once more."""

    policy_id: UUID
    code: str
    order_id: UUID
    given_back_at: datetime


@event("vendor_gateway.CoverEndHeard")
class CoverEndHeard:
    """Cover will end on a day; services stop then."""

    policy_id: UUID
    ends_on: date
    reason: CancelReason
    heard_at: datetime


@event("vendor_gateway.ServicesStopped")
class Stopped:
    policy_id: UUID
    reason: CancelReason
    stopped_at: datetime


@event("vendor_gateway.ServicesResumed")
class Resumed:
    """The policy is in force again: its services go on, to the end of its cover."""

    policy_id: UUID
    cover_ends: date
    entitlements: tuple[Entitlement, ...]
    resumed_at: datetime


ServicesEvent = Opened | PromisesChanged | Ordered | Withheld | GivenBack | CoverEndHeard | Stopped | Resumed
