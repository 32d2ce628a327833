"""The commands of the test domain, as a service's application module would have them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.store.reading import Log
from libs.common.unit import Unit
from tests.common.store.domain import SERVICE, LimitSet, Opened, Purse, PurseEvent, Spent, not_found
from tests.common.store.examples import AT


def a_call(request_id: str | None = None, *, fingerprint: bytes = b"f", tenant: str = "t1", now: datetime = AT) -> Call:
    return Call(
        tenant=tenant,
        organisation="org",
        principal="An",
        roles=frozenset(),
        request_id=request_id or str(uuid4()),
        fingerprint=fingerprint,
        now=now,
        correlation_id="c1",
    )


@dataclass
class Purses:
    application: Application

    async def open(self, purse: UUID, holder: str = "An", call: Call | None = None) -> Done[Purse]:
        async def plan(unit: Unit) -> None:
            unit.record(Purse, purse, [Opened(holder=holder)])

        return await self.application.execute(call or a_call(), Purse, purse, plan)

    async def put_in(self, purse: UUID, amount: int = 1, call: Call | None = None, *, etag: str = "") -> Done[Purse]:
        return await self.application.change(
            call or a_call(), Purse, purse, lambda value: value.put_in(amount), not_found(purse), etag=etag
        )

    async def take_out(self, purse: UUID, amount: int = 1, call: Call | None = None) -> Done[Purse]:
        return await self.application.change(
            call or a_call(), Purse, purse, lambda value: value.take_out(amount), not_found(purse)
        )

    async def rename(self, purse: UUID, holder: str, call: Call | None = None) -> Done[Purse]:
        return await self.application.change(
            call or a_call(), Purse, purse, lambda value: value.rename(holder), not_found(purse)
        )

    async def move(self, source: UUID, target: UUID, amount: int, call: Call | None = None) -> Done[Purse]:
        """Out of one purse into another, as one append."""

        async def plan(unit: Unit) -> None:
            out = await unit.get(Purse, source, not_found(source))
            into = await unit.get(Purse, target, not_found(target))
            unit.record(Purse, source, out.take_out(amount))
            unit.record(Purse, target, into.put_in(amount))

        return await self.application.execute(call or a_call(), Purse, source, plan)

    async def copy(self, source: UUID, target: UUID) -> Done[Purse]:
        """Puts into one purse what it sees in another, which is only looked at."""

        async def plan(unit: Unit) -> None:
            seen = await unit.get(Purse, source, not_found(source))
            value = await unit.get(Purse, target, not_found(target))
            unit.record(Purse, target, value.copy(source, seen.balance))

        return await self.application.execute(a_call(), Purse, target, plan)

    async def record(self, purse: UUID, *events: PurseEvent, call: Call | None = None) -> Done[Purse]:
        return await self.application.change(call or a_call(), Purse, purse, lambda value: events, not_found(purse))

    async def put_in_and_spend(self, purse: UUID, amount: int, guard: str, holder: str = "An") -> Done[Purse]:
        """Changes the purse in every way at once, if the guard allows it."""

        def decide(value: Purse) -> list[PurseEvent]:
            return [*value.put_in(amount), *value.rename(holder), Spent(guard=guard, amount=amount)]

        return await self.application.change(a_call(), Purse, purse, decide, not_found(purse))

    async def limit(self, purse: UUID, guard: str, limit: int) -> Done[Purse]:
        return await self.record(purse, LimitSet(guard=guard, limit=limit))

    async def spend(self, purse: UUID, guard: str, amount: int) -> Done[Purse]:
        return await self.record(purse, Spent(guard=guard, amount=amount))

    async def read(self, purse: UUID, tenant: str | None = "t1") -> Purse:
        return (await self.application.read(Purse, purse, not_found(purse), tenant=tenant)).value


@asynccontextmanager
async def purses_at(url: str) -> AsyncIterator[Purses]:
    """One process's worth of the service."""
    application = Application(SERVICE, Log(url), url)
    await application.open()
    try:
        yield Purses(application)
    finally:
        await application.close()
