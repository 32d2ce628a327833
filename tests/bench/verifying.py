"""Bytes per second of chain verification, against hashlib over the same bytes with the rows already in memory."""

import hashlib
from time import perf_counter

import psycopg

from libs.common.store.verify import chained, verify
from tests.bench import logs
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place


async def verify_vs_sha256(place: Place, size: Size) -> Figure:
    async with logs.purses(place) as (url, commands):
        streams = await logs.opened(commands, logs.IN_FLIGHT)
        await logs.fill(commands, streams, size.events // len(streams))
        log = commands.application.log
        with psycopg.connect(url) as connection:
            rows = [(canonical, stored) for some in chained(connection) for _, canonical, stored in some]
        total = sum(len(canonical) for canonical, _ in rows)

        async def ours() -> float:
            started = perf_counter()
            count, violations = await verify(log)
            took = perf_counter() - started
            if (count, violations) != (len(rows), []):
                raise AssertionError(f"{count} events, {violations}")
            return total / took

        async def reference() -> float:
            started = perf_counter()
            chain = hashlib.sha256(b"").digest()
            for canonical, _ in rows:
                chain = hashlib.sha256(chain + canonical).digest()
            took = perf_counter() - started
            if chain != rows[-1][1]:
                raise AssertionError("the chain of the rows in memory is another one")
            return total / took

        figure = await alternate(Figure("bytes/s"), size.rounds, ours, reference)
        figure.notes |= {"events": len(rows), "bytes": total}
        return figure
