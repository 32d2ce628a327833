"""Money: whole fen, half up, and parts that always sum to the whole."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.money import CNY, Money, round_half_up, total

amounts = st.integers(-(10**15), 10**15).map(lambda fen: Money(CNY, fen))


@pytest.mark.parametrize(
    ("exact", "rounded"), [("0.5", 1), ("1.5", 2), ("2.4999", 2), ("-0.5", -1), ("-2.4999", -2), ("-2.5", -3), ("0", 0)]
)
def test_a_half_goes_away_from_zero(exact: str, rounded: int) -> None:
    assert round_half_up(Decimal(exact)) == rounded


def test_the_premium_of_184_days_is_rounded_once() -> None:
    assert Money.cny("20000").times(Fraction(184, 365)) == Money.cny("10082.19")
    assert Money.cny("-8000").times(Fraction(275, 365)) == Money.cny("-6027.40")


def test_parts_of_a_fen_are_refused() -> None:
    with pytest.raises(ValueError, match="parts of a fen"):
        Money.cny("0.005")
    with pytest.raises(TypeError):
        Money(CNY, 1.0)  # type: ignore[arg-type]


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        Money(CNY, 1) + Money("USD", 1)


def test_an_amount_is_written_with_its_sign_and_currency() -> None:
    assert str(Money.cny("-1234567.05")) == "-1,234,567.05 CNY"


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_an_allocation_sums_to_the_whole_and_no_part_is_off_by_a_fen(amount: Money, weights: list[int]) -> None:
    parts = amount.allocate(weights)

    assert total(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        exact = Fraction(amount.minor_units) * weight / sum(weights)
        assert abs(part.minor_units - exact) < 1


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_an_allocation_of_a_return_mirrors_that_of_the_charge(amount: Money, weights: list[int]) -> None:
    assert (-amount).allocate(weights) == [-part for part in amount.allocate(weights)]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_must_say_something(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money.cny("1").allocate(weights)


@given(st.fractions(-(10**6), 10**6))
def test_rounding_is_symmetric_and_never_off_by_more_than_a_half(exact: Fraction) -> None:
    assert round_half_up(-exact) == -round_half_up(exact)
    assert abs(round_half_up(exact) - exact) <= Fraction(1, 2)
