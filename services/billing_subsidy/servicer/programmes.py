"""ProgrammeService: the authorities' rules and budgets."""

from uuid import UUID

from hubao.billing_subsidy.v1 import programme_service_pb2 as pb
from hubao.billing_subsidy.v1 import programme_service_pb2_grpc as pb_grpc

from libs.common.context import current_call
from libs.common.grpc.convert import date_message, enum_text, money_message, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.billing_subsidy.application.programmes import Programmes
from services.billing_subsidy.domain.programme.programme import Programme
from services.billing_subsidy.projections import Reads
from services.billing_subsidy.servicer.rules import rules_message, rules_value


class ProgrammeServicer(pb_grpc.ProgrammeServiceServicer):
    """Each method reads the request, calls one command, and writes the reply."""

    def __init__(self, programmes: Programmes, reads: Reads) -> None:
        self._programmes = programmes
        self._reads = reads

    async def CreateProgramme(self, request: pb.CreateProgrammeRequest, context: Context) -> pb.CreateProgrammeResponse:
        done = await self._programmes.create(current_call(), rules_value(request.rules))
        return pb.CreateProgrammeResponse(programme=await self._message(done.stream, done.value, done.version))

    async def ReviseProgramme(self, request: pb.ReviseProgrammeRequest, context: Context) -> pb.ReviseProgrammeResponse:
        programme_id = uuid_value("programme_id", request.programme_id)
        done = await self._programmes.revise(current_call(), programme_id, rules_value(request.rules), request.etag)
        return pb.ReviseProgrammeResponse(programme=await self._message(programme_id, done.value, done.version))

    async def PublishProgramme(
        self, request: pb.PublishProgrammeRequest, context: Context
    ) -> pb.PublishProgrammeResponse:
        programme_id = uuid_value("programme_id", request.programme_id)
        done = await self._programmes.publish(current_call(), programme_id, request.etag)
        return pb.PublishProgrammeResponse(programme=await self._message(programme_id, done.value, done.version))

    async def GetProgramme(self, request: pb.GetProgrammeRequest, context: Context) -> pb.GetProgrammeResponse:
        programme_id = uuid_value("programme_id", request.programme_id)
        loaded = await self._programmes.get(current_call(), programme_id)
        return pb.GetProgrammeResponse(programme=await self._message(programme_id, loaded.value, loaded.version))

    async def ListProgrammes(self, request: pb.ListProgrammesRequest, context: Context) -> pb.ListProgrammesResponse:
        page = page_of(request)
        rows = await self._reads.programmes(page)
        shown, token = next_token(page, rows, key=lambda row: (row.code, row.programme_id))
        summaries = [
            pb.ProgrammeSummary(
                programme_id=str(row.programme_id),
                code=row.code,
                name=row.name,
                authority_id=row.authority_id,
                version=row.version,
                window_from=date_message(row.window_from),
                window_to=date_message(row.window_to),
            )
            for row in shown
        ]
        return pb.ListProgrammesResponse(programmes=summaries, next_page_token=token)

    async def _message(self, programme_id: UUID, programme: Programme, version: int) -> pb.Programme:
        """The programme as the caller may see it: a draft is its authority's only, and other authorities see no usage.

        Insurers do: the budget is for all of them, and whoever applies has to know what is left of it.
        """
        call = current_call()
        own = call.is_authority(programme.authority_id)
        usage = await self._programmes.used(programme_id, programme) if own or call.tenant else {}
        return pb.Programme(
            programme_id=str(programme_id),
            authority_id=programme.authority_id,
            status=pb.PROGRAMME_STATUS_PUBLISHED if programme.versions else pb.PROGRAMME_STATUS_DRAFT,
            versions=[
                pb.ProgrammeVersion(
                    number=one.number, rules=rules_message(one.rules), published_on=date_message(one.published_on)
                )
                for one in programme.versions
            ],
            draft=rules_message(programme.draft) if programme.draft and own else None,
            usage=[
                pb.LevelUsage(
                    level=enum_text(pb.GovernmentLevel, level),
                    budget=money_message(budget),
                    used=money_message(used),
                    available=money_message(budget - used),
                )
                for level, (budget, used) in usage.items()
            ],
            etag=str(version),
        )
