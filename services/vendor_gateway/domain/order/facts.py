"""What is known of an order at a moment: the fields that decisions look at and evolution fills."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from libs.common.money import Money, total
from services.vendor_gateway.domain.clocks import CREDIT_RULE, Deadline
from services.vendor_gateway.domain.deliverable import Deliverable
from services.vendor_gateway.domain.order.events import AllowanceUsed, CancelReason, ClockMissed, UnplacedReason
from services.vendor_gateway.domain.order.pause import Pause
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
    """`vendor_id` is whom the order is offered to or held by; it stays when the order is over.

    `pause_used` is what the vendor's pauses have drawn on the allowance; a pause that goes on is not in it yet.
    """

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
    current_pause: Pause | None = None
    pause_used: timedelta = timedelta()
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
        if self.current_pause is not None and self.current_pause.stands_since is not None:
            return []
        if self.state in BEFORE_START:
            return self.deadlines
        return [self.deliver] if self.state in AT_WORK and self.deliver is not None else []

    @property
    def held(self) -> bool:
        """Whether a vendor has accepted the order and is not done with it."""
        return self.state in HELD

    @property
    def pause_left(self) -> timedelta:
        """How long the vendor may still pause without consent, when no pause goes on."""
        return max(timedelta(hours=self.service.pause_allowance_hours) - self.pause_used, timedelta())

    def moved(self, by: timedelta) -> tuple[datetime | None, datetime]:
        """When work is to start and to be delivered if the clocks stood so long; no start for what has started."""
        assert self.deliver is not None
        start_by = self.start.due_at + by if self.start is not None and self.state in BEFORE_START else None
        return start_by, self.deliver.due_at + by

    def use_allowance(self, at: datetime) -> list[AllowanceUsed]:
        """Lets the clocks run again from when the vendor's pause had used up the allowance, if it has by now."""
        pause = self.current_pause
        if pause is None or not pause.is_bounded or pause.allowed_until is None or at < pause.allowed_until:
            return []
        if self.vendor_id is None or self.deliver is None:
            return []
        start_by, deliver_by = self.moved(pause.stood(pause.allowed_until))
        used_up_at = pause.allowed_until
        return [
            AllowanceUsed(vendor_id=self.vendor_id, used_up_at=used_up_at, start_by=start_by, deliver_by=deliver_by)
        ]

    def without_allowance(self, event: AllowanceUsed) -> Self:
        """The order after its clocks have come to run during a pause."""
        drawn = self.current_pause.drawn(event.used_up_at) if self.current_pause is not None else timedelta()
        return replace(
            self,
            current_pause=self.current_pause.used_up() if self.current_pause is not None else None,
            pause_used=self.pause_used + drawn,
            start=due(self.start, event.start_by),
            deliver=due(self.deliver, event.deliver_by),
        )

    def as_of(self, at: datetime) -> Self:
        """The order as it is by a moment, if nobody has looked since its pause used up the allowance."""
        order = self
        for event in self.use_allowance(at):
            order = order.without_allowance(event)
        return order

    def lateness(self, at: datetime) -> list[AllowanceUsed | ClockMissed]:
        """What time alone has brought about: an allowance used up, and clocks that were missed."""
        return [*self.use_allowance(at), *self.as_of(at).missed(at)]

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


def due(deadline: Deadline | None, due_at: datetime | None) -> Deadline | None:
    """The deadline with another time, if there are both."""
    return deadline if deadline is None or due_at is None else replace(deadline, due_at=due_at)
