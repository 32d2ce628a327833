"""Reads a bank statement in CSV by a declared profile. A wrong row is refused with its line; nothing is guessed."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from libs.common.dates import FIRST_DAY, LAST_DAY, nameable
from libs.common.errors import FileHasNoRows, InvalidField
from libs.common.figures import NotRead, amount_of, day_of
from libs.common.money import Money, total
from libs.common.names import key_of
from libs.common.texts import unwanted

MOST_ENTRIES = 5000
LONGEST_CELL = 500
MOST_EMPTY_LINES = 100
"""Some banks leave a few at the end, or between days."""


@dataclass(frozen=True, slots=True)
class CsvProfile:
    """Which column holds what, by the header's text; an empty one does not exist in the file."""

    date_column: str
    amount_column: str
    reference_column: str
    payer_name_column: str = ""
    payer_account_column: str = ""
    currency_column: str = ""
    date_format: str = "YYYY-MM-DD"
    delimiter: str = ","
    line_id_column: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement at the bank; negative for money that went out. `bank_id` is the bank's own id of it, or empty."""

    line: int
    value_date: date
    amount: Money
    reference: str
    payer_name: str
    payer_account: str
    bank_id: str = ""

    @property
    def identity(self) -> str:
        """What tells the movement from others of its day: the bank's id, or all that is said of it."""
        parts = (self.bank_id,) if self.bank_id else map(key_of, (self.reference, self.payer_name, self.payer_account))
        return "\x1f".join([self.value_date.isoformat(), str(self.amount), *parts])


def read_statement(
    content: bytes, profile: CsvProfile, opening: Money, closing: Money, today: date
) -> tuple[Entry, ...]:
    """The entries of a file, which has one at least; opening balance and movements must make the closing balance."""
    if closing.currency != opening.currency:
        raise InvalidField(field="closing_balance.currency_code", problem=f"must be {opening.currency}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidField(field="content", problem=f"line {line}: is not UTF-8") from None
    entries = _entries(text, profile, opening.currency)
    lines: dict[str, int] = {}
    for entry in entries:
        if entry.value_date > today:
            raise _wrong(entry.line, f"{entry.value_date} is after today, {today}")
        if entry.bank_id and lines.setdefault(entry.bank_id, entry.line) != entry.line:
            raise _wrong(entry.line, f"has the bank's id {entry.bank_id!r} of line {lines[entry.bank_id]}")
    movements = total((entry.amount for entry in entries), opening.currency)
    if opening + movements != closing:
        problem = f"is {closing}, but opening balance {opening} and movements {movements} make {opening + movements}"
        raise InvalidField(field="closing_balance", problem=problem)
    return entries


def _entries(text: str, profile: CsvProfile, currency: str) -> tuple[Entry, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=profile.delimiter, strict=True)
    entries: list[Entry] = []
    header: list[str] = []
    line, empty = 1, 0
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                empty += 1
                if empty > MOST_EMPTY_LINES:
                    raise _wrong(line, f"a file has at most {MOST_EMPTY_LINES} empty lines")
            elif not header:
                header = _header(row, profile)
            else:
                entries.append(_entry(line, _cells(line, header, row), profile, currency))
                if len(entries) > MOST_ENTRIES:
                    raise _wrong(line, f"a file has at most {MOST_ENTRIES} entries")
            line = reader.line_num + 1
    except csv.Error as error:
        raise _wrong(line, f"is no CSV: {error}") from None
    if not entries:
        raise FileHasNoRows(field="content")
    return tuple(entries)


def _header(row: Sequence[str], profile: CsvProfile) -> list[str]:
    header = [cell.strip() for cell in row]
    for name in ("date", "amount", "reference", "payer_name", "payer_account", "currency", "line_id"):
        column = getattr(profile, f"{name}_column")
        if column and header.count(column) != 1:
            problem = f"{column!r} is {'not in' if column not in header else 'more than once in'} the header"
            raise InvalidField(field=f"profile.{name}_column", problem=problem)
    return header


def _cells(line: int, header: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(header):
        raise _wrong(line, f"has {len(row)} columns, the header has {len(header)}")
    return {name: cell.strip() for name, cell in zip(header, row, strict=True)}


def _entry(line: int, cells: dict[str, str], profile: CsvProfile, currency: str) -> Entry:
    for name, cell in cells.items():
        if problem := unwanted(cell):
            raise _wrong(line, f"{name} {problem}")
        if len(cell) > LONGEST_CELL:
            raise _wrong(line, f"{name} has more than {LONGEST_CELL} characters")
    given = cells[profile.currency_column] if profile.currency_column else currency
    if given != currency:
        raise _wrong(line, f"currency {given!r} is not the statement's, {currency}")
    fen = _fen(line, cells[profile.amount_column])
    if not fen:
        raise _wrong(line, "the amount is zero")
    return Entry(
        line=line,
        value_date=_date(line, cells[profile.date_column], profile.date_format),
        amount=Money(currency, fen),
        reference=cells[profile.reference_column],
        payer_name=cells.get(profile.payer_name_column, ""),
        payer_account=cells.get(profile.payer_account_column, ""),
        bank_id=cells.get(profile.line_id_column, ""),
    )


def _fen(line: int, text: str) -> int:
    try:
        return int(amount_of(text) * 100)
    except NotRead as problem:
        raise _wrong(line, f"{text!r} {problem}") from None


def _date(line: int, text: str, form: str) -> date:
    try:
        day = day_of(text, form)
    except NotRead as problem:
        raise _wrong(line, f"{text!r} {problem}") from None
    if not nameable(day):
        raise _wrong(line, f"{day} is not from {FIRST_DAY} to {LAST_DAY}")
    return day


def _wrong(line: int, problem: str) -> InvalidField:
    return InvalidField(field="content", problem=f"line {line}: {problem}")
