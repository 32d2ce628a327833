"""Tables from files of other programs and people: CSV and XLSX, row by row, each cell by its place.

Nothing is guessed. An amount is a decimal text without separators, or a number cell that is one; a number cell that is
no whole number of fen is refused, as is a code in a number cell (it may have lost its zeros), a formula and an error.
A workbook's first sheet is read. What can't be read at all raises `Unreadable` with the place.
"""

import csv
import struct
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from lzma import LZMAError
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from libs.common.errors import InvalidField
from libs.common.figures import NotRead, amount_of, day_of, whole_of
from libs.common.money import CNY, Money
from libs.common.sheets import FORMULA, Form

MOST_COLUMNS = 500
LARGEST_WORKBOOK = 1 << 30
"""Bytes of a workbook when it is unpacked: a small file may claim to be a very large one."""
EXACT_FEN = 2**53 // 100
"""From so many yuan on, a number cell can't tell one fen from the next."""


_DAMAGE = (
    *(BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError),
    *(LookupError, ValueError, SyntaxError, TypeError, AttributeError, ArithmeticError, struct.error),
)
"""Whatever a workbook's parts lack or say, and however they are packed: openpyxl has no error of its own for it. An
encrypted part is a RuntimeError, one that is packed in an unknown way a NotImplementedError."""


class Unreadable(Exception):
    """The file, or what comes from a place of it on, can't be read."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


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
        if self.kind == "date":
            return self.value  # type: ignore[no-any-return]
        if self.kind == "text":
            try:
                return day_of(self.value.strip())
            except NotRead:
                pass  # Told as any other cell that holds no date.
        raise self._wrong("must be a date such as 2026-01-31")

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


def read_sheet(form: Form, path: Path) -> Iterator[SheetRow]:
    """The rows of a file under its headings, which are the first row; each heading once."""
    lines = _csv(path) if form is Form.CSV else _xlsx(path)
    sheet, number, first = next(lines, ("csv", 1, ()))
    headings = _headings(sheet, number, first)
    yield SheetRow(sheet, number, {name: Cell(sheet, number, at, name, name, "text") for at, name in headings.items()})
    for sheet, number, values in lines:
        cells = {}
        excess = ""
        for column, (value, kind) in enumerate(values, start=1):
            if kind == "blank":
                continue
            name = headings.get(column)
            if name is None:
                excess = excess or place_of(sheet, number, column)
                continue
            cells[name] = Cell(sheet, number, column, name, value, kind)
        if cells or excess:
            yield SheetRow(sheet, number, cells, excess)


def place_of(sheet: str, row: int, column: int) -> str:
    return f"{sheet}!{get_column_letter(column)}{row}"


Value = tuple[Any, str]
Line = tuple[str, int, Sequence[Value]]


def _headings(sheet: str, number: int, values: Sequence[Value]) -> dict[int, str]:
    found: dict[int, str] = {}
    for column, (value, kind) in enumerate(values, start=1):
        if kind == "blank":
            continue
        name = str(value).strip()
        if column > MOST_COLUMNS:
            raise Unreadable(place_of(sheet, number, column), f"there are more than {MOST_COLUMNS} columns")
        if kind != "text" or name in found.values():
            raise Unreadable(place_of(sheet, number, column), f"must be a heading that comes once, not {name!r}")
        found[column] = name
    if not found:
        raise Unreadable(f"{sheet}!A{number}", "there are no headings")
    return found


def _csv(path: Path) -> Iterator[Line]:
    number = 0
    try:
        with path.open("rb") as file:
            for number, values in enumerate(csv.reader(_decoded(file), strict=True), start=1):
                yield "csv", number, [(_unescaped(value), "text" if value.strip() else "blank") for value in values]
    except UnicodeDecodeError:
        raise Unreadable(f"csv!A{number + 1}", "is neither UTF-8 nor GB 18030, or changes between the two") from None
    except csv.Error as error:
        raise Unreadable(f"csv!A{number + 1}", f"is no CSV: {error}") from None


def _decoded(file: Iterable[bytes]) -> Iterator[str]:
    """The lines of a file in UTF-8, or in GB 18030 (GBK among it), as Chinese spreadsheets write them.

    The first line that is not plain ASCII says which: a text of one is hardly ever one of the other. Line by line, so
    that what is neither is found in its row and not when a buffer is filled.
    """
    encoding = ""
    for at, line in enumerate(file):
        if at == 0 and line.startswith(BOM_UTF8):
            encoding, line = "utf-8", line.removeprefix(BOM_UTF8)
        if not encoding and not line.isascii():
            encoding = "utf-8" if _is_utf8(line) else "gb18030"
        yield line.decode(encoding or "ascii")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unescaped(value: str) -> str:
    """Without the apostrophe that is put before a text that a spreadsheet would take for a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _xlsx(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        book = _workbook(file)
        place, number = "workbook", 0
        try:
            if not book.worksheets:
                raise Unreadable("workbook", "has no sheet")
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            sheet._shared_strings = _Strings(sheet._shared_strings)
            place = f"{sheet.title}!"
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                yield sheet.title, number, [_typed(cell) for cell in cells]
        except _DAMAGE as error:
            where = f"{place}{number + 1}" if place.endswith("!") else place
            raise Unreadable(where, f"is damaged: {type(error).__name__}") from None
        finally:
            book.close()


def _workbook(file: BinaryIO) -> Any:
    try:
        with ZipFile(file) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked <= LARGEST_WORKBOOK:
            file.seek(0)
            return load_workbook(file, read_only=True)
    except _DAMAGE as error:
        raise Unreadable("workbook", f"is no XLSX: {type(error).__name__}") from None
    raise Unreadable("workbook", "is too large when it is unpacked")


class _Strings(list[str]):
    """The texts that cells name by their number, which begin with 0: Python would also count from the end."""

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            raise IndexError(index)
        return super().__getitem__(index)


def _typed(cell: Any) -> Value:
    value = cell.value
    match value:
        case None:
            return None, "blank"
        case str() if not value.strip():
            return None, "blank"
        case str():
            kinds = {"f": "formula", "e": "error"}
            return value, kinds.get(cell.data_type, "text")
        case bool():
            return value, "truth"
        case int() | float():
            return value, "number"
        case datetime() if value.time() == time():
            return value.date(), "date"
        case date() if not isinstance(value, datetime):
            return value, "date"
    return value, "time"
