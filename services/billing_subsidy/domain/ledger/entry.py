"""A journal entry: it balances, or it doesn't exist.

Entries live as `EntryPosted` in the stream of whatever caused them, so an entry and its cause are stored together or
not at all. The rules beside this module make them; nobody types one. A return of premium is posted on the other side,
never as a negative amount.

When accounting periods can be closed, `booked_on` will be the first day of the open one for a late fact; the effective
date stays what it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.billing_subsidy.domain.ledger.chart import LedgerAccount


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Line:
    """A positive amount on one side of one account; `party` says whose part it is, if that matters."""

    account: str
    side: Side
    amount: Money
    party: str = ""

    @property
    def signed(self) -> Money:
        """Debits count up, credits down."""
        return self.amount if self.side is Side.DEBIT else -self.amount


@dataclass(frozen=True)
class JournalEntry:
    """Lines in one currency whose debits and credits are the same; anything else raises ValueError."""

    rule: str
    cause: str
    effective_date: date
    booked_on: date
    lines: tuple[Line, ...]
    policy_id: UUID | None = None

    def __post_init__(self) -> None:
        if len(self.lines) < 2:
            raise ValueError("an entry has two lines at least")
        if any(line.amount.minor_units <= 0 for line in self.lines):
            raise ValueError("an entry's amounts are positive; the other side takes what is returned")
        balance = self.lines[0].amount.zero()
        for line in self.lines:
            balance = balance + line.signed
        if balance:
            raise ValueError(f"the entry does not balance: {balance} too much on the debit side")


@event("billing_subsidy.EntryPosted")
class EntryPosted:
    """An entry came into the books."""

    entry: JournalEntry


def debit(account: LedgerAccount, amount: Money, party: str = "") -> tuple[Line, ...]:
    """A line on the debit side; a negative amount goes to the credit side, and zero makes no line."""
    if not amount:
        return ()
    side = Side.DEBIT if amount.minor_units > 0 else Side.CREDIT
    return (Line(account.code, side, amount if amount.minor_units > 0 else -amount, party),)


def credit(account: LedgerAccount, amount: Money, party: str = "") -> tuple[Line, ...]:
    """A line on the credit side; a negative amount goes to the debit side, and zero makes no line."""
    return debit(account, -amount, party)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and when something is posted: what all entries of one fact have in common."""

    cause: str
    effective_date: date
    booked_on: date
    policy_id: UUID | None = None

    def post(self, rule: str, *lines: Iterable[Line]) -> list[EntryPosted]:
        """The entry of these lines, or nothing if all of them are zero."""
        all_lines = tuple(line for group in lines for line in group)
        if not all_lines:
            return []
        entry = JournalEntry(rule, self.cause, self.effective_date, self.booked_on, all_lines, self.policy_id)
        return [EntryPosted(entry=entry)]
