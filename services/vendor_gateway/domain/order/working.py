"""Decisions of the vendor that holds an order, and of its clocks: schedule, start, pause, resume, deliver."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.errors import InvalidField
from services.vendor_gateway.domain.deliverable import Check, Deliverable, SignatureVerdict, check_deliverable
from services.vendor_gateway.domain.errors import (
    OrderNotAccepted,
    OrderNotStarted,
    OrderNotUnderWay,
    OrderPaused,
)
from services.vendor_gateway.domain.order.events import (
    CancelReason,
    ClockMissed,
    Delivered,
    OrderEvent,
    Paused,
    Resumed,
    Scheduled,
    Started,
    Stopped,
)
from services.vendor_gateway.domain.order.facts import AT_WORK, BEFORE_START, TAKEN, UNDER_WAY, State
from services.vendor_gateway.domain.order.placing import Placing

FINAL_REPORT = timedelta(days=10)
"""How long a vendor has to deliver what it has done when cover ends before it is finished."""


@dataclass(frozen=True)
class Working(Placing):
    """What an order decides while a vendor holds it."""

    def schedule(self, start_at: datetime, at: datetime) -> list[Scheduled]:
        if self.state not in BEFORE_START:
            raise OrderNotAccepted(state=self.state)
        if self.scheduled_at == start_at:
            return []
        if start_at < at:
            raise InvalidField(field="start_time", problem="has passed")
        return [Scheduled(vendor_id=self._vendor(), start_at=start_at)]

    def begin_work(self, at: datetime) -> list[OrderEvent]:
        if self.state in AT_WORK or self.state is State.DELIVERED or self.state in TAKEN:
            return []
        if self.state not in BEFORE_START:
            raise OrderNotAccepted(state=self.state)
        self._must_not_wait()
        return [*self.missed(at), Started(vendor_id=self._vendor(), started_at=at)]

    def pause(self, reason: str, at: datetime) -> list[OrderEvent]:
        """Stops the clocks while the insured is waited for. What they have come to before stays counted."""
        if self.state not in UNDER_WAY:
            raise OrderNotUnderWay(state=self.state)
        if self.paused_at is not None:
            return []
        return [*self.missed(at), Paused(vendor_id=self._vendor(), reason=reason, paused_at=at)]

    def resume(self, at: datetime) -> list[Resumed]:
        if self.state not in UNDER_WAY:
            raise OrderNotUnderWay(state=self.state)
        if self.paused_at is None or self.deliver is None:
            return []
        waited = at - self.paused_at
        start_by = self.start.due_at + waited if self.start is not None and self.state in BEFORE_START else None
        return [
            Resumed(
                vendor_id=self._vendor(),
                resumed_at=at,
                start_by=start_by,
                deliver_by=self.deliver.due_at + waited,
            )
        ]

    def count_lateness(self, at: datetime) -> Sequence[ClockMissed]:
        """What a clock does when it is due: nothing, if it was met, moved or paused meanwhile."""
        return self.missed(at)

    def stop(self, reason: CancelReason, at: datetime) -> list[Stopped]:
        """Ends work because cover ended: what was done is due soon, if it was not due sooner."""
        if self.state not in AT_WORK or self.stopped or self.deliver is None:
            return []
        deliver_by = min(self.deliver.due_at, at + FINAL_REPORT)
        return [Stopped(vendor_id=self._vendor(), reason=reason, stopped_at=at, deliver_by=deliver_by)]

    def hand_in(self, deliverable: Deliverable, check: Check, at: datetime) -> list[OrderEvent]:
        if self.deliverable == deliverable and (self.state is State.DELIVERED or self.state in TAKEN):
            return []
        if self.state not in AT_WORK:
            raise OrderNotStarted(state=self.state)
        self._must_not_wait()
        check_deliverable(deliverable, check, self.service.is_assessment)
        signed = check.signature is SignatureVerdict.VALID
        delivered = Delivered(vendor_id=self._vendor(), deliverable=deliverable, signed=signed, delivered_at=at)
        return [*self.missed(at), delivered]

    def _must_not_wait(self) -> None:
        if self.paused_at is not None:
            raise OrderPaused(paused_at=self.paused_at.isoformat())

    def _vendor(self) -> UUID:
        if self.vendor_id is None:
            raise OrderNotUnderWay(state=self.state)
        return self.vendor_id
