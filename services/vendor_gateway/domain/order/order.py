"""A service order: one piece of work for one vendor under an entitlement, a submission or a claim."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from libs.common.dates import date_in_shanghai
from services.vendor_gateway.domain.clocks import Clock, Deadline
from services.vendor_gateway.domain.errors import DeliverableChanged, OrderAlreadyVerified, OrderNotDelivered
from services.vendor_gateway.domain.order import events as e
from services.vendor_gateway.domain.order.facts import TAKEN, State, due
from services.vendor_gateway.domain.order.pause import Pause
from services.vendor_gateway.domain.order.working import Working
from services.vendor_gateway.domain.values import OriginKind


@dataclass(frozen=True)
class ServiceOrder(Working):
    """What the insurer decides about an order, and how each event changes it."""

    KIND: ClassVar[str] = "vendor_gateway.ServiceOrder"

    def verify(self, sha256: str, by: str, at: datetime) -> list[e.OrderEvent]:
        """Takes the deliverable with this digest ("" for whatever is there): the fee is payable, the order closed."""
        if self.state in TAKEN:
            return []
        if self.state is not State.DELIVERED or self.deliverable is None or self.vendor_id is None:
            raise OrderNotDelivered(state=self.state)
        if sha256 and sha256 != self.deliverable.sha256:
            raise DeliverableChanged(sha256=self.deliverable.sha256)
        vendor_id, digest = self.vendor_id, self.deliverable.sha256
        events: list[e.OrderEvent] = [
            e.Verified(vendor_id=vendor_id, fee=self.fee, deliverable_sha256=digest, verified_by=by, verified_at=at)
        ]
        if self.origin.kind is OriginKind.SUBMISSION and self.deliverable.assessment is not None:
            events.append(
                e.AssessmentVerified(
                    vendor_id=vendor_id,
                    submission_id=self.origin.id,
                    result=self.deliverable.assessment,
                    report_sha256=digest,
                    verified_at=at,
                )
            )
        right = self.reworks == 0
        return [*events, e.Closed(vendor_id=vendor_id, on_time=self.on_time, first_time_right=right, closed_at=at)]

    def ask_rework(self, reason: str, within_hours: int, by: str, at: datetime) -> list[e.ReworkRequested]:
        if self.state is State.REWORK:
            return []
        if self.state is not State.DELIVERED or self.vendor_id is None:
            raise OrderNotDelivered(state=self.state)
        deliver_by = at + timedelta(hours=within_hours)
        return [
            e.ReworkRequested(
                vendor_id=self.vendor_id, reason=reason, requested_by=by, requested_at=at, deliver_by=deliver_by
            )
        ]

    def cancel(self, reason: e.CancelReason, by: str, at: datetime) -> list[e.Cancelled]:
        if self.state is State.CANCELLED:
            return []
        if self.state in TAKEN:
            verified_on = date_in_shanghai(self.verified_at) if self.verified_at is not None else ""
            raise OrderAlreadyVerified(verified_on=verified_on)
        return [e.Cancelled(reason=reason, vendor_id=self.vendor_id, held=self.held, cancelled_by=by, cancelled_at=at)]

    def end_cover(self, reason: e.CancelReason, at: datetime) -> list[e.OrderEvent]:
        """What the end of cover means: work not begun is cancelled, work under way is to be wound up."""
        if self.state in TAKEN or self.state in (State.CANCELLED, State.DELIVERED):
            return []
        begun = self.state in (State.STARTED, State.REWORK)
        return [*self.stop(reason, at)] if begun else [*self.cancel(reason, "policy", at)]

    def note_rating(self) -> list[e.Rated]:
        """Counts a closed order in its vendor's rating, once."""
        if self.state is not State.CLOSED or self.rated or self.vendor_id is None:
            return []
        return [e.Rated(vendor_id=self.vendor_id)]

    @property
    def on_time(self) -> bool:
        return all(deadline.periods == 0 for deadline in self.deadlines)

    @classmethod
    def begin(cls, event: e.Requested) -> "ServiceOrder":
        return cls(
            origin=event.origin,
            policy_id=event.policy_id,
            service=event.service,
            insured=event.insured,
            assessors=event.assessors,
            requested_at=event.requested_at,
        )

    def evolve(self, event: e.OrderEvent) -> "ServiceOrder":
        match event:
            case e.Requested():
                return self
            case e.Ranked():
                return replace(self, ranking=event.ranking)
            case e.Offered():
                return replace(
                    self,
                    state=State.OFFERED,
                    vendor_id=event.vendor_id,
                    respond_by=event.respond_by,
                    asked=self.asked | {event.vendor_id},
                )
            case e.Declined() | e.Lapsed():
                return replace(self, state=State.REQUESTED, vendor_id=None, respond_by=None)
            case e.Unplaced():
                return replace(self, state=State.UNPLACED, unplaced_reason=event.reason)
            case e.Reopened():
                return replace(self, state=State.REQUESTED, unplaced_reason=None, asked=frozenset())
            case e.Cancelled():
                return replace(
                    self, state=State.CANCELLED, cancel_reason=event.reason, current_pause=None, unplaced_reason=None
                )
            case e.Verified():
                return replace(self, state=State.VERIFIED, verified_at=event.verified_at)
            case e.AssessmentVerified():
                return self
            case e.Closed():
                return replace(self, state=State.CLOSED)
            case e.Rated():
                return replace(self, rated=True)
            case _:
                return self._evolve_work(event)

    def _evolve_work(self, event: e.WorkEvent) -> "ServiceOrder":
        match event:
            case e.Accepted():
                return replace(
                    self,
                    state=State.ACCEPTED,
                    respond_by=None,
                    start=Deadline(clock=Clock.START, due_at=event.start_by, credited=self.fee.zero()),
                    deliver=Deadline(clock=Clock.DELIVER, due_at=event.deliver_by, credited=self.fee.zero()),
                )
            case e.Scheduled():
                return replace(self, state=State.SCHEDULED, scheduled_at=event.start_at)
            case e.Started():
                return replace(self, state=State.STARTED)
            case e.Paused():
                pause = Pause.begin(event.reason, event.paused_at, event.by_insurer, event.allowed_until)
                return replace(self, current_pause=pause)
            case e.AllowanceUsed():
                return self.without_allowance(event)
            case e.PauseConsented():
                return self._drawn(
                    event.consented_at, lambda pause: pause.consented(event.consented_by, event.consented_at)
                )
            case e.Resumed():
                order = self._drawn(event.resumed_at, lambda pause: None)
                start, deliver = due(self.start, event.start_by), due(self.deliver, event.deliver_by)
                return replace(order, start=start, deliver=deliver)
            case e.Stopped():
                return replace(self, stopped=True, deliver=due(self.deliver, event.deliver_by))
            case e.ClockMissed():
                return self._later(event)
            case e.Delivered():
                return replace(self, state=State.DELIVERED, deliverable=event.deliverable)
            case e.ReworkRequested():
                return replace(
                    self,
                    state=State.REWORK,
                    reworks=self.reworks + 1,
                    rework_reason=event.reason,
                    deliver=self.deliver.renewed(event.deliver_by) if self.deliver is not None else None,
                )

    def _drawn(self, until: datetime, change: Callable[[Pause], Pause | None]) -> "ServiceOrder":
        """Reckons what a pause has drawn on the allowance, and changes it."""
        if self.current_pause is None:
            return self
        return replace(
            self, current_pause=change(self.current_pause), pause_used=self.pause_used + self.current_pause.drawn(until)
        )

    def _later(self, event: e.ClockMissed) -> "ServiceOrder":
        match event.clock:
            case Clock.START:
                return replace(self, start=_counted(self.start, event))
            case Clock.DELIVER:
                return replace(self, deliver=_counted(self.deliver, event))


def _counted(deadline: Deadline | None, event: e.ClockMissed) -> Deadline | None:
    if deadline is None:
        return None
    return replace(deadline, periods=event.periods, credited=deadline.credited + event.credit)
