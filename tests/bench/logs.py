"""Logs of the test domain, filled through the one function that writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from libs.common.store.migrate import prepare
from tests.bench.place import Place
from tests.common.store.purses import Purses, purses_at

IN_FLIGHT = 64


@asynccontextmanager
async def purses(place: Place) -> AsyncIterator[tuple[str, Purses]]:
    """A new log's URL, and the commands on it."""
    url = prepare(place.database(), "purse")
    async with purses_at(url) as opened:
        yield url, opened


async def opened(commands: Purses, count: int) -> list[UUID]:
    """New purses."""
    streams = [uuid4() for _ in range(count)]
    await asyncio.gather(*(commands.open(stream) for stream in streams))
    return streams


async def fill(commands: Purses, streams: list[UUID], each: int) -> None:
    """So many more events in every stream, the streams all at once."""

    async def put(stream: UUID) -> None:
        for amount in range(1, each + 1):
            await commands.put_in(stream, amount)

    await asyncio.gather(*(put(stream) for stream in streams))


async def burst(commands: Purses, stream: UUID, count: int) -> None:
    """So many events in one stream, decided at once and stored in few batches."""
    await asyncio.gather(*(commands.put_in(stream, 1) for _ in range(count)))
