"""Money in transit: what a person recorded under a reference, until the bank's line for it comes.

The record has booked the money already, so the line that is found for it books nothing. One reference may be recorded
several times, for one payment that belongs to several.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money, total

MOST_DAYS = 31
"""So many days may lie between a record and a line that does not name its reference."""


class RecordKind(StrEnum):
    RECEIPT = "receipt"
    REFUND = "refund"
    DISBURSEMENT = "disbursement"
    REPAYMENT = "repayment"
    PASSED_ON = "passed_on"
    VENDOR_PAYMENT = "vendor_payment"


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded by hand: of which account or case, how much (negative for money out), with which value date."""

    kind: RecordKind
    target_id: UUID
    amount: Money
    day: date


@event("billing_subsidy.RecordedByHand")
class RecordedByHand:
    reference: str
    record: Record


@event("billing_subsidy.BankLineFound")
class BankLineFound:
    """The bank's line for some of the records came; `places` are theirs, from 0."""

    places: tuple[int, ...]
    statement_id: UUID
    line: int


TransitEvent = RecordedByHand | BankLineFound


@dataclass(frozen=True)
class Transit:
    """All that was recorded by hand under one reference."""

    KIND: ClassVar[str] = "billing_subsidy.Transit"

    reference: str
    records: tuple[Record, ...] = ()
    found: frozenset[int] = frozenset()

    @property
    def waiting(self) -> dict[int, Record]:
        """The records whose line has not come."""
        return {place: record for place, record in enumerate(self.records) if place not in self.found}

    def fitting(self, amount: Money) -> tuple[int, ...]:
        """Which waiting records a line of this amount is for that names the reference: one of them, or all together.
        None if that is not certain."""
        alone = [place for place, record in self.waiting.items() if record.amount == amount]
        if len(alone) == 1:
            return (alone[0],)
        amounts = [record.amount for record in self.waiting.values()]
        same = all(each.currency == amount.currency for each in amounts)
        if len(amounts) > 1 and not alone and same and total(amounts, amount.currency) == amount:
            return tuple(self.waiting)
        return ()

    def near(self, amount: Money, target_id: UUID, day: date) -> tuple[int, ...]:
        """Which waiting record a line is for that names its account or case, and not the reference: one of exactly this
        amount, near this day."""
        near = (
            place
            for place, record in self.waiting.items()
            if (record.target_id, record.amount) == (target_id, amount) and abs((record.day - day).days) <= MOST_DAYS
        )
        return tuple(near)[:1]

    def find(self, places: Sequence[int], statement_id: UUID, line: int) -> list[BankLineFound]:
        return [BankLineFound(places=tuple(places), statement_id=statement_id, line=line)]

    @classmethod
    def begin(cls, event: RecordedByHand) -> "Transit":
        return cls(event.reference, (event.record,))

    def evolve(self, event: TransitEvent) -> "Transit":
        match event:
            case RecordedByHand():
                return replace(self, records=(*self.records, event.record))
            case BankLineFound():
                return replace(self, found=self.found | set(event.places))
