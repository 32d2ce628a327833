"""Cells are taken exactly, or refused by their place."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from libs.common import sheet_reading
from libs.common.errors import InvalidField
from libs.common.money import Money
from libs.common.sheet_reading import Cell, SheetRow, Unreadable, read_sheet
from libs.common.sheets import Column, Form, open_sheet


def csv_of(path: Path, *lines: str, encoding: str = "utf-8-sig") -> list[SheetRow]:
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return list(read_sheet(Form.CSV, path))


def xlsx_of(path: Path, *rows: list[Any]) -> list[SheetRow]:
    book = Workbook()
    book.active.title = "policies"
    for row in rows:
        book.active.append(row)
    book.save(path)
    return list(read_sheet(Form.XLSX, path))


def a_cell(value: Any, kind: str) -> Cell:
    return Cell("policies", 12, 6, "DATA.limit", value, kind)


def refused(read: Callable[[], Any]) -> str:
    with pytest.raises(InvalidField) as refusal:
        read()
    assert refusal.value.field == "policies!F12 (DATA.limit)"
    return refusal.value.details["problem"]


def test_a_csv_file_is_read_by_its_headings(tmp_path: Path) -> None:
    headings, first, second = csv_of(tmp_path / "a.csv", "number,name,limit", 'A-1,"Wang, Li",12.50', ",,", "A-2,李,")

    assert list(headings.cells) == ["number", "name", "limit"]
    assert (first.cells["name"].text(), first.cells["limit"].money()) == ("Wang, Li", Money.cny("12.50"))
    assert first.cells["limit"].place == "csv!C2 (limit)"
    assert (second.number, second.cells["name"].text(), "limit" in second.cells) == (4, "李", False)


def test_a_workbook_is_read_by_its_headings(tmp_path: Path) -> None:
    _, row = xlsx_of(
        tmp_path / "a.xlsx",
        ["number", "limit", "premium", "from", "kept"],
        ["0017", 12.5, "1234.56", datetime(2026, 1, 1), True],
    )

    cells = row.cells
    assert (cells["number"].text(), cells["limit"].money()) == ("0017", Money.cny("12.50"))
    assert (cells["premium"].money(), cells["from"].day()) == (Money.cny("1234.56"), date(2026, 1, 1))
    assert (cells["kept"].kind, cells["limit"].place) == ("truth", "policies!B2 (limit)")


@pytest.mark.parametrize("form", list(Form))
def test_what_is_written_here_is_read_as_it_was(tmp_path: Path, form: Form) -> None:
    sheet = open_sheet(form, tmp_path / "a", [Column("number"), Column("limit"), Column("from"), Column("name")])
    sheet.write(["0017", Money.cny("98000.01"), date(2026, 1, 1), "=SUM(1)"])
    sheet.close()

    _, row = read_sheet(form, tmp_path / "a")

    assert (row.cells["number"].text(), row.cells["limit"].money()) == ("0017", Money.cny("98000.01"))
    assert row.cells["from"].day() == date(2026, 1, 1)
    assert row.cells["name"].text() == "=SUM(1)"


@pytest.mark.parametrize("text", ["1,234.50", "1 234", "12.345", "1e3", "¥5", "", "5.", ".5", "--5", "١٢", "12.50 CNY"])
def test_an_amount_in_text_is_a_plain_decimal(text: str) -> None:
    assert "without separators" in refused(a_cell(text, "text").money)


@pytest.mark.parametrize("number", [0.1 + 0.2, 10.005, 1e-9, 1234.5600000000001, 100.001])
def test_a_number_cell_that_is_no_whole_fen_is_refused(number: float) -> None:
    assert refused(a_cell(number, "number").money) == f"is {number!r}, which is no whole number of fen"


def test_a_number_cell_that_is_too_large_to_be_exact_is_refused() -> None:
    assert "too large" in refused(a_cell(2.0**53, "number").money)


@given(st.integers(-(10**12), 10**12))
def test_every_fen_comes_back_from_a_number_cell(fen: int) -> None:
    assert a_cell(fen / 100, "number").money() == Money("CNY", fen)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("=A1*2", "formula"), ("#REF!", "error"), (True, "truth"), (time(8), "time"), (date(2026, 1, 1), "date")],
)
def test_what_is_no_amount_is_refused(value: Any, kind: str) -> None:
    assert refused(a_cell(value, kind).money).startswith("must be an amount")


def test_a_code_in_a_number_cell_is_refused() -> None:
    assert refused(a_cell(17, "number").text) == "must be a text cell"


@pytest.mark.parametrize("value", ["2026-1-1", "2026-02-30", "01/02/2026", "20260101"])
def test_a_date_is_written_in_one_way(value: str) -> None:
    assert "date" in refused(a_cell(value, "text").day)


def test_a_moment_is_no_date(tmp_path: Path) -> None:
    _, row = xlsx_of(tmp_path / "a.xlsx", ["from"], [datetime(2026, 1, 1, 8)])

    with pytest.raises(InvalidField, match="a cell of time"):
        row.cells["from"].day()


def test_a_formula_is_seen_as_one(tmp_path: Path) -> None:
    _, row = xlsx_of(tmp_path / "a.xlsx", ["limit"], ["=1+1"])

    assert row.cells["limit"].kind == "formula"


@pytest.mark.parametrize("value", ["1.5", "-1", "one", "1234567890"])
def test_a_whole_number_is_one(value: str) -> None:
    assert refused(a_cell(value, "text").whole) == "must be a whole number"


def test_a_percent_is_taken_as_it_is_written() -> None:
    assert [a_cell(value, "number").plain() for value in (60, 60.0, 12.5)] == ["60", "60", "12.5"]
    assert a_cell("33.333333", "text").plain() == "33.333333"


def test_a_cell_without_a_heading_is_found(tmp_path: Path) -> None:
    _, row = csv_of(tmp_path / "a.csv", "number", "A-1,17")

    assert row.excess == "csv!B2"


@pytest.mark.parametrize(
    ("lines", "place"), [(["a,a"], "csv!B1"), ([""], "csv!A1"), ([], "csv!A1"), (['a,"b'], "csv!A1")]
)
def test_headings_are_there_and_come_once(tmp_path: Path, lines: list[str], place: str) -> None:
    with pytest.raises(Unreadable) as problem:
        csv_of(tmp_path / "a.csv", *lines)

    assert problem.value.place == place


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_is_read_in_the_forms_in_which_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    _, row = csv_of(tmp_path / "a.csv", "name,名称", "a,上海示例软件有限公司", encoding=encoding)

    assert row.cells["名称"].text() == "上海示例软件有限公司"


@pytest.mark.parametrize("content", [b"a,b\r\n\xff\xfe,1\r\n", "名称\r\n".encode() + b"\xc3\xfb\xb3\xc6\r\n"])
def test_what_is_neither_utf_8_nor_gb_18030_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    with pytest.raises(Unreadable, match="UTF-8") as problem:
        list(read_sheet(Form.CSV, path))

    assert problem.value.place == "csv!A2"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", b"a,b\r\n"])
def test_what_is_no_workbook_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)

    with pytest.raises(Unreadable, match="is no XLSX"):
        list(read_sheet(Form.XLSX, tmp_path / "a.xlsx"))


def test_a_zip_that_is_no_workbook_is_unreadable(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.xlsx", "w") as packed:
        packed.writestr("a", "b")

    with pytest.raises(Unreadable, match="is no XLSX"):
        list(read_sheet(Form.XLSX, tmp_path / "a.xlsx"))


def test_a_damaged_sheet_is_unreadable(tmp_path: Path) -> None:
    xlsx_of(tmp_path / "a.xlsx", ["a"], ["b"])
    with ZipFile(tmp_path / "a.xlsx") as whole, ZipFile(tmp_path / "b.xlsx", "w") as broken:
        for name in whole.namelist():
            part = whole.read(name)
            broken.writestr(name, part[: len(part) // 2] if name.endswith("sheet1.xml") else part)

    with pytest.raises(Unreadable, match="workbook"):
        list(read_sheet(Form.XLSX, tmp_path / "b.xlsx"))


def test_a_workbook_that_unpacks_to_too_much_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_reading, "LARGEST_WORKBOOK", 1000)

    with pytest.raises(Unreadable, match="too large"):
        xlsx_of(tmp_path / "a.xlsx", ["a"])


def test_there_may_be_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="more than 500 columns"):
        csv_of(tmp_path / "a.csv", ",".join(f"c{number}" for number in range(501)))
