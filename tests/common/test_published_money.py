"""Allocation and rounding against what another library's own tests expect (moneyphp)."""

from decimal import Decimal

import pytest

from libs.common.money import CNY, Money, round_half_up
from tests.published import document

VECTORS = document("money/moneyphp_vectors.json")

RETURNS_MIRROR_CHARGES = {(-5, (7, 3)): [-4, -1]}
"""They give the odd unit of a negative amount to the smaller share, [-3, -2]. Ours splits -5 as it splits 5, so that a
return takes back from each party what the charge gave it."""


@pytest.mark.parametrize("vector", VECTORS["allocate_by_ratio"], ids=lambda vector: f"{vector['amount']}")
def test_an_amount_is_split_as_published(vector: dict[str, object]) -> None:
    amount, ratios, expected = int(str(vector["amount"])), list(vector["ratios"]), vector["result"]  # type: ignore[call-overload]

    parts = [part.minor_units for part in Money(CNY, amount).allocate(ratios)]

    ours = RETURNS_MIRROR_CHARGES.get((amount, tuple(ratios)))
    assert parts == (expected if ours is None else ours)
    assert (parts == expected) is (ours is None)
    assert sum(parts) == amount


@pytest.mark.parametrize("vector", VECTORS["allocate_equal"], ids=lambda vector: f"{vector['amount']}")
def test_an_amount_is_split_into_equal_parts_as_published(vector: dict[str, int]) -> None:
    parts = Money(CNY, vector["amount"]).allocate([1] * vector["parts"])

    assert [part.minor_units for part in parts] == vector["result"]


@pytest.mark.parametrize("vector", VECTORS["rounding"], ids=lambda vector: f"{vector['mode']} {vector['value']}")
def test_amounts_are_rounded_half_up_and_other_modes_differ_at_halves_only(vector: dict[str, str]) -> None:
    """Their ROUND_HALF_UP goes away from zero, as ours does. Where another mode says otherwise, it is about a half."""
    value, theirs = Decimal(vector["value"]), int(vector["result"])

    ours = round_half_up(value)

    if vector["mode"] == "ROUND_HALF_UP":
        assert ours == theirs
    if ours != theirs:
        assert abs(value) % 1 == Decimal("0.5")
        assert abs(ours) == abs(theirs) + 1
