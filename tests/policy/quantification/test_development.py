"""Chain ladder and Mack's standard error: against published triangles, by hand, and where they must refuse."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.money import CNY, Money, total
from services.policy.domain.errors import TriangleNotWhole
from services.policy.quantification.development import (
    NOTHING_YET,
    TOO_FEW_YEARS,
    Development,
    Triangle,
    develop,
    triangle_of,
)
from tests import published

FIELD = "cells"
EXPECTED = published.document("actuarial/expected.json")["triangles"]
KNOWN_BY = {"raa": 1990, "ukmotor": 2013, "mortgage": 2009}


def triangle(rows: list[list[int]]) -> Triangle:
    """In fen, the oldest year first."""
    return triangle_of(
        {(2020 + year, age + 1): Money(CNY, amount) for year, row in enumerate(rows) for age, amount in enumerate(row)},
        FIELD,
    )


def of_file(name: str) -> Development:
    """A published triangle, its units taken as yuan; the files give the calendar year in which an amount was known."""
    cells = {
        (int(row["origin"]), int(row["development"]) - int(row["origin"]) + 1): Money.cny(
            row["values"].removesuffix(".0")
        )
        for row in published.rows(f"actuarial/{name}.csv")
    }
    return develop(triangle_of(cells, FIELD), FIELD)


@pytest.mark.parametrize("name", EXPECTED)
def test_published_triangles_develop_as_another_library_says(name: str) -> None:
    expected, developed = EXPECTED[name], of_file(name)

    assert [round(factor, 6) for factor in developed.factors] == expected["ldf"]
    assert len(developed.years) == len(expected["by_origin"])
    for ours, theirs in zip(developed.years, expected["by_origin"], strict=True):
        assert str(ours.origin) == theirs["origin"]
        assert ours.latest.minor_units == round(theirs["latest"] * 100)
        ibnr = 0 if isnan(theirs["ibnr"]) else round(theirs["ibnr"] * 100)
        assert abs(ours.outstanding.minor_units - ibnr) <= 1
    assert abs(developed.outstanding.minor_units - round(expected["ibnr_total"] * 100)) <= 1
    assert developed.standard_error is not None
    assert abs(developed.standard_error.minor_units - round(expected["mack_std_err_total"] * 100)) <= 1


def test_macks_figures_of_the_raa_triangle_are_those_he_published() -> None:
    developed, printed = of_file("raa"), EXPECTED["raa"]["published"]

    assert developed.standard_error is not None
    assert round(developed.outstanding.minor_units / 100) == printed["ibnr_total"]
    assert round(developed.standard_error.minor_units / 100) == printed["mack_std_err_total"]


def test_a_small_triangle_develops_as_one_can_reckon_by_hand() -> None:
    developed = develop(triangle([[1000, 1500, 1650], [2000, 3000], [900]]), FIELD)

    assert developed.factors == (1.5, 1.1)
    assert [year.ultimate.minor_units for year in developed.years] == [1650, 3300, 1485]
    assert developed.outstanding == Money(CNY, 300 + 585)
    assert (developed.standard_error, developed.no_error) == (None, TOO_FEW_YEARS)


def test_years_that_all_grow_alike_have_no_error() -> None:
    developed = develop(triangle([[100, 200, 300, 330], [200, 400, 600], [300, 600], [400]]), FIELD)

    assert developed.standard_error == Money(CNY, 0)
    assert [year.outstanding.minor_units for year in developed.years] == [0, 60, 390, 920]


def test_amounts_that_fall_leave_less_than_is_known() -> None:
    developed = develop(triangle([[1000, 900], [2000]]), FIELD)

    assert developed.outstanding == Money(CNY, -200)


def test_a_year_that_began_with_nothing_has_factors_but_no_error() -> None:
    developed = develop(triangle([[0, 200, 220, 230], [100, 180, 210], [100, 190], [120]]), FIELD)

    assert developed.factors[0] == pytest.approx(570 / 200)
    assert (developed.standard_error, developed.no_error) == (None, NOTHING_YET)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([[100, 200]], "2 years of origin"),
        ([[100], [100, 200]], "knows 2021 to age 2"),
        ([[0, 10], [5]], "nothing at age 1"),
    ],
)
def test_a_triangle_that_says_too_little_is_refused(rows: list[list[int]], problem: str) -> None:
    with pytest.raises(TriangleNotWhole) as refusal:
        develop(triangle(rows), FIELD)

    assert problem in str(refusal.value)
    assert refusal.value.field == FIELD


def test_a_gap_is_named() -> None:
    cells = {(2020, 1): 100, (2020, 3): 120, (2021, 1): 90}

    with pytest.raises(TriangleNotWhole, match="no amount of 2020 at age 2"):
        triangle_of({place: Money(CNY, amount) for place, amount in cells.items()}, FIELD)


def test_a_year_that_is_missing_altogether_is_named() -> None:
    with pytest.raises(TriangleNotWhole, match="no amount of 2021 at age 1"):
        triangle_of({(2020, 1): Money(CNY, 1), (2020, 2): Money(CNY, 2), (2022, 1): Money(CNY, 1)}, FIELD)


def test_two_currencies_are_not_added() -> None:
    with pytest.raises(TriangleNotWhole, match="CNY, USD"):
        triangle_of({(2020, 1): Money(CNY, 1), (2021, 1): Money("USD", 2)}, FIELD)


@given(
    st.integers(4, 8).flatmap(
        lambda years: st.tuples(
            *(st.lists(st.integers(1, 10**9), min_size=years - year, max_size=years - year) for year in range(years))
        )
    ),
    st.integers(2, 1000),
)
def test_a_triangle_in_a_smaller_unit_develops_alike(rows: tuple[list[int], ...], unit: int) -> None:
    one, other = (develop(triangle([[amount * by for amount in row] for row in rows]), FIELD) for by in (1, unit))

    assert other.factors == pytest.approx(one.factors)
    assert other.outstanding.minor_units == pytest.approx(one.outstanding.minor_units * unit, rel=1e-9, abs=unit * 10)
    assert one.standard_error is not None
    assert other.standard_error is not None
    assert other.standard_error.minor_units == pytest.approx(one.standard_error.minor_units * unit, rel=1e-6, abs=unit)


@given(st.lists(st.lists(st.integers(1, 10**9), min_size=6, max_size=6), min_size=6, max_size=6))
def test_all_years_together_are_off_by_more_than_if_they_were_off_apart(square: list[list[int]]) -> None:
    developed = develop(triangle([row[: 6 - index] for index, row in enumerate(square)]), FIELD)

    errors = [year.standard_error for year in developed.years if year.standard_error is not None]
    assert developed.standard_error is not None
    assert len(errors) == 6
    apart = sum(error.minor_units**2 for error in errors) ** 0.5
    assert developed.standard_error.minor_units >= apart * (1 - 1e-9) - 6
    assert abs(total(year.latest for year in developed.years).minor_units - developed.latest.minor_units) == 0
