"""Treaties: entered once, kept as they are."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.errors import TreatyExists, TreatyNotFound
from services.policy.domain.treaty.treaty import Treaty


class Treaties:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def create(
        self,
        call: Call,
        treaty_key: str,
        reinsurer_id: str,
        percent: Decimal,
        commission_percent: Decimal,
        starts_on: date,
        ends_on: date,
    ) -> Done[Treaty]:
        key = treaty_key or call.request_id
        stream = stream_id(call.tenant, Treaty.KIND, key)

        async def plan(unit: Unit) -> None:
            if not await unit.is_new(Treaty, stream):
                raise TreatyExists(treaty_key=key)
            created = Treaty.create(key, reinsurer_id, percent, commission_percent, starts_on, ends_on)
            unit.record(Treaty, stream, created)

        return await self._application.execute(call, Treaty, stream, plan)

    async def get(self, call: Call, treaty_id: UUID) -> Loaded[Treaty]:
        missing = TreatyNotFound(treaty_id=treaty_id)
        return await self._application.read(Treaty, treaty_id, missing, tenant=call.tenant)
