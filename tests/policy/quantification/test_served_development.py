"""Triangles through gRPC; and what is kept of a risk when everything is ceded that can be."""

from fractions import Fraction

import pytest
from hubao.policy.v1 import development_pb2 as pb
from hubao.policy.v1 import quantification_service_pb2 as simulation_pb

from libs.common.grpc.convert import date_message, money_message, money_value
from libs.common.money import CNY, Money
from tests.policy import desk as a
from tests.policy.desk import Desk
from tests.policy.quantification.test_served import JUNE, YEARS, losses


def cells(rows: list[list[int]]) -> list[pb.TriangleCell]:
    return [
        pb.TriangleCell(origin_year=2020 + year, age_years=age + 1, cumulative=money_message(Money(CNY, amount)))
        for year, row in enumerate(rows)
        for age, amount in enumerate(row)
    ]


async def test_a_triangle_is_developed_and_the_same_again(desk: Desk) -> None:
    request = pb.DevelopLossesRequest(cells=cells([[1000, 1500, 1650], [2000, 3000], [900]]))

    first, again = await desk.ask(request), await desk.ask(request)

    assert first == again
    assert [(each.from_age_years, each.factor, each.years) for each in first.factors] == [
        (1, "1.500000", 2),
        (2, "1.100000", 1),
    ]
    assert [(year.origin_year, money_value("", year.ultimate).minor_units) for year in first.years] == [
        (2020, 1650),
        (2021, 3300),
        (2022, 1485),
    ]
    assert money_value("", first.outstanding) == Money(CNY, 885)
    assert not first.HasField("standard_error")
    assert "4 years of origin" in first.no_standard_error_reason
    assert len(first.inputs_sha256) == 64


async def test_a_cell_that_is_twice_there_or_missing_is_named(desk: Desk) -> None:
    square = cells([[1, 2], [3, 4]])
    gap = [*cells([[1, 2], [3]]), pb.TriangleCell(origin_year=2023, age_years=1, cumulative=a.yuan(1))]

    assert await desk.refused(pb.DevelopLossesRequest(cells=[*square, square[3]])) == ("INVALID_ARGUMENT", "cells[4]")
    assert await desk.refused(pb.DevelopLossesRequest(cells=gap)) == ("INVALID_ARGUMENT", "cells")
    wrong = pb.TriangleCell(origin_year=1, age_years=1, cumulative=a.yuan(1))
    assert await desk.refused(pb.DevelopLossesRequest(cells=[*square, wrong])) == (
        "INVALID_ARGUMENT",
        "cells[4].origin_year",
    )


async def test_what_is_kept_is_less_than_all_cessions_take(desk: Desk) -> None:
    quota, surplus = await a.treaty(desk), (await desk.ask(a.surplus_treaty())).treaty.treaty_id
    submission_id = await a.quoted(desk)
    policy = (await desk.ask(a.bind(submission_id, quota, treaty_ids=[surplus]))).policy
    ceded = sum((Fraction(cession.periods[0].fraction) for cession in policy.timeline.cessions), Fraction(0))
    named = {"losses": losses(), "seed": 7, "years": YEARS, "policy_ids": [policy.policy_id]}

    request = simulation_pb.SimulatePortfolioRequest(effective_date=date_message(JUNE), **named)
    whole = await desk.ask(request)
    request.net = True
    kept = await desk.ask(request)

    assert len(policy.timeline.cessions) == 2
    assert ceded > Fraction(3, 10)
    gross, net = (money_value("", each.estimate.average_annual_loss).minor_units for each in (whole, kept))
    assert net == pytest.approx(float(Fraction(6, 10) * (1 - ceded)) * gross, abs=1)
