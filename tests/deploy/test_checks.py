"""What counts as right in the report of the local scene."""

from google.type import money_pb2

from deploy.local.checks import Figure, Invariant, failed, read, shown


def test_a_figure_holds_only_to_the_fen() -> None:
    assert Figure("refund", "25,407.12", "25,407.12").holds
    assert not Figure("refund", "25,407.12", "25,407.13").holds


def test_sums_hold_only_if_all_of_them_are_equal() -> None:
    assert Invariant("paid", (("ledger", "1.00"), ("claims", "1.00"), ("accounts", "1.00"))).holds
    assert not Invariant("paid", (("ledger", "1.00"), ("claims", "1.00"), ("accounts", "0.99"))).holds


def test_what_does_not_hold_is_counted_once() -> None:
    right, wrong = Figure("a", "1", "1"), Figure("b", "1", "2")

    assert failed([right, wrong]) == [wrong]


def test_an_amount_is_shown_as_people_write_it() -> None:
    assert shown(read(money_pb2.Money(currency_code="CNY", units=-1524, nanos=-430_000_000))) == "-1,524.43"
    assert shown(read(money_pb2.Money(currency_code="USD", units=12))) == "12.00 USD"
    assert shown(read(money_pb2.Money())) == "0.00"
