"""Which timers events start and stop. All of them ask the aggregate again when they are due."""

from datetime import datetime
from typing import Any

from libs.common.changes import Cancel, Recorded, Schedule, TimerChange
from libs.common.dates import start_of_day
from services.vendor_gateway.domain.clocks import Clock
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order import events as order
from services.vendor_gateway.domain.policy_services import events as services

OFFER_LAPSE = "offer-lapse"
PAUSE_ALLOWANCE = "pause-allowance"
RATING = "rating"
COVER_END = "cover-end"
CLOCKS = {Clock.START: "start-clock", Clock.DELIVER: "deliver-clock"}


def timers(recorded: Recorded[Any]) -> list[TimerChange]:
    start, deliver = CLOCKS[Clock.START], CLOCKS[Clock.DELIVER]
    match recorded.event:
        case order.Offered(respond_by=respond_by):
            return [Schedule(OFFER_LAPSE, respond_by)]
        case order.Declined() | order.Lapsed():
            return [Cancel(OFFER_LAPSE)]
        case order.Accepted(start_by=start_by, deliver_by=deliver_by):
            return [Cancel(OFFER_LAPSE), Schedule(start, start_by), Schedule(deliver, deliver_by)]
        case order.Started():
            return [Cancel(start)]
        case order.Paused(allowed_until=None):
            return [Cancel(start), Cancel(deliver)]
        case order.Paused(allowed_until=datetime() as allowed_until):
            return [Cancel(start), Cancel(deliver), Schedule(PAUSE_ALLOWANCE, allowed_until)]
        case order.PauseConsented():
            return [Cancel(start), Cancel(deliver), Cancel(PAUSE_ALLOWANCE)]
        case order.AllowanceUsed():
            return _running(recorded.value)
        case order.Resumed():
            return [Cancel(PAUSE_ALLOWANCE), *_running(recorded.value)]
        case order.Stopped(deliver_by=deliver_by) | order.ReworkRequested(deliver_by=deliver_by):
            return [Schedule(deliver, deliver_by)]
        case order.ClockMissed(clock=clock, next_at=next_at):
            return [Cancel(CLOCKS[clock]) if next_at is None else Schedule(CLOCKS[clock], next_at)]
        case order.Delivered():
            return [Cancel(deliver)]
        case order.Cancelled():
            return [Cancel(OFFER_LAPSE), Cancel(start), Cancel(deliver), Cancel(PAUSE_ALLOWANCE)]
        case order.Closed(closed_at=closed_at):
            return [Schedule(RATING, closed_at)]
        case services.CoverEndHeard(ends_on=ends_on):
            return [Schedule(COVER_END, start_of_day(ends_on))]
        case services.Resumed():
            return [Cancel(COVER_END)]
    return []


def _running(value: ServiceOrder) -> list[TimerChange]:
    """Clocks that run after they have stood: each is looked at when there may be something new to count."""
    return [
        Schedule(CLOCKS[deadline.clock], deadline.next_at) for deadline in value.running if deadline.next_at is not None
    ]
