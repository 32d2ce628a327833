"""Tables from files of other programs and people: CSV and XLSX, row by row, each cell by its place.

Nothing is guessed. An amount is a decimal text without separators, or a number cell that is one; a number cell that is
no whole number of fen is refused, as is a code in a number cell (it may have lost its zeros), a formula and an error.
A workbook's first sheet is read. What can't be read at all raises `Unreadable` with the place.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl.utils import get_column_letter

from libs.common.dates import FIRST_DAY, LAST_DAY, nameable
from libs.common.errors import InvalidField
from libs.common.figures import NotRead, amount_of, day_of, whole_of
from libs.common.money import CNY, Money
from libs.common.sheets import FORMULA, Form
from libs.common.workbooks import LONGEST_PIECE, LONGEST_TEXT, MOST_ROWS, Filled, Unreadable, opened
from libs.common.workers import Abandoned, Stop

__all__ = ["Cell", "NoRows", "SheetRow", "Unreadable", "place_of", "read_sheet"]

MOST_COLUMNS = 500
EXACT_FEN = 2**53 // 100
"""From so many yuan on, a number cell can't tell one fen from the next."""


class NoRows(Unreadable):
    """There is nothing in the file, or nothing below its headings."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not blank. `kind` is text, number, date, or what it is instead."""

    sheet: str
    row: int
    column: int
    heading: str
    value: Any
    kind: str

    @property
    def place(self) -> str:
        """Where it stands, as people look for it: `policies!F12 (DATA.limit)`."""
        return f"{place_of(self.sheet, self.row, self.column)} ({self.heading})"

    def text(self) -> str:
        """A text. A number is refused: a code that became one may not be what it was."""
        if self.kind != "text":
            raise self._wrong("must be a text cell")
        return str(self.value).strip()

    def money(self) -> Money:
        """An amount of renminbi, exact to the fen."""
        if self.kind == "text":
            try:
                return Money(CNY, int(amount_of(self.value.strip(), grouped=False) * 100))
            except NotRead:
                raise self._wrong("must be an amount such as 1234.50, without separators, exact to the fen") from None
        if self.kind != "number":
            raise self._wrong("must be an amount")
        exact = Decimal(repr(self.value))
        if abs(exact) >= EXACT_FEN:
            raise self._wrong("is too large a number to be exact; write it as text")
        if (exact * 100) % 1:
            raise self._wrong(f"is {self.value!r}, which is no whole number of fen")
        return Money(CNY, int(exact * 100))

    def day(self) -> date:
        """A date, written as 2026-01-31 or in a date cell."""
        found: date | None = None
        if self.kind == "date":
            found = self.value
        elif self.kind == "text":
            with suppress(NotRead):  # Told as any other cell that holds no date.
                found = day_of(self.value.strip())
        if found is None:
            raise self._wrong("must be a date such as 2026-01-31")
        if not nameable(found):
            raise self._wrong(f"must be a date from {FIRST_DAY} to {LAST_DAY}")
        return found

    def whole(self) -> int:
        """A whole number from 0 on."""
        try:
            if self.kind in ("text", "number"):
                return whole_of(str(self.value).strip())
        except NotRead:
            pass  # Told as a cell of another kind.
        raise self._wrong("must be a whole number")

    def plain(self) -> str:
        """A decimal or a word as text: a number cell as it is written, 60 or 12.5."""
        if self.kind == "number":
            return format(Decimal(repr(self.value)).normalize(), "f")
        return self.text()

    def _wrong(self, problem: str) -> InvalidField:
        found = self.kind if self.kind not in ("text", "number", "date") else ""
        return InvalidField(field=self.place, problem=f"{problem}; it is a cell of {found}" if found else problem)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank: its cells by heading. `excess` is where it has more cells than there are headings."""

    sheet: str
    number: int
    cells: dict[str, Cell]
    excess: str = ""


def read_sheet(form: Form, path: Path, stop: Stop = lambda: False) -> Iterator[SheetRow]:
    """The rows of a file under its headings, which are the first row; each heading once. Abandoned when `stop` says so.

    NoRows comes at the end, if there are none. However far rows and cells stand from each other, only what is written
    down is read.
    """
    lines = _csv(path, stop) if form is Form.CSV else _xlsx(path, stop)
    sheet, number, first = next(lines, ("csv" if form is Form.CSV else "workbook", 1, ()))
    if not first and not any(filled for _, _, filled in lines):
        raise NoRows(place_of(sheet, 1, 1), "there are neither headings nor rows")
    headings = _headings(sheet, first if number == 1 else ())
    yield SheetRow(sheet, 1, {name: Cell(sheet, 1, at, name, name, "text") for at, name in headings.items()})
    found = False
    for sheet, number, filled in lines:
        cells = {}
        excess = ""
        for column, value, kind in filled:
            name = headings.get(column)
            if name is None:
                excess = excess or place_of(sheet, number, column)
                continue
            cells[name] = Cell(sheet, number, column, name, value, kind)
        if cells or excess:
            found = True
            yield SheetRow(sheet, number, cells, excess)
    if not found:
        raise NoRows(place_of(sheet, 1, 1), "there are no rows below the headings")


def place_of(sheet: str, row: int, column: int) -> str:
    return f"{sheet}!{get_column_letter(column)}{row}"


Line = tuple[str, int, Sequence[Filled]]
"""The name of a sheet, the number of a row, and its cells that are not blank."""


def _headings(sheet: str, filled: Sequence[Filled]) -> dict[int, str]:
    found: dict[int, str] = {}
    for column, value, kind in filled:
        name = str(value).strip()
        if column > MOST_COLUMNS:
            raise Unreadable(place_of(sheet, 1, column), f"there are more than {MOST_COLUMNS} columns")
        if kind != "text" or name in found.values():
            raise Unreadable(place_of(sheet, 1, column), f"must be a heading that comes once, not {name[:100]!r}")
        found[column] = name
    if not found:
        raise Unreadable(f"{sheet}!A1", "there are no headings")
    return found


def _csv(path: Path, stop: Stop) -> Iterator[Line]:
    number = 0
    try:
        with path.open("rb") as file:
            lines = _Lines(file, stop)
            for number, values in enumerate(csv.reader(lines, strict=True), start=1):
                if number > MOST_ROWS:
                    raise Unreadable(f"csv!A{number}", f"there are more than {MOST_ROWS} rows")
                lines.unread = 0
                yield "csv", number, list(_filled_of(number, values))
    except UnicodeDecodeError:
        raise Unreadable(f"csv!A{number + 1}", "is neither UTF-8 nor GB 18030, or changes between the two") from None
    except csv.Error as error:
        raise Unreadable(f"csv!A{number + 1}", f"is no CSV: {error}") from None
    except _TooLong:
        raise Unreadable(f"csv!A{number + 1}", f"is a row of more than {LONGEST_PIECE} bytes") from None


class _TooLong(Exception):
    """A row does not end."""


class _Lines:
    """The lines of a file in UTF-8, or in GB 18030 (GBK among it), as Chinese spreadsheets write them.

    The first line that is not plain ASCII says which: a text of one is hardly ever one of the other. One by one, so
    that what is neither is found in its row and not when a buffer is filled. `unread` are the bytes of those that are
    not yet a row: a field in quotes may have many lines.
    """

    def __init__(self, file: BinaryIO, stop: Stop) -> None:
        self._file = file
        self._stop = stop
        self._encoding = ""
        self.unread = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_PIECE + 1)
        self.unread += len(line)
        if not line:
            raise StopIteration
        if self._stop():
            raise Abandoned
        if self.unread > LONGEST_PIECE:
            raise _TooLong
        if line.startswith(BOM_UTF8) and not self._encoding:
            self._encoding, line = "utf-8", line.removeprefix(BOM_UTF8)
        if not self._encoding and not line.isascii():
            self._encoding = "utf-8" if _is_utf8(line) else "gb18030"
        return line.decode(self._encoding or "ascii")


def _filled_of(number: int, values: Sequence[str]) -> Iterator[Filled]:
    for column, value in enumerate(values, start=1):
        if len(value) > LONGEST_TEXT:
            raise Unreadable(place_of("csv", number, column), f"has more than {LONGEST_TEXT} characters")
        if value.strip():
            yield Filled(column, _unescaped(value), "text")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unescaped(value: str) -> str:
    """Without the apostrophe that is put before a text that a spreadsheet would take for a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _xlsx(path: Path, stop: Stop) -> Iterator[Line]:
    with opened(path, stop) as (title, rows):
        for number, filled in rows:
            yield title, number, filled
