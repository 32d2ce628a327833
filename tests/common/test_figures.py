from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.figures import DAY_FORMS, NotRead, amount_of, day_of, is_digits, whole_of


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0"),
        ("1234.5", "1234.5"),
        ("-1234.50", "-1234.50"),
        ("+5", "5"),
        ("1,234", "1234"),
        ("-1,234,567.89", "-1234567.89"),
        ("9,999,999,999,999.99", "9999999999999.99"),
        ("9999999999999.99", "9999999999999.99"),
        ("007.10", "7.10"),
    ],
)
def test_an_amount_is_read_exactly(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


TWO_WAYS = [
    "1,0",
    ",1,,0,",
    "1234,56",
    "1,2,3",
    "12,34.50",
    "1.234,56",
    "0,123",
    "1,234,56",
    "1,",
    ",",
    "-1,5",
    "1234,567",
]
NO_AMOUNT = [
    "", " 1", "1 ", "1.001", "1.", ".5", "NaN", "Infinity", "1e3", "1_000", "0x10", "--1", "1-", "(1)", "¥1", "1'000",
    "１２３", "１.00", "٣٫٥", "١٢", "1²", "−5", "1\u00a0000", "10000000000000", "1\n",
]  # fmt: skip


@pytest.mark.parametrize("text", TWO_WAYS)
def test_an_amount_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(NotRead, match="can be read in more than one way"):
        amount_of(text)


@pytest.mark.parametrize("text", NO_AMOUNT)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotRead, match="is no amount"):
        amount_of(text)


@pytest.mark.parametrize("text", ["1,234", *TWO_WAYS])
def test_where_no_separators_are_meant_none_is_taken(text: str) -> None:
    with pytest.raises(NotRead, match="without separators"):
        amount_of(text, grouped=False)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whatever_is_written_with_or_without_groups_is_read_back(fen: int) -> None:
    amount = Decimal(fen).scaleb(-2)

    assert amount_of(f"{amount:.2f}") == amount_of(f"{amount:,.2f}") == amount


@given(st.text("0123456789+-., ٣１²_e", max_size=12))
def test_an_amount_has_one_reading_or_none(text: str) -> None:
    try:
        amount = amount_of(text)
    except NotRead:
        return
    plain = text.lstrip("+-").split(".")[0]
    assert text.isascii()
    assert "," not in plain or plain == f"{abs(int(amount)):,}"


def test_a_date_is_read_in_its_declared_form() -> None:
    for form, text in zip(DAY_FORMS, ("2026-01-15", "20260115", "2026/01/15"), strict=True):
        assert day_of(text, form) == date(2026, 1, 15)


@pytest.mark.parametrize(
    "text",
    ["", "2026-1-5", "2026-02-30", "2026-00-01", "0000-01-01", "２０２６-01-15", "٢٠٢٦-٠١-١٥", "2026-01-15T"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotRead, match="is no date in the form YYYY-MM-DD"):
        day_of(text)


@pytest.mark.parametrize("text", ["", "²", "１", "٣", "-1", "+1", "1_0", " 1", "1.0", "1234567890"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(NotRead):
        whole_of(text)
    assert whole_of("042") == 42
    assert is_digits(text) is (text == "1234567890")
