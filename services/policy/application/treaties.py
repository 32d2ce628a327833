"""Treaties: entered once, perhaps terminated; and facultative placements: offered, then accepted."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.ceding import policy_of_submission
from services.policy.application.submissions import submission_of
from services.policy.domain.errors import (
    FacultativeExists,
    FacultativeNotFound,
    RiskBoundAlready,
    TreatyExists,
    TreatyNotFound,
)
from services.policy.domain.policy.policy import Policy
from services.policy.domain.treaty.facultative import Facultative, Slip
from services.policy.domain.treaty.terms import TreatyTerms
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
        terms: TreatyTerms,
    ) -> Done[Treaty]:
        key = treaty_key or call.request_id
        stream = stream_id(call.tenant, Treaty.KIND, key)

        async def plan(unit: Unit) -> None:
            if not await unit.is_new(Treaty, stream):
                raise TreatyExists(treaty_key=key)
            created = Treaty.create(key, reinsurer_id, percent, commission_percent, starts_on, ends_on, terms)
            unit.record(Treaty, stream, created)

        return await self._application.execute(call, Treaty, stream, plan)

    async def terminate(self, call: Call, treaty_id: UUID, on: date, reason: str, etag: str) -> Done[Treaty]:
        return await self._application.change(
            call,
            Treaty,
            treaty_id,
            lambda treaty: treaty.terminate(on, reason),
            TreatyNotFound(treaty_id=treaty_id),
            etag=etag,
        )

    async def get(self, call: Call, treaty_id: UUID) -> Loaded[Treaty]:
        missing = TreatyNotFound(treaty_id=treaty_id)
        return await self._application.read(Treaty, treaty_id, missing, tenant=call.tenant)


class Facultatives:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def place(self, call: Call, facultative_key: str, slip: Slip) -> Done[Facultative]:
        """Offers a part of the risk that a submission describes."""
        key = facultative_key or call.request_id
        stream = stream_id(call.tenant, Facultative.KIND, key)

        async def plan(unit: Unit) -> None:
            if await unit.find(Facultative, stream) is not None:
                raise FacultativeExists(facultative_key=key)
            await _check_open(unit, slip.submission_id)
            unit.record(Facultative, stream, Facultative.offer(key, slip, call.today))

        return await self._application.execute(call, Facultative, stream, plan)

    async def accept(self, call: Call, facultative_id: UUID, reference: str, etag: str) -> Done[Facultative]:
        async def plan(unit: Unit) -> None:
            missing = FacultativeNotFound(facultative_id=facultative_id)
            facultative = await unit.get(Facultative, facultative_id, missing)
            accepted = facultative.accept(reference, call.today)
            if accepted:
                await _check_open(unit, facultative.slip.submission_id)
            unit.record(Facultative, facultative_id, accepted)

        return await self._application.execute(call, Facultative, facultative_id, plan, etag=etag)

    async def get(self, call: Call, facultative_id: UUID) -> Loaded[Facultative]:
        missing = FacultativeNotFound(facultative_id=facultative_id)
        return await self._application.read(Facultative, facultative_id, missing, tenant=call.tenant)


async def _check_open(unit: Unit, submission_id: str) -> None:
    """A facultative cession is agreed while the risk is still a submission."""
    await submission_of(unit, UUID(submission_id))
    policy_id = policy_of_submission(unit.call.tenant, UUID(submission_id))
    if await unit.find(Policy, policy_id) is not None:
        raise RiskBoundAlready(policy_id=policy_id)
