"""Reading a triangle and writing what it develops to."""

from hubao.policy.v1 import development_pb2 as pb

from libs.common.grpc.convert import money_message, money_value
from libs.common.money import Money
from services.policy.domain.errors import TriangleNotWhole
from services.policy.quantification.development import Developed, Development, Triangle, develop, triangle_of
from services.policy.quantification.fingerprint import fingerprint

FIELD = "cells"


def develop_losses(request: pb.DevelopLossesRequest) -> pb.DevelopLossesResponse:
    triangle = triangle_of(_cells(request), FIELD)
    return _message(triangle, develop(triangle, FIELD))


def _cells(request: pb.DevelopLossesRequest) -> dict[tuple[int, int], Money]:
    found: dict[tuple[int, int], Money] = {}
    for index, cell in enumerate(request.cells):
        place = cell.origin_year, cell.age_years
        if place in found:
            problem = f"is there twice: {cell.origin_year} at age {cell.age_years}"
            raise TriangleNotWhole(field=f"{FIELD}[{index}]", problem=problem)
        found[place] = money_value(f"{FIELD}[{index}].cumulative", cell.cumulative)
    return found


def _message(triangle: Triangle, developed: Development) -> pb.DevelopLossesResponse:
    return pb.DevelopLossesResponse(
        factors=[
            pb.DevelopmentFactor(
                from_age_years=age + 1,
                factor=f"{factor:.6f}",
                years=sum(len(row) > age + 1 for row in triangle.rows),
            )
            for age, factor in enumerate(developed.factors)
        ],
        years=[_year_message(year) for year in developed.years],
        latest=money_message(developed.latest),
        ultimate=money_message(developed.ultimate),
        outstanding=money_message(developed.outstanding),
        standard_error=None if developed.standard_error is None else money_message(developed.standard_error),
        no_standard_error_reason=developed.no_error,
        inputs_sha256=fingerprint(triangle),
    )


def _year_message(year: Developed) -> pb.DevelopedYear:
    return pb.DevelopedYear(
        origin_year=year.origin,
        latest=money_message(year.latest),
        ultimate=money_message(year.ultimate),
        outstanding=money_message(year.outstanding),
        standard_error=None if year.standard_error is None else money_message(year.standard_error),
    )
