"""Decisions of the vendor that holds an order, and of its clocks: schedule, start, pause, resume, deliver."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.errors import InvalidField
from services.vendor_gateway.domain.deliverable import Check, Deliverable, SignatureVerdict, check_deliverable
from services.vendor_gateway.domain.errors import (
    OrderNotAccepted,
    OrderNotPaused,
    OrderNotStarted,
    OrderNotUnderWay,
    OrderPaused,
    PauseNotOwn,
)
from services.vendor_gateway.domain.order.events import (
    AllowanceUsed,
    CancelReason,
    ClockMissed,
    Delivered,
    OrderEvent,
    PauseConsented,
    Paused,
    Resumed,
    Scheduled,
    Started,
    Stopped,
)
from services.vendor_gateway.domain.order.facts import AT_WORK, BEFORE_START, TAKEN, UNDER_WAY, State
from services.vendor_gateway.domain.order.pause import Pause
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

    def pause(self, reason: str, at: datetime, *, by_insurer: bool = False) -> list[OrderEvent]:
        """Stops the clocks while the insured is waited for. What they have come to before stays counted.

        A vendor's pause stops them for what is left of the allowance, unless the insurer consents.
        """
        if self.state not in UNDER_WAY:
            raise OrderNotUnderWay(state=self.state)
        if self.current_pause is not None:
            return []
        until = None if by_insurer else at + self.pause_left
        paused = Paused(
            vendor_id=self._vendor(), reason=reason, paused_at=at, by_insurer=by_insurer, allowed_until=until
        )
        pause = Pause.begin(reason, at, by_insurer, until)
        return [*self.missed(at), paused, *replace(self, current_pause=pause).use_allowance(at)]

    def consent_to_pause(self, by: str, at: datetime) -> list[OrderEvent]:
        """Lets a vendor's pause stop the clocks as long as it lasts. What they have come to before stays counted."""
        if self.state not in UNDER_WAY:
            raise OrderNotUnderWay(state=self.state)
        if self.current_pause is None:
            raise OrderNotPaused()
        if self.current_pause.allowed_until is None or self.current_pause.consented_by:
            return []
        return [*self.lateness(at), PauseConsented(vendor_id=self._vendor(), consented_by=by, consented_at=at)]

    def resume(self, at: datetime, *, by_insurer: bool = False) -> list[OrderEvent]:
        if self.state not in UNDER_WAY:
            raise OrderNotUnderWay(state=self.state)
        if self.current_pause is None or self.deliver is None:
            return []
        if self.current_pause.by_insurer is not by_insurer:
            raise PauseNotOwn(by="the insurer" if self.current_pause.by_insurer else "the vendor")
        order = self.as_of(at)
        stood = order.current_pause.stood(at) if order.current_pause is not None else timedelta()
        start_by, deliver_by = order.moved(stood)
        resumed = Resumed(vendor_id=self._vendor(), resumed_at=at, start_by=start_by, deliver_by=deliver_by)
        return [*self.use_allowance(at), resumed]

    def count_lateness(self, at: datetime) -> Sequence[AllowanceUsed | ClockMissed]:
        """What a clock does when it is due: nothing, if it was met, moved or paused meanwhile."""
        return self.lateness(at)

    def stop(self, reason: CancelReason, at: datetime) -> list[OrderEvent]:
        """Ends work because cover ended: what was done is due soon, if it was not due sooner."""
        deliver = self.as_of(at).deliver
        if self.state not in AT_WORK or self.stopped or deliver is None:
            return []
        deliver_by = min(deliver.due_at, at + FINAL_REPORT)
        stopped = Stopped(vendor_id=self._vendor(), reason=reason, stopped_at=at, deliver_by=deliver_by)
        return [*self.use_allowance(at), stopped]

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
        if self.current_pause is not None:
            raise OrderPaused(paused_at=self.current_pause.since.isoformat())

    def _vendor(self) -> UUID:
        if self.vendor_id is None:
            raise OrderNotUnderWay(state=self.state)
        return self.vendor_id
