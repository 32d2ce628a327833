"""Journal entries: they balance, or they don't exist."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.money import Money
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger.entry import JournalEntry, Line, Occasion, Side, credit, debit
from tests.billing_subsidy.examples import yuan

DAY = date(2026, 1, 15)


def test_an_entry_that_does_not_balance_does_not_exist() -> None:
    lines = (Line("1002", Side.DEBIT, yuan("10.00")), Line("1122", Side.CREDIT, yuan("9.99")))

    with pytest.raises(ValueError, match="does not balance"):
        JournalEntry("TEST", "test", DAY, DAY, lines)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line("1002", Side.DEBIT, yuan("10.00")),),
        (Line("1002", Side.DEBIT, yuan("0.00")), Line("1122", Side.CREDIT, yuan("0.00"))),
        (Line("1002", Side.DEBIT, yuan("-1.00")), Line("1122", Side.CREDIT, yuan("-1.00"))),
        (Line("1002", Side.DEBIT, yuan("1.00")), Line("1122", Side.CREDIT, Money("USD", 100))),
    ],
)
def test_an_entry_has_two_positive_lines_of_one_currency_at_least(lines: tuple[Line, ...]) -> None:
    with pytest.raises(ValueError, match=r"entry|mix"):
        JournalEntry("TEST", "test", DAY, DAY, lines)


def test_a_negative_amount_goes_to_the_other_side() -> None:
    [posted] = Occasion("test", DAY, DAY).post(
        "TEST", debit(chart.BANK, yuan("-5.00")), credit(chart.PREMIUM_RECEIVABLE, yuan("-5.00"))
    )

    assert posted.entry.lines == (
        Line("1002", Side.CREDIT, yuan("5.00")),
        Line("1122", Side.DEBIT, yuan("5.00")),
    )


def test_nothing_is_posted_for_nothing() -> None:
    nothing = yuan("0")

    assert Occasion("test", DAY, DAY).post("TEST", debit(chart.BANK, nothing), credit(chart.SUSPENSE, nothing)) == []


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=6))
def test_whatever_is_posted_on_two_sides_balances(amounts: list[int]) -> None:
    debits = [debit(chart.BANK, Money("CNY", amount)) for amount in amounts]

    posted = Occasion("test", DAY, DAY).post("TEST", *debits, credit(chart.SUSPENSE, Money("CNY", sum(amounts))))

    assert all(sum(line.signed.minor_units for line in one.entry.lines) == 0 for one in posted)


def test_codes_are_unique_and_every_account_has_both_names() -> None:
    accounts = [value for value in vars(chart).values() if isinstance(value, chart.LedgerAccount)]

    assert len({account.code for account in accounts}) == len(accounts) == len(chart.CHART)
    assert all(account.name_zh and account.name_en for account in accounts)
