"""What happens to a service order, in the order in which it may happen."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.vendor_gateway.domain.clocks import Clock
from services.vendor_gateway.domain.deliverable import AssessmentResult, Deliverable
from services.vendor_gateway.domain.ranking import Candidate
from services.vendor_gateway.domain.values import Entitlement, Insured, Origin


class CancelReason(StrEnum):
    INSURED_REQUEST = "insured_request"
    INSURER_REQUEST = "insurer_request"
    VENDOR_FAILED = "vendor_failed"
    DUPLICATE = "duplicate"
    POLICY_CANCELLED = "policy_cancelled"
    POLICY_EXPIRED = "policy_expired"
    ENTITLEMENT_REMOVED = "entitlement_removed"
    CLAIM_WITHDRAWN = "claim_withdrawn"


class UnplacedReason(StrEnum):
    NO_CANDIDATE = "NO_CANDIDATE"
    ALL_DECLINED = "ALL_DECLINED"


@event("vendor_gateway.OrderRequested")
class Requested:
    """`assessors` are the vendors that assessed the policy; they may not appraise its loss."""

    origin: Origin
    policy_id: UUID | None
    service: Entitlement
    insured: Insured
    assessors: frozenset[UUID]
    requested_at: datetime


@event("vendor_gateway.CandidatesRanked")
class Ranked:
    plan: str
    ranking: tuple[Candidate, ...]
    ranked_at: datetime


@event("vendor_gateway.OrderOffered")
class Offered:
    vendor_id: UUID
    offered_at: datetime
    respond_by: datetime


@event("vendor_gateway.OfferDeclined")
class Declined:
    vendor_id: UUID
    reason: str
    declined_at: datetime


@event("vendor_gateway.OfferLapsed")
class Lapsed:
    vendor_id: UUID
    lapsed_at: datetime


@event("vendor_gateway.OrderUnplaced")
class Unplaced:
    reason: UnplacedReason
    unplaced_at: datetime


@event("vendor_gateway.OrderReopened")
class Reopened:
    """A person had the search begin anew; everyone may be asked again."""

    reopened_by: str
    reopened_at: datetime


@event("vendor_gateway.OrderAccepted")
class Accepted:
    vendor_id: UUID
    accepted_at: datetime
    start_by: datetime
    deliver_by: datetime


@event("vendor_gateway.WorkScheduled")
class Scheduled:
    vendor_id: UUID
    start_at: datetime


@event("vendor_gateway.WorkStarted")
class Started:
    vendor_id: UUID
    started_at: datetime


@event("vendor_gateway.WorkPaused")
class Paused:
    """`allowed_until` is when the clocks run again without the insurer's consent, None for never."""

    vendor_id: UUID
    reason: str
    paused_at: datetime
    by_insurer: bool = False
    allowed_until: datetime | None = None


@event("vendor_gateway.PauseAllowanceUsed")
class AllowanceUsed:
    """The vendor's pauses have come to what the order allows: the clocks run again, though the work still waits.

    `start_by` is None when work has started. Both deadlines moved by what was left of the allowance.
    """

    vendor_id: UUID
    used_up_at: datetime
    start_by: datetime | None
    deliver_by: datetime


@event("vendor_gateway.PauseConsented")
class PauseConsented:
    """The insurer lets a vendor's pause stop the clocks for as long as it lasts, from this moment on."""

    vendor_id: UUID
    consented_by: str
    consented_at: datetime


@event("vendor_gateway.WorkResumed")
class Resumed:
    """`start_by` is None when work has started. Both deadlines moved by as long as their clocks stood."""

    vendor_id: UUID
    resumed_at: datetime
    start_by: datetime | None
    deliver_by: datetime


@event("vendor_gateway.WorkStopped")
class Stopped:
    """Cover ended while work was under way; what was done so far is to be delivered."""

    vendor_id: UUID
    reason: CancelReason
    stopped_at: datetime
    deliver_by: datetime


@event("vendor_gateway.ClockMissed")
class ClockMissed:
    """`periods` are all that this clock was late so far; `credit` is what this event adds; `rule` reckoned it.

    `next_at` is when the next period begins, None when nothing more can be owed.
    """

    vendor_id: UUID
    policy_id: UUID | None
    clock: Clock
    due_at: datetime
    missed_at: datetime
    periods: int
    credit: Money
    rule: str
    next_at: datetime | None


@event("vendor_gateway.WorkDelivered")
class Delivered:
    vendor_id: UUID
    deliverable: Deliverable
    signed: bool
    delivered_at: datetime


@event("vendor_gateway.ReworkRequested")
class ReworkRequested:
    vendor_id: UUID
    reason: str
    requested_by: str
    requested_at: datetime
    deliver_by: datetime


@event("vendor_gateway.OrderVerified")
class Verified:
    """The deliverable was taken, so the fee is payable."""

    vendor_id: UUID
    fee: Money
    deliverable_sha256: str
    verified_by: str
    verified_at: datetime


@event("vendor_gateway.AssessmentVerified")
class AssessmentVerified:
    """What a verified assessment before binding says about its submission."""

    vendor_id: UUID
    submission_id: UUID
    result: AssessmentResult
    report_sha256: str
    verified_at: datetime


@event("vendor_gateway.OrderClosed")
class Closed:
    """The vendor's capacity is free again; how it did counts for its rating."""

    vendor_id: UUID
    on_time: bool
    first_time_right: bool
    closed_at: datetime


@event("vendor_gateway.OrderRated")
class Rated:
    """The closed order was counted in its vendor's rating."""

    vendor_id: UUID


@event("vendor_gateway.OrderCancelled")
class Cancelled:
    """`vendor_id` is whom it was with; if the vendor `held` it, its capacity is free again."""

    reason: CancelReason
    vendor_id: UUID | None
    held: bool
    cancelled_by: str
    cancelled_at: datetime


PauseEvent = Paused | AllowanceUsed | PauseConsented | Resumed
WorkEvent = Accepted | Scheduled | Started | PauseEvent | Stopped | ClockMissed | Delivered | ReworkRequested
OrderEvent = (
    Requested
    | Ranked
    | Offered
    | Declined
    | Lapsed
    | Unplaced
    | Reopened
    | WorkEvent
    | Verified
    | AssessmentVerified
    | Closed
    | Rated
    | Cancelled
)
