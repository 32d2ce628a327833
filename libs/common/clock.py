"""The service's clock: real time, or real time moved forward so that a year can be played in seconds.

Tokens expire and leases run by real time; everything that the domain calls a date or an instant comes from here.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from libs.common.errors import Refused


class ClockNotMovable(Refused):
    message = "This service runs on real time; its clock can't be set."


class ClockOnlyForward(Refused):
    message = "The clock stands at {now} and can't go back to {asked}."


class Clock(Protocol):
    """What tells the time, in UTC."""

    def now(self) -> datetime: ...

    def set(self, now: datetime) -> None:
        """Moves the clock. Raises ClockNotMovable or ClockOnlyForward; the same time again changes nothing."""


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def set(self, now: datetime) -> None:
        raise ClockNotMovable


class MovableClock:
    """Real time plus an offset that only grows, from any beginning.

    Whoever owns the clock keeps `offset` over a restart.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset
        self._last_set: datetime | None = None

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of real time (behind it, if negative)."""
        return self._offset

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        """Takes over an offset that was kept, or that another process has set."""
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def set(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        if now == self._last_set:
            return  # A retry: the first call has done the work, and the clock has run on since.
        real = datetime.now(UTC)
        if now < real + self._offset:
            raise ClockOnlyForward(now=(real + self._offset).isoformat(), asked=now.isoformat())
        self._offset = now - real
        self._last_set = now
