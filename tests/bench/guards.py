"""Accepted commands per second on one hot budget by 64 clients, against the same on 64 budgets of their own."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from tests.bench import logs
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place
from tests.common.store.purses import Purses

CLIENTS = 64
LIMIT = 10**15


async def spend(commands: Purses, guards: Sequence[tuple[UUID, str]], seconds: float) -> float:
    """Each client draws on its guard, one command after the other; accepted commands per second."""
    names = sorted({name for _, name in guards})
    log = commands.application.log

    async def used() -> int:
        left = [await log.available(name) for name in names]
        return sum(LIMIT - one for one in left if one is not None)

    before, started = await used(), monotonic()
    accepted = 0

    async def client(purse: UUID, guard: str) -> None:
        nonlocal accepted
        while monotonic() < started + seconds:
            await commands.spend(purse, guard, 1)
            accepted += 1

    await asyncio.gather(*(client(purse, guard) for purse, guard in guards))
    took = monotonic() - started
    if await used() - before != accepted:
        raise AssertionError(f"{accepted} commands were accepted, and the guards say {await used() - before}")
    return accepted / took


async def contended_guard(place: Place, size: Size) -> Figure:
    async with logs.purses(place) as (_, commands):
        streams = await logs.opened(commands, CLIENTS)
        own = [(stream, f"own/{number}") for number, stream in enumerate(streams)]
        hot = [(stream, "hot") for stream in streams]
        for stream, name in [*own, hot[0]]:
            await commands.limit(stream, name, LIMIT)
        return await alternate(
            Figure("commands/s", notes={"clients": CLIENTS, "client_cores": "the clients are in the measured process"}),
            size.rounds,
            lambda: spend(commands, hot, size.seconds),
            lambda: spend(commands, own, size.seconds),
        )
