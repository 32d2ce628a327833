"""Tables as files: the same rows make the same bytes, amounts are exact, and no text becomes a formula."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from libs.common import sheets
from libs.common.money import Money
from libs.common.sheets import Column, Form, open_sheet

COLUMNS = [Column("name"), Column("amount", total=True), Column("day"), Column("number"), Column("rate")]
ROW = ['护保, "quoted"\nline', Money.cny("-1234567890123.45"), date(2026, 1, 2), 7, Decimal("33.333333")]


def written(path: Path, form: Form, *rows: list[sheets.Value]) -> bytes:
    sheet = open_sheet(form, path, COLUMNS)
    for row in rows:
        sheet.write(row)
    sheet.close()
    return path.read_bytes()


def test_a_csv_comes_back_as_it_was_written(tmp_path: Path) -> None:
    data = written(tmp_path / "file", Form.CSV, ROW, [None, Money.cny("0.05"), None, 0, None])

    assert data.startswith(b"\xef\xbb\xbfname,amount,day,number,rate\r\n")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1] == ['护保, "quoted"\nline', "-1234567890123.45", "2026-01-02", "7", "33.333333"]
    assert rows[2] == ["", "0.05", "", "0", ""]


def test_a_workbook_holds_amounts_as_their_exact_text(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    written(path, Form.XLSX, ROW)

    with ZipFile(path) as book:
        assert b"<v>-1234567890123.45</v>" in book.read("xl/worksheets/sheet1.xml")
    cells = openpyxl.load_workbook(path).active[2]
    assert [cell.value for cell in cells][:1] == ROW[:1]
    assert (cells[1].data_type, cells[1].number_format) == ("n", "0.00")
    assert (cells[2].is_date, cells[3].value) == (True, 7)


def test_a_workbook_has_the_same_bytes_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path / "one", Form.XLSX, ROW)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert written(tmp_path / "two", Form.XLSX, ROW) == first
    assert b"2033" not in first


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_looks_like_a_formula_stays_text(tmp_path: Path, text: str) -> None:
    plain = written(tmp_path / "plain", Form.CSV, [text, None, None, None, None])
    written(tmp_path / "book.xlsx", Form.XLSX, [text, None, None, None, None])

    (_, row) = csv.reader(io.StringIO(plain.decode("utf-8-sig"), newline=""))
    cell = openpyxl.load_workbook(tmp_path / "book.xlsx").active["A2"]
    assert row[0] == "'" + text
    assert cell.data_type == "s"
    assert cell.value.lstrip() == text.lstrip()


def test_a_character_that_no_workbook_may_hold_is_replaced(tmp_path: Path) -> None:
    written(tmp_path / "book.xlsx", Form.XLSX, ["a\x01b", None, None, None, None])

    assert openpyxl.load_workbook(tmp_path / "book.xlsx").active["A2"].value == "a�b"
