"""Authorities: granted and revoked."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.money import Money
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.authority import Authority, grant, held_by, revoke
from services.policy.domain.submission.quoting import Held
from services.policy.domain.underwriting_errors import AuthorityNotFound


class Authorities:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def grant(
        self, call: Call, principal: str, limit: Money, reasons: Sequence[str], first: date | None, etag: str
    ) -> Done[Authority]:
        stream = authority_id(call.tenant, principal)

        async def plan(unit: Unit) -> None:
            known = await unit.find(Authority, stream)
            granted = grant(known, principal, limit, reasons, first or call.today, call.principal, call.today)
            unit.record(Authority, stream, granted)

        return await self._application.execute(call, Authority, stream, plan, etag=etag)

    async def revoke(self, call: Call, principal: str, first: date | None, etag: str) -> Done[Authority]:
        stream = authority_id(call.tenant, principal)

        async def plan(unit: Unit) -> None:
            known = await unit.find(Authority, stream)
            unit.record(Authority, stream, revoke(known, principal, first or call.today, call.principal, call.today))

        return await self._application.execute(call, Authority, stream, plan, etag=etag)

    async def get(self, call: Call, principal: str) -> Loaded[Authority]:
        missing = AuthorityNotFound(principal=principal)
        return await self._application.read(
            Authority, authority_id(call.tenant, principal), missing, tenant=call.tenant
        )


async def authority_of_caller(unit: Unit) -> Held:
    """How far whoever calls is trusted to release referrals today."""
    call = unit.call
    known = await unit.find(Authority, authority_id(call.tenant, call.principal))
    if known is None and call.principal_before:
        # Granted when principals were taken as they were written; a grant of now replaces it.
        known = await unit.find(Authority, authority_id(call.tenant, call.principal_before))
    return held_by(call.roles, known, call.today)


def authority_id(tenant: str, principal: str) -> UUID:
    return stream_id(tenant, Authority.KIND, principal)
