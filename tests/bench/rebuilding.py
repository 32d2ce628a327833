"""Events per second into a rebuilt read table, against COPY of the same events out of PostgreSQL and decoding them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import psycopg
from sqlalchemy import func, select

from libs.common.store import codec
from tests.bench.figures import Figure, Size, alternate
from tests.bench.logs import IN_FLIGHT
from tests.bench.place import Place
from tests.common.messaging.town import BELL, STRIKES, Node

GUARDED = 100
"""How often a bell of the test domain may be struck."""
EVENTS = "COPY (SELECT type, schema_version, payload FROM event ORDER BY position) TO STDOUT (FORMAT binary)"


@asynccontextmanager
async def belfry(place: Place, events: int) -> AsyncIterator[Node]:
    """A log of bells, each cast once and struck many times."""
    async with Node(BELL, place.database()) as node:
        waiting = iter(range(events // GUARDED))

        async def ring() -> None:
            for number in waiting:
                await node.cast(f"bell {number}")
                for _ in range(GUARDED - 1):
                    await node.strike(f"bell {number}")

        await asyncio.gather(*(ring() for _ in range(IN_FLIGHT)))
        yield node


def copied(url: str) -> int:
    """Every event out of the database and decoded; how many."""
    count = 0
    with psycopg.connect(url) as connection, connection.cursor().copy(EVENTS) as copy:
        copy.set_types(["text", "int4", "bytea"])
        for name, schema_version, payload in copy.rows():
            codec.decode(name, schema_version, payload)
            count += 1
    return count


async def rebuild_vs_copy(place: Place, size: Size) -> Figure:
    async with belfry(place, size.events) as node:
        head = (await node.log.head()).position

        async def ours() -> float:
            started = perf_counter()
            position, _ = await node.projector.rebuild()
            took = perf_counter() - started
            async with node.tables.connect() as connection:
                hours = await connection.scalar(select(func.sum(STRIKES.c.hours)))
            if (position, hours) != (head, head - head // GUARDED):
                raise AssertionError(f"rebuilt to {position} of {head}, with {hours} strikes")
            return head / took

        async def reference() -> float:
            started = perf_counter()
            count = await asyncio.to_thread(copied, node.url)
            took = perf_counter() - started
            if count != head:
                raise AssertionError(f"{count} of {head} events")
            return head / took

        await node.projector.rebuild()  # So that no old generation has to be brought up to date in the first round.
        while await node.projector.advance(node.tables.schema):
            pass
        figure = await alternate(Figure("events/s"), size.rounds, ours, reference)
        figure.notes |= {"events": head}
        return figure
