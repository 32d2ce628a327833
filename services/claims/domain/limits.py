"""Amounts by limit: of each part, and of all parts together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.money import Money
from services.claims.domain.terms import Terms

AGGREGATE = ""
"""The key of the aggregate among limits by part."""

SHARED = "shared:"
"""Before a part's code: the limit of that part for all members of a park policy together."""


@dataclass(frozen=True)
class PartAmount:
    """An amount of one limit; an empty code is the aggregate."""

    part_code: str
    amount: Money


@dataclass(frozen=True)
class Movement:
    """What one claim drew (or gave back) at one time."""

    claim_id: UUID
    at: datetime
    amounts: tuple[PartAmount, ...]


def limits_of(terms: Terms, gone: Mapping[str, Money]) -> tuple[PartAmount, ...]:
    """The limit of each part, and the aggregate under ""; a member has none of its own."""
    limits = {**gone, **terms.limits}
    if terms.master_id is None:
        limits[AGGREGATE] = terms.aggregate_limit
    return tuple(PartAmount(code, limit) for code, limit in limits.items())


def add_amounts(sums: dict[str, Money], amounts: tuple[PartAmount, ...]) -> None:
    """Adds amounts to the sums by limit."""
    for entry in amounts:
        sums[entry.part_code] = sums.get(entry.part_code, entry.amount.zero()) + entry.amount
