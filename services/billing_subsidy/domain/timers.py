"""Timers of a policy account: the next due date, and the end of grace. And of a programme, due at once: to give freed
room to those who wait, and to open the cases of the policies that it reaches.

Any event that moves money or invoices sets both anew from the account as it is after it; a timer that finds nothing
overdue does nothing. Several due dates may be in arrears at a time: the timer is that of the next end of grace.
"""

from datetime import date
from typing import Any

from libs.common.changes import Cancel, Recorded, Schedule, TimerChange
from libs.common.dates import add_days, date_in_shanghai, start_of_day
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import (
    DifferenceWrittenOff,
    GraceLapsed,
    GraceReopened,
    Invoiced,
    OverdueCured,
    OverdueFound,
    Received,
)
from services.billing_subsidy.domain.programme.reach import ReachAsked, ReachSwept
from services.billing_subsidy.domain.programme.waiting import RoomFreed

OVERDUE = "overdue"
GRACE = "grace"
ROOM = "room"
REACH = "reach"


def timers(recorded: Recorded[Any]) -> list[TimerChange]:
    """What an event does to timers."""
    if isinstance(recorded.event, RoomFreed):
        return [Schedule(ROOM, recorded.recorded_at)]
    if isinstance(recorded.event, ReachAsked | ReachSwept):
        return [Schedule(REACH, recorded.recorded_at)]
    account = recorded.value
    moving = (Invoiced, Received, OverdueFound, OverdueCured, GraceLapsed, GraceReopened, DifferenceWrittenOff)
    if not isinstance(account, PolicyAccount) or not isinstance(recorded.event, moving):
        return []
    return [_overdue(account), _grace(account, date_in_shanghai(recorded.recorded_at))]


def _overdue(account: PolicyAccount) -> TimerChange:
    due_on = account.next_due()
    return Cancel(OVERDUE) if due_on is None else Schedule(OVERDUE, start_of_day(add_days(due_on, 1)))


def _grace(account: PolicyAccount, today: date) -> TimerChange:
    grace_until = account.next_grace_end(today)
    return Cancel(GRACE) if grace_until is None else Schedule(GRACE, start_of_day(add_days(grace_until, 1)))
