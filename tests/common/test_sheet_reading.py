"""Cells are taken exactly, or refused by their place."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from libs.common import workbooks
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

    with pytest.raises(Unreadable, match="policies!1: is damaged"):
        list(read_sheet(Form.XLSX, tmp_path / "b.xlsx"))


def test_a_workbook_that_unpacks_to_too_much_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_WORKBOOK", 1000)

    with pytest.raises(Unreadable, match="too large"):
        xlsx_of(tmp_path / "a.xlsx", ["a"])


def test_there_may_be_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="more than 500 columns"):
        csv_of(tmp_path / "a.csv", ",".join(f"c{number}" for number in range(501)))


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_day_that_nobody_may_name_is_refused_by_its_place(day: date) -> None:
    for cell in (a_cell(day, "date"), a_cell(day.isoformat(), "text")):
        assert refused(cell.day) == "must be a date from 1900-01-01 to 2199-12-31"


MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def shared_strings_in(path: Path, *rows: list[Any]) -> None:
    """A workbook as spreadsheets write it: cells name their texts by number."""
    xlsx_of(path, *rows)
    with ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    texts: list[bytes] = []

    def shared(cell: "re.Match[bytes]") -> bytes:
        texts.append(b"<si><t>" + cell[1] + b"</t></si>")
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb't="inlineStr"><is><t>([^<]*)</t></is>', shared, parts[sheet])
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (MAIN, b"".join(texts))
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    types = "[Content_Types].xml"
    parts[types] = parts[types].replace(b"</Types>", override)
    with ZipFile(path, "w", ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name, content)


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one of its parts changed."""
    broken = path.with_name("b.xlsx")
    with ZipFile(path) as whole, ZipFile(broken, "w", ZIP_DEFLATED) as written:
        for name in whole.namelist():
            content = whole.read(name)
            written.writestr(name, change(content) if name.endswith(part) else content)
    return broken


def with_bytes(path: Path, part: str, change: Callable[[bytearray, ZipInfo, int], None]) -> Path:
    """The workbook with bytes of one part changed as they lie in the file; `change` gets the place of its data."""
    raw = bytearray(path.read_bytes())
    with ZipFile(path) as whole:
        entry = next(one for one in whole.infolist() if one.filename.endswith(part))
    names = int.from_bytes(raw[entry.header_offset + 26 : entry.header_offset + 28], "little")
    extra = int.from_bytes(raw[entry.header_offset + 28 : entry.header_offset + 30], "little")
    change(raw, entry, entry.header_offset + 30 + names + extra)
    broken = path.with_name("b.xlsx")
    broken.write_bytes(raw)
    return broken


def in_both_headers(raw: bytearray, entry: ZipInfo, local: int, central: int, value: int) -> None:
    place = raw.rindex(entry.filename.encode()) - 46
    raw[entry.header_offset + local] = value
    raw[place + central] = value


def encrypted(raw: bytearray, entry: ZipInfo, data: int) -> None:
    in_both_headers(raw, entry, 6, 8, entry.flag_bits | 1)


def packed_in_an_unknown_way(raw: bytearray, entry: ZipInfo, data: int) -> None:
    in_both_headers(raw, entry, 8, 10, 99)


def damaged(raw: bytearray, entry: ZipInfo, data: int) -> None:
    middle = data + entry.compress_size // 2
    raw[middle : middle + 8] = b"\xff" * 8


def cut_short(raw: bytearray, entry: ZipInfo, data: int) -> None:
    raw[data : data + 4] = b"\x03\x00\x00\x00"


BYTES = [encrypted, packed_in_an_unknown_way, damaged, cut_short]
PARTS = ["sheet1.xml", "workbook.xml", "styles.xml", "sharedStrings.xml", "[Content_Types].xml"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("change", BYTES, ids=lambda change: change.__name__)
def test_a_workbook_with_a_damaged_part_is_unreadable(
    tmp_path: Path, part: str, change: Callable[[bytearray, ZipInfo, int], None]
) -> None:
    shared_strings_in(tmp_path / "a.xlsx", ["number"], *[[f"A-{row}"] for row in range(500)])

    with pytest.raises(Unreadable):
        list(read_sheet(Form.XLSX, with_bytes(tmp_path / "a.xlsx", part, change)))


@pytest.mark.parametrize("index", [b"7777", b"-9", b"x", b"9" * 30])
def test_a_cell_that_names_no_string_is_unreadable_by_its_row(tmp_path: Path, index: bytes) -> None:
    shared_strings_in(tmp_path / "a.xlsx", ["number"], ["A-1"], ["A-2"])
    broken = rewritten(
        tmp_path / "a.xlsx", "sheet1.xml", lambda xml: xml.replace(b"<v>2</v>", b"<v>" + index + b"</v>")
    )

    with pytest.raises(Unreadable) as problem:
        list(read_sheet(Form.XLSX, broken))

    assert problem.value.place == "policies!3"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'r="A2"', b'r="2A"'),
        (b'r="A2"', b'r="AAAAAAAA2"'),
        (b't="s"', b't="d"'),
        (b't="s"', b't="zz"'),
        (b'<row r="2"', b'<row r="two"'),
        (b'<row r="2"', b'<row r="-2"'),
    ],
)
def test_a_sheet_of_nonsense_is_refused_and_never_a_bug(tmp_path: Path, old: bytes, new: bytes) -> None:
    shared_strings_in(tmp_path / "a.xlsx", ["number"], ["A-1"], ["A-2"])
    broken = rewritten(tmp_path / "a.xlsx", "sheet1.xml", lambda xml: xml.replace(old, new))

    with suppress(Unreadable):
        assert all(row.cells for row in read_sheet(Form.XLSX, broken))


FOREIGN = ["１２３４", "١٢٣٤", "۱۲۳۴", "12３4", "1.５", "1e３", "१२", "\u00a05", "−5", "1_000", "²", "1,5"]
"""Numbers to Python or to a person, in a number cell of a workbook that a hand has made."""


def with_cell(path: Path, old: str, new: str) -> Cell:
    """B2 of a workbook whose raw XML was changed."""
    xlsx_of(path, ["number", "limit"], ["A-1", 1234])
    broken = rewritten(path, "sheet1.xml", lambda xml: xml.replace(old.encode(), new.encode()))
    assert broken.read_bytes() != path.read_bytes()
    _, row = read_sheet(Form.XLSX, broken)
    return row.cells["limit"]


@pytest.mark.parametrize("digits", FOREIGN)
def test_a_number_in_the_digits_of_another_script_is_refused_with_its_cell(tmp_path: Path, digits: str) -> None:
    cell = with_cell(tmp_path / "a.xlsx", "<v>1234</v>", f"<v>{digits}</v>")

    for read in (cell.money, cell.whole, cell.day, cell.plain):
        with pytest.raises(InvalidField, match="is a cell of error") as refusal:
            read()
        assert refusal.value.field == "policies!B2 (limit)"


@pytest.mark.parametrize("kind", ["str", "inlineStr"])
@pytest.mark.parametrize("digits", FOREIGN)
def test_a_text_in_the_digits_of_another_script_is_no_number(tmp_path: Path, digits: str, kind: str) -> None:
    value = f"<v>{digits}</v>" if kind == "str" else f"<is><t>{digits}</t></is>"
    cell = with_cell(tmp_path / "a.xlsx", ' t="n"><v>1234</v>', f' t="{kind}">{value}')

    for read in (cell.money, cell.whole, cell.day):
        if (digits, read) == ("\u00a05", cell.money) or (digits, read) == ("\u00a05", cell.whole):
            continue  # A text loses the blanks round it.
        with pytest.raises(InvalidField) as refusal:
            read()
        assert refusal.value.field == "policies!B2 (limit)"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("d", "２０２６-01-01"),
        ("d", "٢٠٢٦-٠١-٠١"),
        ("d", "2026-01-0199"),
        ("d", "2026-01-01 or so"),
        ("d", "2026-02-30"),
        ("b", "１"),
        ("b", "yes"),
        ("n", "NaN"),
        ("n", "INF"),
    ],
)
def test_a_date_or_a_truth_in_other_signs_is_refused_with_its_cell(tmp_path: Path, kind: str, value: str) -> None:
    cell = with_cell(tmp_path / "a.xlsx", ' t="n"><v>1234</v>', f' t="{kind}"><v>{value}</v>')

    with pytest.raises(InvalidField, match="is a cell of error") as refusal:
        cell.day()
    assert refusal.value.field == "policies!B2 (limit)"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T00:00:00", date(2026, 1, 31)),
        (" 2026-01-31T00:00:00.000Z\n", date(2026, 1, 31)),
    ],
)
def test_a_date_of_the_standard_is_read(tmp_path: Path, value: str, read: date) -> None:
    assert with_cell(tmp_path / "a.xlsx", ' t="n"><v>1234</v>', f' t="d"><v>{value}</v>').day() == read


@pytest.mark.parametrize("seed", range(60))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    """Bytes changed anywhere, in the archive and in the sheet that it holds."""
    shared_strings_in(tmp_path / "a.xlsx", ["number", "limit"], *[[f"A-{n}", n] for n in range(20)])
    chance = Random(seed)

    def spoil(content: bytes) -> bytes:
        raw = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            raw[chance.randrange(len(raw))] = chance.choice(b"\x00\xff<>\"'0A9&x-")
        return bytes(raw)

    inner = rewritten(tmp_path / "a.xlsx", "sheet1.xml", spoil)
    outer = tmp_path / "c.xlsx"
    outer.write_bytes(spoil((tmp_path / "a.xlsx").read_bytes()))
    for path in (inner, outer):
        with suppress(Unreadable):
            list(read_sheet(Form.XLSX, path))
