"""What a policy promises, as the policy service announced it: parts with limits and conditions, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from libs.common.money import Money


class Trigger(StrEnum):
    """What makes a loss fall under a part."""

    CLAIMS_MADE = "claims_made"
    OCCURRENCE = "occurrence"


@dataclass(frozen=True)
class PartTerms:
    """The terms of one coverage part in one segment.

    `shared_limit` is the most that all members of a park policy together are paid for the part; None for any other.
    """

    code: str
    limit: Money
    deductible: Money
    waiting_hours: int
    coinsurance_percent: Decimal
    sub_limit_parent: str
    trigger: Trigger
    retroactive_date: date | None
    extended_reporting_days: int
    shared_limit: Money | None = None


@dataclass(frozen=True)
class Segment:
    """The terms from one day to another, half open."""

    start: date
    end: date
    parts: tuple[PartTerms, ...]

    def part(self, code: str) -> PartTerms | None:
        return next((part for part in self.parts if part.code == code), None)


@dataclass(frozen=True)
class Terms:
    """A whole term, as known at one time. No segments means that cover never began (a flat cancellation).

    `members_only` says that it is a park policy, which covers nobody but its members; `master_id` is set for the terms
    of a member, and then the aggregate is the master's.
    """

    policy_number: str
    insured_uscc: str
    insured_name: str
    inception: date
    expiry: date
    segments: tuple[Segment, ...]
    aggregate_limit: Money
    exclusions: tuple[str, ...]
    members_only: bool = False
    master_id: UUID | None = None

    @property
    def currency(self) -> str:
        return self.aggregate_limit.currency

    @property
    def cover_end(self) -> date:
        """The first day without cover."""
        return self.segments[-1].end if self.segments else self.inception

    @property
    def part_codes(self) -> tuple[str, ...]:
        """All parts that are in force on some day, in the order of the terms."""
        return tuple(dict.fromkeys(part.code for segment in self.segments for part in segment.parts))

    @property
    def limits(self) -> Mapping[str, Money]:
        """The largest limit that each part has on any day: an early loss keeps the limit of its day."""
        limits: dict[str, Money] = {}
        for segment in self.segments:
            for part in segment.parts:
                limits[part.code] = max(part.limit, limits.get(part.code, part.limit))
        return limits

    def between(self, first: date, last: date) -> tuple[Segment, ...]:
        """The segments that hold on some day from `first` to `last`, both included."""
        return tuple(segment for segment in self.segments if segment.start <= last and first < segment.end)


def limits_drawn_by(part: PartTerms, segment: Segment) -> tuple[str, ...]:
    """The limits that a payment under a part erodes: its own, its parent's, and so on."""
    codes = [part.code]
    parent = part.sub_limit_parent
    while parent and parent not in codes:
        codes.append(parent)
        above = segment.part(parent)
        parent = above.sub_limit_parent if above else ""
    return tuple(codes)
