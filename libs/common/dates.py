"""Insurance dates: half-open periods in Asia/Shanghai, and dates of which only a part is known.

Dates come into the domain as arguments; nothing here asks a clock.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The days that anybody may name: in a request, a file, a statement. What follows from them may lie beyond."""


def date_in_shanghai(instant: datetime) -> date:
    """The calendar date on which an instant falls for a contract under Chinese law. The instant must bear a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """The instant at which a date begins in Shanghai."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


FIRST_INSTANT, LAST_INSTANT = (
    int(start_of_day(FIRST_DAY).timestamp()),
    int(start_of_day(date(2200, 1, 1)).timestamp()) - 1,
)
"""The first and the last second of these days in Shanghai, since 1970."""


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open period of whole days, `[inception, expiry)`."""

    inception: date
    expiry: date

    def __post_init__(self) -> None:
        if self.expiry <= self.inception:
            raise ValueError(f"a period ends after it begins: {self.inception} to {self.expiry}")

    @property
    def days(self) -> int:
        """N, the calendar difference: 365 or 366 for a year."""
        return (self.expiry - self.inception).days

    def __contains__(self, day: date) -> bool:
        return self.inception <= day < self.expiry

    def days_from(self, day: date) -> int:
        """Whole days that remain from the beginning of `day` (inside the period or at its end)."""
        if not self.inception <= day <= self.expiry:
            raise ValueError(f"{day} is outside {self.inception} to {self.expiry}")
        return (self.expiry - day).days


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is known: a year, a month of a year, or a day. What is missing is None, never guessed."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.year <= 9999:
            raise ValueError(f"no such year: {self.year}")
        if self.month is None:
            if self.day is not None:
                raise ValueError("a day needs its month")
            return
        if not 1 <= self.month <= 12:
            raise ValueError(f"no such month: {self.month}")
        if self.day is not None and not 1 <= self.day <= monthrange(self.year, self.month)[1]:
            raise ValueError(f"no such day: {self}")

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month, day.day)

    @property
    def earliest(self) -> date:
        """The first day that this may mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that this may mean."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    @property
    def is_exact(self) -> bool:
        return self.day is not None

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"] + [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


def add_days(day: date, days: int) -> date:
    """The day so many days later; the calendar's first or last day where it would end."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def nameable(day: date) -> bool:
    """Whether anybody may name this day."""
    return FIRST_DAY <= day <= LAST_DAY
