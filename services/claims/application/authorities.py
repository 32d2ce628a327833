"""Authorities: proposed by one person, granted by another, and looked up where somebody decides."""

from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.names import key_of
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.claims.domain.authority.granting import ROLE, grant, propose
from services.claims.domain.authority.profile import BY_ROLE, Held, Profile
from services.claims.domain.authority.value import Authority
from services.claims.domain.claim.parts import Actor
from services.claims.domain.errors import AuthorityNotFound


class Authorities:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def propose(
        self, call: Call, holder: str, profile: Profile, first: date | None, etag: str
    ) -> Done[Authority]:
        stream = authority_stream(call.tenant, holder)

        async def plan(unit: Unit) -> None:
            known = await unit.find(Authority, stream)
            events = propose(known, holder, profile, first or call.today, call.principal, call.today)
            unit.record(Authority, stream, events)

        return await self._application.execute(call, Authority, stream, plan, etag=etag)

    async def grant(self, call: Call, holder: str, number: int, etag: str) -> Done[Authority]:
        return await self._application.change(
            call,
            Authority,
            authority_stream(call.tenant, holder),
            lambda known: grant(known, number, call.principal),
            AuthorityNotFound(holder=holder),
            etag=etag,
        )

    async def get(self, call: Call, holder: str) -> Loaded[Authority]:
        missing = AuthorityNotFound(holder=holder)
        return await self._application.read(
            Authority, authority_stream(call.tenant, holder), missing, tenant=call.tenant
        )


async def deciding_actor(unit: Unit) -> Actor:
    """Who calls, with the authority that was granted in person, or else to each role."""
    call = unit.call
    own = await _on_today(unit, call.principal)
    if own is not None:
        profiles = [own]
    else:
        profiles = [await _on_today(unit, ROLE + role) or BY_ROLE[role] for role in sorted(call.roles & BY_ROLE.keys())]
    return Actor(call.principal, call.today, call.now, Held(tuple(profiles)))


async def _on_today(unit: Unit, holder: str) -> Profile | None:
    known = await unit.find(Authority, authority_stream(unit.call.tenant, holder))
    return known.on(unit.call.today) if known else None


def authority_stream(tenant: str, holder: str) -> UUID:
    return stream_id(tenant, Authority.KIND, key_of(holder))
