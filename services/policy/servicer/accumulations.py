"""The methods of PolicyService that are about accumulations."""

from typing import Any

from hubao.policy.v1 import accumulation_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from sqlalchemy import Row

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.grpc.convert import decimal_text, enum_name, enum_text, money_message, money_value, percent_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import CNY, Money
from services.policy.application.accumulations import Accumulations, accumulation_id
from services.policy.domain.accumulation.accumulation import USUAL_PERCENT, Accumulation, Dependency
from services.policy.domain.submission.values import DeclaredDependency, DependencyKind
from services.policy.domain.underwriting_errors import AccumulationNotFound
from services.policy.projections.underwriting_reads import UnderwritingReads


class AccumulationMethods:
    def __init__(self, application: Application, reads: UnderwritingReads) -> None:
        self._accumulations = Accumulations(application)
        self._underwriting = reads

    async def SetAccumulationCapacity(
        self, request: pb.SetAccumulationCapacityRequest, context: Context
    ) -> pb.SetAccumulationCapacityResponse:
        percent = USUAL_PERCENT
        if request.refer_above_percent:
            percent = percent_value("refer_above_percent", request.refer_above_percent)
        capacity = money_value("capacity", request.capacity)
        done = await self._accumulations.set_capacity(current_call(), declared_value(request), capacity, percent)
        return pb.SetAccumulationCapacityResponse(accumulation=accumulation_message(done.value))

    async def GetAccumulation(self, request: pb.GetAccumulationRequest, context: Context) -> pb.GetAccumulationResponse:
        tenant = current_call().tenant
        dependency = Dependency.of(declared_value(request))
        row = await self._underwriting.accumulation(tenant, accumulation_id(tenant, dependency))
        if row is None:
            raise AccumulationNotFound(kind=dependency.kind, name=dependency.name)
        return pb.GetAccumulationResponse(accumulation=row_message(row))

    async def ListAccumulations(
        self, request: pb.ListAccumulationsRequest, context: Context
    ) -> pb.ListAccumulationsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._underwriting.accumulations(tenant, page, request.limited_only)
        shown, token = next_token(page, rows, key=lambda row: (row.kind, row.name, row.accumulation_id))
        return pb.ListAccumulationsResponse(accumulations=[row_message(row) for row in shown], next_page_token=token)


def declared_value(request: pb.SetAccumulationCapacityRequest | pb.GetAccumulationRequest) -> DeclaredDependency:
    kind = DependencyKind(enum_name("kind", submission_pb.DependencyKind, request.kind))
    return DeclaredDependency(kind, request.name)


def accumulation_message(value: Accumulation) -> pb.Accumulation:
    return pb.Accumulation(
        kind=enum_text(submission_pb.DependencyKind, value.dependency.kind),
        name=value.dependency.name,
        capacity=None if value.capacity is None else money_message(value.capacity),
        refer_above_percent=decimal_text(value.refer_above_percent),
    )


def row_message(row: Row[Any]) -> pb.Accumulation:
    return pb.Accumulation(
        kind=enum_text(submission_pb.DependencyKind, row.kind),
        name=row.name,
        capacity=None if row.capacity is None else money_message(Money(CNY, row.capacity)),
        refer_above_percent=row.refer_above_percent,
        exposure=money_message(Money(CNY, row.exposure)),
        policies=row.policies,
    )
