"""What is known of an order at a moment: the fields that decisions look at and evolution fills."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.common.money import Money, total
from services.vendor_gateway.domain.clocks import CREDIT_RULE, Deadline
from services.vendor_gateway.domain.deliverable import Deliverable
from services.vendor_gateway.domain.order.events import CancelReason, ClockMissed, UnplacedReason
from services.vendor_gateway.domain.ranking import Candidate
from services.vendor_gateway.domain.values import Entitlement, Insured, Origin


class State(StrEnum):
    REQUESTED = "requested"
    OFFERED = "offered"
    UNPLACED = "unplaced"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    STARTED = "started"
    DELIVERED = "delivered"
    REWORK = "rework"
    VERIFIED = "verified"
    CLOSED = "closed"
    CANCELLED = "cancelled"


BEFORE_START = frozenset({State.ACCEPTED, State.SCHEDULED})
AT_WORK = frozenset({State.STARTED, State.REWORK})
UNDER_WAY = BEFORE_START | AT_WORK
HELD = UNDER_WAY | {State.DELIVERED}
TAKEN = frozenset({State.VERIFIED, State.CLOSED})


@dataclass(frozen=True)
class OrderFacts:
    """`vendor_id` is whom the order is offered to or held by; it stays when the order is over."""

    origin: Origin
    policy_id: UUID | None
    service: Entitlement
    insured: Insured
    assessors: frozenset[UUID]
    requested_at: datetime
    state: State = State.REQUESTED
    ranking: tuple[Candidate, ...] = ()
    asked: frozenset[UUID] = frozenset()
    vendor_id: UUID | None = None
    respond_by: datetime | None = None
    unplaced_reason: UnplacedReason | None = None
    scheduled_at: datetime | None = None
    start: Deadline | None = None
    deliver: Deadline | None = None
    paused_at: datetime | None = None
    stopped: bool = False
    deliverable: Deliverable | None = None
    rework_reason: str = ""
    reworks: int = 0
    verified_at: datetime | None = None
    cancel_reason: CancelReason | None = None
    rated: bool = False

    @property
    def fee(self) -> Money:
        return self.service.fee

    @property
    def deadlines(self) -> list[Deadline]:
        return [deadline for deadline in (self.start, self.deliver) if deadline is not None]

    @property
    def credits(self) -> Money:
        """All service credits so far; never above the fee."""
        return total((deadline.credited for deadline in self.deadlines), self.fee.currency)

    @property
    def running(self) -> list[Deadline]:
        """The clocks that tick now."""
        if self.paused_at is not None:
            return []
        if self.state in BEFORE_START:
            return self.deadlines
        return [self.deliver] if self.state in AT_WORK and self.deliver is not None else []

    @property
    def held(self) -> bool:
        """Whether a vendor has accepted the order and is not done with it."""
        return self.state in HELD

    def missed(self, at: datetime) -> list[ClockMissed]:
        """What running clocks have come to be late by, beyond what was counted already."""
        events: list[ClockMissed] = []
        already = self.credits
        for deadline in self.running:
            miss = deadline.miss(self.fee, already, at, CREDIT_RULE)
            if miss is None or self.vendor_id is None:
                continue
            already = already + miss.credit
            events.append(
                ClockMissed(
                    vendor_id=self.vendor_id,
                    policy_id=self.policy_id,
                    clock=miss.clock,
                    due_at=miss.due_at,
                    missed_at=at,
                    periods=miss.periods,
                    credit=miss.credit,
                    rule=CREDIT_RULE.version,
                    next_at=miss.next_at,
                )
            )
        return events
