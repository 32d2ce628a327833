"""TreatyService."""

from typing import Any

import grpc
from hubao.policy.v1 import treaty_service_pb2 as pb
from hubao.policy.v1 import treaty_service_pb2_grpc as pb_grpc

from libs.common.application import Application, Done, Loaded
from libs.common.context import current_call
from libs.common.grpc.convert import date_message, date_value, decimal_text, percent_value, uuid_value
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.treaties import Treaties
from services.policy.domain.treaty.treaty import Treaty
from services.policy.projections.reads import Reads


class TreatyServicer(pb_grpc.TreatyServiceServicer):
    def __init__(self, application: Application, reads: Reads) -> None:
        self._treaties = Treaties(application)
        self._reads = reads

    async def CreateTreaty(
        self, request: pb.CreateTreatyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CreateTreatyResponse:
        done = await self._treaties.create(
            current_call(),
            request.treaty_key,
            request.reinsurer_id,
            percent_value("percent", request.percent),
            percent_value("commission_percent", request.commission_percent),
            date_value("starts_on", request.starts_on),
            date_value("ends_on", request.ends_on),
        )
        return pb.CreateTreatyResponse(treaty=treaty_message(done))

    async def GetTreaty(
        self, request: pb.GetTreatyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetTreatyResponse:
        loaded = await self._treaties.get(current_call(), uuid_value("treaty_id", request.treaty_id))
        return pb.GetTreatyResponse(treaty=treaty_message(loaded))

    async def ListTreaties(
        self, request: pb.ListTreatiesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListTreatiesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.treaties(tenant, page)
        shown, token = next_token(page, rows, key=lambda row: (row.treaty_key, row.treaty_id))
        return pb.ListTreatiesResponse(treaties=[row_message(row) for row in shown], next_page_token=token)


def treaty_message(found: Done[Treaty] | Loaded[Treaty]) -> pb.Treaty:
    treaty = found.value
    return pb.Treaty(
        treaty_id=str(found.stream),
        treaty_key=treaty.treaty_key,
        reinsurer_id=treaty.reinsurer_id,
        percent=decimal_text(treaty.percent),
        commission_percent=decimal_text(treaty.commission_percent),
        starts_on=date_message(treaty.period.inception),
        ends_on=date_message(treaty.period.expiry),
        etag=str(found.version),
    )


def row_message(row: Any) -> pb.Treaty:
    return pb.Treaty(
        treaty_id=str(row.treaty_id),
        treaty_key=row.treaty_key,
        reinsurer_id=row.reinsurer_id,
        percent=row.percent,
        commission_percent=row.commission_percent,
        starts_on=date_message(row.starts_on),
        ends_on=date_message(row.ends_on),
        etag=str(row.version),
    )
