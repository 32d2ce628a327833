"""A small file that claims to be a very large one is read for what it is, or refused, in little memory and time.

Each was read with openpyxl before, which fills gaps; a reader with a grid in memory ends the process on some of them.
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from tracemalloc import get_traced_memory, start, stop
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from libs.common import workbooks
from libs.common.sheet_reading import SheetRow, Unreadable, read_sheet
from libs.common.sheets import Form
from libs.common.workers import Abandoned
from tests.common import bombs
from tests.common.bombs import HEADING, begun, row, sheet

SHEET = "xl/worksheets/sheet1.xml"
Make = Callable[[Path], Path]


def read(path: Path) -> list[SheetRow]:
    return list(read_sheet(Form.XLSX, path))


def _lacking(path: Path, name: str) -> Path:
    return bombs.workbook(path, sheet(HEADING), **{name: "<a/>"})


REFUSED: dict[str, tuple[Make, str]] = {
    "the billionth row": (bombs.gap, "row 1000000000 comes after row 1; there are 1048576 at most"),
    "a row behind the last": (lambda path: bombs.gap(path, 1_048_577, 1), "1048576 at most"),
    "the same row twice": (lambda path: bombs.workbook(path, sheet(HEADING, row(1, "a"))), "comes after row 1"),
    "no number of a row": (lambda path: bombs.workbook(path, sheet(HEADING, row("1e9", "a"))), "row 1e9 comes"),
    "a column behind the last": (
        lambda path: bombs.workbook(path, sheet(HEADING, row(2, "a", column="ZZZ"))),
        "ZZZ2: stands in no column",
    ),
    "a text that is too long": (
        lambda path: bombs.workbook(path, sheet(HEADING, row(2, "a" * 32_768))),
        "has more than 32767 characters",
    ),
    "a shared text that is too long": (
        lambda path: bombs.workbook(
            path,
            sheet(HEADING, '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'),
            sharedStrings=bombs.PARTS["xl/sharedStrings.xml"].replace("number", "a" * 40_000),
        ),
        "A2: has more than 32767 characters",
    ),
    "a row of a million cells": (
        lambda path: bombs.long_part(path, SHEET, begun(HEADING) + '<row r="2">', "<c/>", 400_000, "</row>"),
        "one element of xl/worksheets/sheet1.xml has more than",
    ),
    "rows that unpack to a hundred times as much": (
        lambda path: bombs.long_part(path, SHEET, begun(HEADING), f"<row>{' ' * 95}</row>", 200_000, ""),
        "100 times as large",
    ),
    "shared texts that unpack to a hundred times as much": (
        lambda path: bombs.long_part(
            path, "xl/sharedStrings.xml", bombs.PARTS["xl/sharedStrings.xml"][:-6], "<si><t>a</t></si>", 1_000_000, ""
        ),
        "100 times as large",
    ),
    "styles without end": (
        lambda path: bombs.long_part(
            path, "xl/styles.xml", bombs.PARTS["xl/styles.xml"][:-23], '<xf numFmtId="0"/>', 100_000, ""
        ),
        "65536 styles",
    ),
    "sheets without end": (
        lambda path: bombs.long_part(path, "xl/workbook.xml", "<workbook><sheets>", "<sheet/>", 300_000, ""),
        "too large when it is unpacked",
    ),
    "entities that multiply": (
        lambda path: bombs.workbook(
            path, '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + sheet(HEADING)
        ),
        "has a document type",
    ),
    "UTF-16": (lambda path: bombs.workbook(path, sheet(HEADING).encode("utf-16")), "is not UTF-8"),  # type: ignore[arg-type]
    "no sheet": (lambda path: _lacking(path, "workbook"), "it has no sheet"),
    "a shared text that is not there": (
        lambda path: bombs.workbook(path, sheet(HEADING, '<row r="2"><c r="A2" t="s"><v>1</v></c></row>')),
        "names shared text 1, which is not there",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_workbook_that_claims_too_much_is_refused_at_once(tmp_path: Path, name: str) -> None:
    make, problem = REFUSED[name]
    path = make(tmp_path / "a.xlsx")
    assert path.stat().st_size < 6 << 20
    began = monotonic()
    with pytest.raises(Unreadable, match=problem):
        read(path)
    assert monotonic() - began < 30


def test_a_row_without_end_takes_little_memory(tmp_path: Path) -> None:
    path = bombs.long_part(tmp_path / "a.xlsx", SHEET, begun(HEADING) + "<row>", "<c/>", 400_000, "</row>")
    start()
    try:
        with pytest.raises(Unreadable, match="one element"):
            read(path)
        assert get_traced_memory()[1] < 40 << 20
    finally:
        stop()


def test_what_is_far_apart_is_read_for_what_it_is(tmp_path: Path) -> None:
    heading = HEADING.replace("</row>", '<c r="SF1" t="inlineStr"><is><t>last</t></is></c></row>')
    far = row(1_048_576, "A-1", column="SF")

    _, only = read(bombs.workbook(tmp_path / "a.xlsx", sheet(heading, far)))

    assert (only.number, only.cells["last"].text(), list(only.cells)) == (1_048_576, "A-1", ["last"])


def test_the_dimension_that_a_sheet_claims_is_nothing_to_anybody(tmp_path: Path) -> None:
    claimed = sheet(HEADING, row(2, "A-1")).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')

    assert [each.number for each in read(bombs.workbook(tmp_path / "a.xlsx", claimed))] == [1, 2]


def test_a_workbook_in_another_compression_is_refused(tmp_path: Path) -> None:
    bombs.workbook(tmp_path / "a.xlsx", sheet(HEADING))
    with ZipFile(tmp_path / "a.xlsx") as whole, ZipFile(tmp_path / "b.xlsx", "w", ZIP_BZIP2) as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name))

    with pytest.raises(Unreadable, match="another way than deflate"):
        read(tmp_path / "b.xlsx")


def test_a_directory_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.xlsx", "w", ZIP_DEFLATED) as packed:
        for number in range(12_000):
            packed.writestr(f"{number:0100d}", b"")

    with pytest.raises(Unreadable, match="its directory is"):
        read(tmp_path / "a.xlsx")


def test_reading_ends_when_nobody_waits_for_it_even_between_rows_that_are_blank(tmp_path: Path) -> None:
    path = bombs.long_part(tmp_path / "a.xlsx", SHEET, begun(HEADING), "<row/>", 400_000, "")
    asked = 0

    def stop_soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 20

    rows = read_sheet(Form.XLSX, path, stop_soon)
    next(rows)
    with pytest.raises(Abandoned):
        next(rows)
    assert asked == 21


@pytest.mark.parametrize("content", [b"a\r\n" + b"," * (2 << 20), b'a\r\n"' + b'\n","' * (1 << 20)])
def test_a_row_of_a_csv_file_that_does_not_end_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(Unreadable, match="is a row of more than 1048576 bytes") as refused:
        list(read_sheet(Form.CSV, tmp_path / "a.csv"))
    assert refused.value.place == "csv!A2"


def test_a_csv_file_has_so_many_rows_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.common.sheet_reading.MOST_ROWS", 3)
    (tmp_path / "a.csv").write_bytes(b"a\r\n1\r\n2\r\n3\r\n")

    with pytest.raises(Unreadable, match="more than 3 rows"):
        list(read_sheet(Form.CSV, tmp_path / "a.csv"))


def test_reading_a_csv_file_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\r\n" + b"\r\n" * 100_000)

    rows = read_sheet(Form.CSV, tmp_path / "a.csv", lambda: rows_begun)
    rows_begun = False
    next(rows)
    rows_begun = True
    with pytest.raises(Abandoned):
        next(rows)


def test_a_number_that_is_none_is_an_error_and_no_amount(tmp_path: Path) -> None:
    cells = "".join(f"<c><v>{text}</v></c>" for text in ("1e999", "nan", "１２", "1_0", "9" * 400))
    headings = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in "abcde")

    _, only = read(bombs.workbook(tmp_path / "a.xlsx", sheet(f"<row>{headings}</row>", f"<row>{cells}</row>")))

    assert {each.kind for each in only.cells.values()} == {"error"}
    assert workbooks.MOST_STRINGS * 8 <= 32 << 20
