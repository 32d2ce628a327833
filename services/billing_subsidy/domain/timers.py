"""Timers of a policy account: the next due date, and the end of grace. And of a programme, due at once: to give freed
room to those who wait, and to open the cases of the policies that it reaches.

Any event that moves money or invoices sets both anew from the account as it is after it; a timer that finds nothing
overdue does nothing.
"""

from typing import Any

from libs.common.changes import Cancel, Recorded, Schedule, TimerChange
from libs.common.dates import add_days, start_of_day
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import GraceLapsed, Invoiced, OverdueCured, OverdueFound, Received
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
    moving = (Invoiced, Received, OverdueFound, OverdueCured, GraceLapsed)
    if not isinstance(account, PolicyAccount) or not isinstance(recorded.event, moving):
        return []
    return [_overdue(account), _grace(account)]


def _overdue(account: PolicyAccount) -> TimerChange:
    due_on = account.next_due()
    return Cancel(OVERDUE) if due_on is None else Schedule(OVERDUE, start_of_day(add_days(due_on, 1)))


def _grace(account: PolicyAccount) -> TimerChange:
    if account.overdue is None or account.grace is not None:
        return Cancel(GRACE)
    return Schedule(GRACE, start_of_day(add_days(account.overdue.grace_until, 1)))
