"""Accepted commands per second on one hot budget by 64 clients, against the same on 64 budgets of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from statistics import median
from time import monotonic, process_time
from typing import Any
from uuid import UUID

from tests.bench import logs
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place
from tests.common.store.purses import Purses

CLIENTS = 64
LIMIT = 10**15
EMPTY_SECONDS = 0.3

Command = Callable[[], Awaitable[Any]]


async def together(clients: Sequence[Command], seconds: float) -> tuple[int, float]:
    """Each client gives its command again and again; how many were accepted, and the seconds that it took."""
    accepted, started = 0, monotonic()

    async def client(command: Command) -> None:
        nonlocal accepted
        while monotonic() < started + seconds:
            await command()
            accepted += 1

    await asyncio.gather(*map(client, clients))
    return accepted, monotonic() - started


async def spend(commands: Purses, guards: Sequence[tuple[UUID, str]], seconds: float) -> float:
    """Each client draws on its guard, one command after the other; accepted commands per second."""
    names = sorted({name for _, name in guards})
    log = commands.application.log

    async def used() -> int:
        left = [await log.available(name) for name in names]
        return sum(LIMIT - one for one in left if one is not None)

    before = await used()
    accepted, took = await together([partial(commands.spend, purse, guard, 1) for purse, guard in guards], seconds)
    if await used() - before != accepted:
        raise AssertionError(f"{accepted} commands were accepted, and the guards say {await used() - before}")
    return accepted / took


async def cost_of_clients() -> float:
    """CPU seconds that the clients themselves take for a command, found with one that does nothing."""
    busy = process_time()
    accepted, _ = await together([partial(asyncio.sleep, 0)] * CLIENTS, EMPTY_SECONDS)
    return (process_time() - busy) / accepted


async def contended_guard(place: Place, size: Size) -> Figure:
    async with logs.purses(place) as (_, commands):
        streams = await logs.opened(commands, CLIENTS)
        own = [(stream, f"own/{number}") for number, stream in enumerate(streams)]
        hot = [(stream, "hot") for stream in streams]
        for stream, name in [*own, hot[0]]:
            await commands.limit(stream, name, LIMIT)
        figure = await alternate(
            Figure("commands/s"),
            size.rounds,
            lambda: spend(commands, hot, size.seconds),
            lambda: spend(commands, own, size.seconds),
        )
        cost = await cost_of_clients()
    figure.notes |= {
        "client": f"{CLIENTS} coroutines in the measured process",
        "client_cores": {"ours": median(figure.ours) * cost, "reference": median(figure.reference) * cost},
    }
    return figure
