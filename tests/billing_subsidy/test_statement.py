"""Bank statements: reading them, and what becomes of their entries."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from libs.common.errors import FileHasNoRows, InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.errors import EntryNotFound, EntrySettled, StatementNotContinuous
from services.billing_subsidy.domain.reference import Candidate, candidates
from services.billing_subsidy.domain.statement.reading import CsvProfile, Entry, read_statement
from services.billing_subsidy.domain.statement.statement import (
    BankAccount,
    DifferenceCode,
    EntryStatus,
    Statement,
    StatementAdded,
)
from tests.billing_subsidy.examples import after, balances, yuan

TODAY = date(2026, 1, 31)
PROFILE = CsvProfile("date", "amount", "text", payer_name_column="payer", currency_column="currency")
HEADER = "date,amount,text,payer,currency"
ROW = '2026-01-15,"106,000.00",保费 HB2026-7K3M9-QX2PA,Orchid,CNY'


def read(*rows: str, closing: str = "106000.00", profile: CsvProfile = PROFILE, **more: Any) -> tuple[Entry, ...]:
    content = more.get("content", "\r\n".join([HEADER, *rows]).encode())
    return read_statement(content, profile, yuan("0"), yuan(closing), TODAY)


def test_a_row_becomes_an_entry_with_its_line() -> None:
    assert read(ROW) == (Entry(2, date(2026, 1, 15), yuan("106000.00"), "保费 HB2026-7K3M9-QX2PA", "Orchid", ""),)


def test_the_form_of_dates_and_the_delimiter_are_declared() -> None:
    profile = CsvProfile("d", "a", "t", date_format="YYYYMMDD", delimiter=";")

    entries = read(content="\ufeffd;a;t\n20260115;-1;fee\n\n".encode(), profile=profile, closing="-1")

    assert [(entry.value_date, entry.amount) for entry in entries] == [(date(2026, 1, 15), yuan("-1"))]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-02-30,1.00,x,,CNY", "line 3: '2026-02-30' is no date"),
        ("15.01.2026,1.00,x,,CNY", "line 3: '15.01.2026' is no date"),
        ("2026-01-15,1.001,x,,CNY", "line 3: '1.001' is no amount"),
        ("2026-01-15,,x,,CNY", "line 3: '' is no amount"),
        ("2026-01-15,NaN,x,,CNY", "line 3: 'NaN' is no amount"),
        ('2026-01-15,"1,0",x,,CNY', "line 3: '1,0' can be read in more than one way"),
        ('2026-01-15,",1,,0,",x,,CNY', "line 3: ',1,,0,' can be read in more than one way"),
        ('2026-01-15,"1,2,3",x,,CNY', "line 3: '1,2,3' can be read in more than one way"),
        ("2026-01-15,１２３.00,x,,CNY", "line 3: '１２３.00' is no amount"),
        ("2026-01-15,١٢٣,x,,CNY", "line 3: '١٢٣' is no amount"),
        ("٢٠٢٦-٠١-١٥,1.00,x,,CNY", "line 3: '٢٠٢٦-٠١-١٥' is no date"),
        ("2026-01-15,0.00,x,,CNY", "line 3: the amount is zero"),
        ("2026-01-15,1.00,x,,USD", "line 3: currency 'USD'"),
        ("2026-01-15,1.00,x,,", "line 3: currency ''"),
        ("2026-01-15,1.00,x", "line 3: has 3 columns"),
        ("2026-02-01,1.00,x,,CNY", "line 3: 2026-02-01 is after today"),
        ('2026-01-15,1.00,"x,,CNY', "line 3: is no CSV"),
        ("1899-12-31,1.00,x,,CNY", "line 3: 1899-12-31 is not from 1900-01-01"),
        ("2026-01-15,1.00,x\0y,,CNY", "line 3: text must not hold U+0000"),
        ("2026-01-15,1.00,x,a\u202eb,CNY", "line 3: payer must not hold U+202E"),
        ('2026-01-15,1.00,"x\ny",,CNY', "line 3: text must not hold U+000A"),
        (f"2026-01-15,1.00,{'x' * 501},,CNY", "line 3: text has more than 500 characters"),
        ("2026-01-15,100000000000000.00,x,,CNY", "line 3: '100000000000000.00' is no amount"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(row: str, problem: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        read(ROW, row)

    assert refusal.value.field == "content"
    assert problem in str(refusal.value)


def test_a_decimal_comma_is_refused_and_not_taken_for_thousands() -> None:
    with pytest.raises(InvalidField, match="line 2: '1234,56' can be read in more than one way"):
        read(content=b"d;a;t\n2026-01-15;1234,56;fee\n", profile=CsvProfile("d", "a", "t", delimiter=";"))


def test_a_file_that_is_not_utf8_names_the_line() -> None:
    with pytest.raises(InvalidField, match="line 2: is not UTF-8"):
        read(content=HEADER.encode() + b"\n2026-01-15,1,\xff\xfe,,CNY")


def test_a_missing_column_is_a_wrong_profile() -> None:
    with pytest.raises(InvalidField) as refusal:
        read(ROW, profile=CsvProfile("date", "sum", "text"))

    assert refusal.value.field == "profile.amount_column"


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b" ,,\r\n" * 90, HEADER.encode(), f"{HEADER}\r\n\r\n,,,,\r\n".encode()]
)
def test_a_file_without_a_row_is_refused(content: bytes) -> None:
    with pytest.raises(FileHasNoRows) as refusal:
        read(content=content, closing="0")

    assert refusal.value.field == "content"


def test_what_a_refusal_names_of_a_file_is_shown_without_what_is_not_seen() -> None:
    header = "date,amount,text,payer,\x1b[31mred\x00"
    with pytest.raises(InvalidField) as refusal:
        read(
            content=f"{header}\r\n2026-01-15,1.00,x,,a\x00b\u200b\r\n".encode(),
            profile=replace(PROFILE, currency_column=""),
        )

    assert str(refusal.value) == "content: line 2: \ufffd[31mred\ufffd must not hold U+0000, a control character"
    assert refusal.value.details["problem"] in str(refusal.value)


def test_a_file_of_empty_lines_is_no_statement() -> None:
    assert len(read(ROW, *[""] * 100)) == 1
    with pytest.raises(InvalidField, match="line 103: a file has at most 100 empty lines"):
        read(ROW, *[" "] * 101, "")


def test_movements_must_make_the_closing_balance() -> None:
    with pytest.raises(InvalidField) as refusal:
        read(ROW, closing="106000.01")

    assert refusal.value.field == "closing_balance"


def test_both_balances_are_of_one_currency() -> None:
    with pytest.raises(InvalidField) as refusal:
        read_statement(HEADER.encode(), PROFILE, yuan("0"), Money("USD", 0), TODAY)

    assert refusal.value.field == "closing_balance.currency_code"


def test_numbers_are_read_from_a_text_with_and_without_a_running_number() -> None:
    assert candidates("保费：hb2026-7k3m9-qx2pa-01，谢谢 thanks") == (
        Candidate("HB2026-7K3M9-QX2PA-01", "POLICY_NUMBER"),
        Candidate("HB2026-7K3M9-QX2PA", "INVOICE_NUMBER", within="HB2026-7K3M9-QX2PA-01"),
    )


def statement(*rows: str) -> Statement:
    entries = read(*rows or (ROW,), closing="106000.00") if not rows else read(*rows)
    [taken] = Statement.take(
        "622", "january.csv", b"content", yuan("0"), yuan("106000"), entries, datetime(2026, 1, 31, tzinfo=UTC)
    )
    return Statement.begin(taken)


def test_what_nobody_knows_stands_in_suspense_until_it_is_coded() -> None:
    events = statement().leave(2, "NO_NUMBER_FOUND", TODAY)
    left = after(statement(), events)
    assert balances(events) == {"1002": "106,000.00", "224103": "-106,000.00"}
    assert left.outcome(2).status is EntryStatus.UNMATCHED

    coded = left.code(2, DifferenceCode.NOT_OURS, "sent to the wrong insurer", "li", TODAY)

    assert balances([*events, *coded]) == {"1002": "106,000.00", "224104": "-106,000.00"}
    assert after(left, coded).outcome(2).coded_by == "li"


def test_coding_the_same_again_changes_nothing_and_otherwise_is_refused() -> None:
    left = after(statement(), statement().leave(2, "NO_NUMBER_FOUND", TODAY))
    coded = after(left, left.code(2, DifferenceCode.INTEREST, "interest", "li", TODAY))

    assert coded.code(2, DifferenceCode.INTEREST, "interest", "li", TODAY) == []
    with pytest.raises(EntrySettled):
        coded.code(2, DifferenceCode.OTHER, "other", "li", TODAY)


def test_a_matched_entry_is_not_coded() -> None:
    matched = after(statement(), statement().match(2, "POLICY_NUMBER", UUID(int=1)))

    with pytest.raises(EntrySettled) as refusal:
        matched.code(2, DifferenceCode.OTHER, "other", "li", TODAY)

    assert refusal.value.details == {"line": "2", "status": "matched"}


def test_a_line_without_an_entry_is_not_found() -> None:
    with pytest.raises(EntryNotFound):
        statement().code(1, DifferenceCode.OTHER, "other", "li", TODAY)


def bank(closing: str = "100", last: date | None = date(2026, 1, 31)) -> BankAccount:
    added = StatementAdded(
        statement_id=UUID(int=1), opening=yuan("0"), closing=yuan(closing), first_date=last, last_date=last
    )
    return BankAccount.begin(added)


def test_a_statement_follows_on_the_one_before() -> None:
    bank().check_follows(yuan("100"), date(2026, 1, 31))
    bank(last=None).check_follows(yuan("100"), None)


@pytest.mark.parametrize(("opening", "first"), [("99", date(2026, 2, 1)), ("100", date(2026, 1, 30))])
def test_a_gap_or_an_overlap_is_refused(opening: str, first: date) -> None:
    with pytest.raises(StatementNotContinuous):
        bank().check_follows(yuan(opening), first)
