"""Tables as files that other programs and people read: CSV and XLSX, written row by row, with totals at the end.

The same rows make the same bytes: the workbook's parts bear no time of writing. Amounts are written from whole fen as
decimal text, so no float has a hand in them; codes are text cells, so nothing eats their leading zeros.

CSV is RFC 4180 in UTF-8 with a byte order mark, without which Excel takes Chinese names for something else. CSV knows
no types, so a text that a spreadsheet would take for a formula gets an apostrophe in front; in a workbook it is text.
"""

import csv
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from libs.common.money import Money

Value = str | int | Decimal | date | Money | None
TOTAL = "TOTAL"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


class Form(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Column:
    """A heading; `total` for an amount that is summed below."""

    name: str
    total: bool = False


class Sheet(Protocol):
    def write(self, row: Iterable[Value]) -> None: ...

    def close(self) -> None:
        """Brings the file to its final form; nothing is to be read before."""


def open_sheet(form: Form, path: Path, columns: Sequence[Column]) -> Sheet:
    """A new file at `path` with its headings."""
    sheet: Sheet = CsvSheet(path) if form is Form.CSV else XlsxSheet(path)
    sheet.write([column.name for column in columns])
    return sheet


class CsvSheet:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def write(self, row: Iterable[Value]) -> None:
        self._writer.writerow([_csv(value) for value in row])

    def close(self) -> None:
        self._file.close()


class XlsxSheet:
    """Rows go to a file of openpyxl's own while they come, so memory does not grow with them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("rows")

    def write(self, row: Iterable[Value]) -> None:
        self._sheet.append([_cell(self._sheet, value) for value in row])

    def close(self) -> None:
        draft = self._path.with_suffix(".draft")
        self._book.save(draft)
        _repack(draft, self._path)
        draft.unlink()


def plain(amount: Money) -> str:
    """An amount of renminbi as a decimal of yuan, "-1234.50"."""
    sign, fen = ("-", -amount.minor_units) if amount.minor_units < 0 else ("", amount.minor_units)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def _csv(value: Value) -> str:
    match value:
        case None:
            return ""
        case Money():
            return plain(value)
        case Decimal():
            return format(value, "f")
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
        case date():
            return value.isoformat()
    return str(value)


def _cell(sheet: Any, value: Value) -> Any:
    cell = WriteOnlyCell(sheet)
    match value:
        case Money() | Decimal():
            # openpyxl would write a number through a float; the text of it goes into the file as it is.
            cell._value = plain(value) if isinstance(value, Money) else format(value, "f")
            cell.data_type = "n"
            cell.number_format = "0.00" if isinstance(value, Money) else "0.000000"
        case str():
            cell._value = _FORBIDDEN.sub("�", value)
            cell.data_type = "s"
        case date():
            cell.value = value
            cell.number_format = "yyyy-mm-dd"
        case _:
            cell.value = value
    return cell


def _repack(draft: Path, path: Path) -> None:
    """Writes a workbook's parts again, each with the same time, and without the time at which the book was made."""
    with ZipFile(draft) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            entry = ZipInfo(name, _WRITTEN_AT)
            entry.compress_type = ZIP_DEFLATED
            with source.open(name) as part, target.open(entry, "w", force_zip64=True) as out:
                if name == "docProps/core.xml":
                    out.write(_TIMES.sub(b"", part.read()))
                else:
                    shutil.copyfileobj(part, out)
