"""TreatyService."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from hubao.policy.v1 import terms_pb2
from hubao.policy.v1 import treaty_service_pb2 as pb
from hubao.policy.v1 import treaty_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.errors import InvalidField
from libs.common.grpc.convert import date_value, enum_name, optional, percent_value, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.projection.tables import ReadTables
from services.policy.application.treaties import Facultatives, Treaties
from services.policy.domain.treaty.treaty import Treaty
from services.policy.projections.exports import Booked
from services.policy.projections.reads import Reads
from services.policy.servicer.bordereaux import claims_bordereau, follower_statement, premium_bordereau
from services.policy.servicer.exporting import Ask, answers
from services.policy.servicer.treaty_messages import (
    facultative_message,
    row_message,
    slip_value,
    terms_value,
    treaty_message,
)


class TreatyServicer(pb_grpc.TreatyServiceServicer):
    def __init__(self, application: Application, reads: Reads, tables: ReadTables) -> None:
        self._treaties = Treaties(application)
        self._facultatives = Facultatives(application)
        self._reads = reads
        self._tables = tables

    async def CreateTreaty(self, request: pb.CreateTreatyRequest, context: Context) -> pb.CreateTreatyResponse:
        done = await self._treaties.create(
            current_call(),
            request.treaty_key,
            request.reinsurer_id,
            percent_value("percent", request.percent) if request.percent else Decimal(0),
            percent_value("commission_percent", request.commission_percent),
            date_value("starts_on", request.starts_on),
            date_value("ends_on", request.ends_on),
            terms_value(request),
        )
        return pb.CreateTreatyResponse(treaty=treaty_message(done))

    async def TerminateTreaty(self, request: pb.TerminateTreatyRequest, context: Context) -> pb.TerminateTreatyResponse:
        done = await self._treaties.terminate(
            current_call(),
            uuid_value("treaty_id", request.treaty_id),
            date_value("terminated_on", request.terminated_on),
            request.reason,
            request.etag,
        )
        return pb.TerminateTreatyResponse(treaty=treaty_message(done))

    async def GetTreaty(self, request: pb.GetTreatyRequest, context: Context) -> pb.GetTreatyResponse:
        loaded = await self._treaties.get(current_call(), uuid_value("treaty_id", request.treaty_id))
        return pb.GetTreatyResponse(treaty=treaty_message(loaded))

    async def ListTreaties(self, request: pb.ListTreatiesRequest, context: Context) -> pb.ListTreatiesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        kind = enum_name("kind", terms_pb2.CessionKind, request.kind) if request.kind else ""
        rows = await self._reads.treaties(tenant, page, kind, optional(request, "in_force_on", date_value))
        shown, token = next_token(page, rows, key=lambda row: (row.treaty_key, row.treaty_id))
        return pb.ListTreatiesResponse(treaties=[row_message(row) for row in shown], next_page_token=token)

    async def PlaceFacultative(
        self, request: pb.PlaceFacultativeRequest, context: Context
    ) -> pb.PlaceFacultativeResponse:
        done = await self._facultatives.place(current_call(), request.facultative_key, slip_value(request))
        return pb.PlaceFacultativeResponse(facultative=facultative_message(done))

    async def AcceptFacultative(
        self, request: pb.AcceptFacultativeRequest, context: Context
    ) -> pb.AcceptFacultativeResponse:
        facultative_id = uuid_value("facultative_id", request.facultative_id)
        done = await self._facultatives.accept(current_call(), facultative_id, request.reference, request.etag)
        return pb.AcceptFacultativeResponse(facultative=facultative_message(done))

    async def GetFacultative(self, request: pb.GetFacultativeRequest, context: Context) -> pb.GetFacultativeResponse:
        facultative_id = uuid_value("facultative_id", request.facultative_id)
        loaded = await self._facultatives.get(current_call(), facultative_id)
        return pb.GetFacultativeResponse(facultative=facultative_message(loaded))

    async def ExportPremiumBordereau(
        self, request: pb.ExportPremiumBordereauRequest, context: Context
    ) -> AsyncIterator[pb.ExportPremiumBordereauResponse]:
        treaty, ask = await self._treaty(request), self._ask(request)
        written = premium_bordereau(self._tables, ask, treaty, request.treaty_id, request.reinsurer_id)
        async for answer in answers(pb.ExportPremiumBordereauResponse, written):
            yield answer

    async def ExportClaimsBordereau(
        self, request: pb.ExportClaimsBordereauRequest, context: Context
    ) -> AsyncIterator[pb.ExportClaimsBordereauResponse]:
        treaty, ask = await self._treaty(request), self._ask(request)
        written = claims_bordereau(self._tables, ask, treaty, request.treaty_id, request.reinsurer_id)
        async for answer in answers(pb.ExportClaimsBordereauResponse, written):
            yield answer

    async def ExportFollowerStatement(
        self, request: pb.ExportFollowerStatementRequest, context: Context
    ) -> AsyncIterator[pb.ExportFollowerStatementResponse]:
        if request.insurer_id == current_call().tenant:
            raise InvalidField(field="insurer_id", problem="is the caller's own insurer, which follows nobody here")
        written = follower_statement(self._tables, self._ask(request), request.insurer_id)
        async for answer in answers(pb.ExportFollowerStatementResponse, written):
            yield answer

    async def _treaty(self, request: pb.ExportPremiumBordereauRequest | pb.ExportClaimsBordereauRequest) -> Treaty:
        """The treaty of a bordereau; the reinsurer must be one of its panel."""
        treaty = (await self._treaties.get(current_call(), uuid_value("treaty_id", request.treaty_id))).value
        if request.reinsurer_id and request.reinsurer_id not in {each.reinsurer_id for each in treaty.reinsurers}:
            raise InvalidField(field="reinsurer_id", problem="is not a reinsurer of this treaty")
        return treaty

    def _ask(self, request: Any) -> Ask:
        first, end = date_value("booked_from", request.booked_from), date_value("booked_until", request.booked_until)
        if end <= first:
            raise InvalidField(field="booked_until", problem="must be after booked_from")
        return Ask(Booked(current_call().tenant, first, end), enum_name("format", pb.FileFormat, request.format))
