"""An imported bank statement and what became of its entries; and the bank account that statements follow on."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money, total
from services.billing_subsidy.domain.errors import (
    EntryImported,
    EntryNotFound,
    EntrySettled,
    PartsNotWhole,
    StatementNotContinuous,
)
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger import settlement as rules
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion
from services.billing_subsidy.domain.statement.reading import Entry
from services.billing_subsidy.domain.transit import Record

ASSIGNED = "ASSIGNED"
"""The rule of an entry of which a person said whose it is."""
RECORDED = "RECORDED"
"""The rule of an entry that was found for what a person had recorded."""


class DifferenceCode(StrEnum):
    BANK_CHARGE = "bank_charge"
    INTEREST = "interest"
    NOT_OURS = "not_ours"
    OTHER = "other"


_ACCOUNTS = {
    DifferenceCode.BANK_CHARGE: chart.BANK_RESULT,
    DifferenceCode.INTEREST: chart.BANK_RESULT,
    DifferenceCode.NOT_OURS: chart.RETURNABLE,
    DifferenceCode.OTHER: chart.OTHER_INCOME,
}


@event("billing_subsidy.StatementImported")
class StatementImported:
    """A file was taken in; it is kept as it was."""

    bank_account: str
    file_name: str
    sha256: str
    content: bytes
    opening: Money
    closing: Money
    entries: tuple[Entry, ...]
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What of an entry became what."""

    matched_to: UUID
    amount: Money


@event("billing_subsidy.EntryMatched")
class EntryMatched:
    """`parts` are not empty if an entry was split; `matched_to` is the first of them then."""

    line: int
    rule: str
    matched_to: UUID
    parts: tuple[Part, ...] = ()


@event("billing_subsidy.EntryLeft")
class EntryLeft:
    """Nothing was found for an entry; `reason` says what was tried."""

    line: int
    reason: str


@event("billing_subsidy.EntryCoded")
class EntryCoded:
    line: int
    code: DifferenceCode
    reason: str
    coded_by: str


@event("billing_subsidy.EntryAssigned")
class EntryAssigned:
    """A person said whose an entry is that nothing was found for; each part is booked there."""

    line: int
    parts: tuple[Part, ...]
    reason: str
    assigned_by: str


@event("billing_subsidy.EntryUncoded")
class EntryUncoded:
    """A code was wrong: the entry stands in suspense again."""

    line: int
    reason: str
    uncoded_by: str


StatementEvent = StatementImported | EntryMatched | EntryLeft | EntryCoded | EntryAssigned | EntryUncoded | EntryPosted


class EntryStatus(StrEnum):
    UNMATCHED = "unmatched"
    MATCHED = "matched"
    CODED = "coded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry."""

    status: EntryStatus
    rule: str = ""
    matched_to: UUID | None = None
    reason: str = ""
    code: DifferenceCode | None = None
    coded_by: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One file of one bank account."""

    KIND: ClassVar[str] = "billing_subsidy.Statement"

    bank_account: str
    file_name: str
    sha256: str
    opening: Money
    closing: Money
    imported_at: datetime
    entries: tuple[Entry, ...]
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def count(self, status: EntryStatus) -> int:
        return sum(outcome.status is status for outcome in self.outcomes.values())

    def outcome(self, line: int) -> Outcome:
        return self.outcomes.get(line, Outcome(EntryStatus.UNMATCHED))

    @staticmethod
    def take(
        bank_account: str,
        file_name: str,
        content: bytes,
        opening: Money,
        closing: Money,
        entries: tuple[Entry, ...],
        now: datetime,
    ) -> list[StatementImported]:
        return [
            StatementImported(
                bank_account=bank_account,
                file_name=file_name,
                sha256=sha256(content).hexdigest(),
                content=content,
                opening=opening,
                closing=closing,
                entries=entries,
                imported_at=now,
            )
        ]

    def match(self, line: int, rule: str, matched_to: UUID, parts: tuple[Part, ...] = ()) -> list[EntryMatched]:
        """Notes what an entry became; the money is booked there."""
        return [EntryMatched(line=line, rule=rule, matched_to=matched_to, parts=parts)]

    def find_recorded(self, line: int, records: Sequence[Record]) -> list[EntryMatched]:
        """Notes that an entry is the money of records by hand, which have booked it."""
        parts = tuple(Part(record.target_id, record.amount) for record in records) if len(records) > 1 else ()
        return self.match(line, RECORDED, records[0].target_id, parts)

    def leave(self, line: int, reason: str, today: date) -> list[EntryLeft | EntryPosted]:
        """Notes that nothing was found, and books the money as suspense."""
        entry = self.entry(line)
        return [EntryLeft(line=line, reason=reason), *rules.suspended(entry.amount, self._occasion(entry, today))]

    def code(
        self, line: int, code: DifferenceCode, reason: str, coded_by: str, today: date
    ) -> list[EntryCoded | EntryPosted]:
        """Says what an unmatched entry is, and books it from suspense to where it belongs."""
        entry = self.entry(line)
        known = self.outcome(line)
        if known.code is code:
            return []
        if known.status is not EntryStatus.UNMATCHED:
            raise EntrySettled(line=line, status=known.status)
        event = EntryCoded(line=line, code=code, reason=reason, coded_by=coded_by)
        return [event, *rules.coded(_ACCOUNTS[code], entry.amount, self._occasion(entry, today))]

    def assign(
        self, line: int, parts: tuple[Part, ...], reason: str, assigned_by: str, today: date
    ) -> list[EntryAssigned | EntryPosted]:
        """Says whose an unmatched entry is; its parts are the whole of it, and the money leaves suspense."""
        entry, known = self.entry(line), self.outcome(line)
        if (known.rule, known.parts) == (ASSIGNED, parts):
            return []
        if known.status is not EntryStatus.UNMATCHED:
            raise EntrySettled(line=line, status=known.status)
        whole = total((part.amount for part in parts), entry.amount.currency)
        if whole != entry.amount:
            raise PartsNotWhole(line=line, amount=entry.amount, parts=whole)
        event = EntryAssigned(line=line, parts=parts, reason=reason, assigned_by=assigned_by)
        return [event, *rules.assigned(entry.amount, self._occasion(entry, today))]

    def uncode(self, line: int, reason: str, uncoded_by: str, today: date) -> list[EntryUncoded | EntryPosted]:
        """Takes a code back; nothing, if the entry has none any more."""
        entry, known = self.entry(line), self.outcome(line)
        if known.status is EntryStatus.UNMATCHED:
            return []
        if known.code is None:
            raise EntrySettled(line=line, status=known.status)
        event = EntryUncoded(line=line, reason=reason, uncoded_by=uncoded_by)
        return [event, *rules.uncoded(_ACCOUNTS[known.code], entry.amount, self._occasion(entry, today))]

    def entry(self, line: int) -> Entry:
        """The entry on a line."""
        index = bisect_left(self.entries, line, key=lambda entry: entry.line)
        if index == len(self.entries) or self.entries[index].line != line:
            raise EntryNotFound(line=line)
        return self.entries[index]

    def _occasion(self, entry: Entry, today: date) -> Occasion:
        return Occasion(f"statement {self.sha256[:12]}/{entry.line}", entry.value_date, today)

    @classmethod
    def begin(cls, event: StatementImported) -> "Statement":
        return cls(
            event.bank_account,
            event.file_name,
            event.sha256,
            event.opening,
            event.closing,
            event.imported_at,
            event.entries,
        )

    def evolve(self, event: StatementEvent) -> "Statement":
        match event:
            case EntryMatched():
                outcome = Outcome(EntryStatus.MATCHED, rule=event.rule, matched_to=event.matched_to, parts=event.parts)
                return replace(self, outcomes={**self.outcomes, event.line: outcome})
            case EntryLeft():
                outcome = Outcome(EntryStatus.UNMATCHED, reason=event.reason)
                return replace(self, outcomes={**self.outcomes, event.line: outcome})
            case EntryCoded():
                outcome = Outcome(EntryStatus.CODED, reason=event.reason, code=event.code, coded_by=event.coded_by)
                return replace(self, outcomes={**self.outcomes, event.line: outcome})
            case EntryAssigned(parts=parts):
                first = parts[0].matched_to
                outcome = Outcome(
                    EntryStatus.MATCHED, ASSIGNED, first, event.reason, coded_by=event.assigned_by, parts=parts
                )
                return replace(self, outcomes={**self.outcomes, event.line: outcome})
            case EntryUncoded():
                outcome = Outcome(EntryStatus.UNMATCHED, reason=event.reason, coded_by=event.uncoded_by)
                return replace(self, outcomes={**self.outcomes, event.line: outcome})
            case StatementImported() | EntryPosted():
                return self


@event("billing_subsidy.StatementAdded")
class StatementAdded:
    """`last_ids` are the bank's ids of the entries of the last day, which the next statement may share."""

    statement_id: UUID
    opening: Money
    closing: Money
    first_date: date | None
    last_date: date | None
    last_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class BankAccount:
    """An insurer's account at a bank: each statement begins where the one before ended."""

    KIND: ClassVar[str] = "billing_subsidy.BankAccount"

    closing: Money
    last_date: date | None
    last_ids: tuple[str, ...] = ()

    def check_follows(self, opening: Money, first_date: date | None, entries: Sequence[Entry] = ()) -> None:
        """Refuses a gap or an overlap with the statement before: of days, of balances, or of the bank's own lines."""
        for entry in entries:
            if entry.bank_id and entry.value_date == self.last_date and entry.bank_id in self.last_ids:
                raise EntryImported(line=entry.line, bank_id=entry.bank_id)
        early = first_date is not None and self.last_date is not None and first_date < self.last_date
        if opening != self.closing or early:
            raise StatementNotContinuous(
                closed_on=self.last_date or "no day",
                closing=self.closing,
                opened_on=first_date or "no day",
                opening=opening,
            )

    @classmethod
    def begin(cls, event: StatementAdded) -> "BankAccount":
        return cls(event.closing, event.last_date, event.last_ids)

    def evolve(self, event: StatementAdded) -> "BankAccount":
        if event.last_date is None:
            return replace(self, closing=event.closing)
        before = self.last_ids if event.last_date == self.last_date else ()
        return BankAccount(event.closing, event.last_date, (*before, *event.last_ids))
