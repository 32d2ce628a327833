"""Commands of subsidy programmes."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import SHARED, Call
from libs.common.money import CNY, Money
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.billing_subsidy.application.streams import DIRECTORY, reach_stream, waiting_stream
from services.billing_subsidy.domain.errors import ProgrammeNotFound
from services.billing_subsidy.domain.guards import budget_key
from services.billing_subsidy.domain.programme.directory import ProgrammeDirectory
from services.billing_subsidy.domain.programme.programme import Programme, ProgrammePublished
from services.billing_subsidy.domain.programme.reach import Reach, ReachAsked
from services.billing_subsidy.domain.programme.rules import Level, ProgrammeRules
from services.billing_subsidy.domain.programme.waiting import WaitingList


class Programmes:
    """Draft, revise, publish; only the authority that created a programme may."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def create(self, call: Call, rules: ProgrammeRules) -> Done[Programme]:
        stream = stream_id(SHARED, Programme.KIND, f"{call.owner}/{call.request_id}")

        async def plan(unit: Unit) -> None:
            if await unit.is_new(Programme, stream):
                unit.record(Programme, stream, Programme.create(call.organisation, rules), tenant=SHARED)

        return await self._application.execute(call, Programme, stream, plan)

    async def revise(self, call: Call, programme_id: UUID, rules: ProgrammeRules, etag: str) -> Done[Programme]:
        async def plan(unit: Unit) -> None:
            programme = await _own(unit, programme_id)
            unit.record(Programme, programme_id, programme.revise(rules))

        return await self._application.execute(call, Programme, programme_id, plan, etag=etag)

    async def publish(self, call: Call, programme_id: UUID, etag: str) -> Done[Programme]:
        async def plan(unit: Unit) -> None:
            programme = await _own(unit, programme_id)
            published = programme.publish(unit.call.today)
            await _reach(unit, programme_id, published)
            unit.record(Programme, programme_id, published)
            directory = await unit.find(ProgrammeDirectory, DIRECTORY) or ProgrammeDirectory()
            for event in published:
                listed = directory.enter(programme_id, event.number, event.rules)
                unit.record(ProgrammeDirectory, DIRECTORY, listed, tenant=SHARED)

        return await self._application.execute(call, Programme, programme_id, plan, etag=etag)

    async def get(self, call: Call, programme_id: UUID) -> Loaded[Programme]:
        """A programme that is published, or the caller's own."""
        missing = ProgrammeNotFound(programme_id=programme_id)
        loaded = await self._application.read(Programme, programme_id, missing, tenant=SHARED)
        if loaded.value.current is None and not call.is_authority(loaded.value.authority_id):
            raise missing
        return loaded

    async def used(self, programme_id: UUID, programme: Programme) -> dict[Level, tuple[Money, Money]]:
        """Budget and what of it is used, by level, as the guards hold it."""
        usage: dict[Level, tuple[Money, Money]] = {}
        for level, budget in programme.budgets().items():
            left = await self._application.log.available(budget_key(programme_id, level))
            used = budget.minor_units - left if left is not None else 0
            usage[level] = budget, Money(CNY, used)
        return usage


async def _reach(unit: Unit, programme_id: UUID, published: Sequence[ProgrammePublished]) -> None:
    """Has the policies looked for that the published version reaches, and those called who wait for room."""
    for event in published:
        await unit.find(Reach, reach_stream(programme_id))
        asked = ReachAsked(programme_id=programme_id, number=event.number)
        unit.record(Reach, reach_stream(programme_id), [asked], tenant=SHARED)
        waiting = await unit.find(WaitingList, waiting_stream(programme_id))
        if waiting is not None:
            unit.record(WaitingList, waiting_stream(programme_id), waiting.free())


async def _own(unit: Unit, programme_id: UUID) -> Programme:
    missing = ProgrammeNotFound(programme_id=programme_id)
    programme = await unit.get(Programme, programme_id, missing, any_tenant=True)
    if not unit.call.is_authority(programme.authority_id):
        raise missing
    return programme
