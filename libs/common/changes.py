"""What a domain may attach to its events besides their facts: draws on guards, and timers.

All of them are pure functions of the recorded event, so that a replay of the log alone can recompute every guard
at every position, and knows every timer that should exist. `domain/guards.py` and `domain/timers.py` of a service
return these values; the engine stores them in the same transaction as the event.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from libs.common.errors import GuardExceeded
from libs.common.money import Money

A_co = TypeVar("A_co", covariant=True)


class Recorded(NamedTuple, Generic[A_co]):
    """One event of one aggregate with its place: what announcements, guards, timers and projections are made of.

    A tuple: one is made for every event that is written, read or projected, and a frozen dataclass takes longer.

    `value` is the aggregate right after this event. `recorded_at` is when we learned it, in UTC by the service's
    clock. `position` is its place in the service's log, 0 while the event is still on its way into it.
    """

    event: object
    value: A_co
    stream: UUID
    version: int
    tenant: str
    recorded_at: datetime
    position: int = 0


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Opens a guard, or moves its limit. Lowering a limit below what is used never fails; nothing more can be drawn."""

    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Adds to (or, if negative, gives back to) a guard; refused as a whole when the guard would pass its limit.

    The amount is in the guard's own unit (fen for money). A guard that was never opened refuses every draw.
    """

    key: str
    amount: int


GuardChange = SetLimit | Draw


@dataclass(frozen=True, slots=True)
class GuardWords:
    """A guard as people speak of it: what it limits, and in which money its amounts are fen; no currency for counts."""

    limit: str
    currency: str = ""

    def amount(self, number: int) -> str:
        return str(Money(self.currency, number)) if self.currency else str(number)

    def exceeded(self, key: str, amount: int, left: int | None) -> GuardExceeded:
        """The refusal of a draw. `left` is what the guard has, None if it was never opened, so that it has nothing."""
        return GuardExceeded(
            guard=key, limit=self.limit, amount=self.amount(amount), left=self.amount(max(left or 0, 0))
        )


def guard_itself(key: str) -> GuardWords:
    """For a guard without words of its own."""
    return GuardWords(key)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Starts the timer `name` of this event's aggregate; a running one of that name is moved to the new time."""

    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stops the timer `name` of this event's aggregate, if it runs."""

    name: str


TimerChange = Schedule | Cancel
