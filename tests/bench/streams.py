"""The write on a long stream with a cold cache, against the write on a stream of ten events."""

from statistics import median
from time import perf_counter
from uuid import UUID

from tests.bench import logs
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place
from tests.common.store.purses import purses_at

SHORT = 10
WRITES = 15
"""Cold writes on one side of a round, each by an application of its own; their median counts."""


async def cold_write(url: str, stream: UUID, neighbour: UUID, balance: int) -> float:
    """Seconds of one command by an application that has seen nothing but another stream."""
    async with purses_at(url) as cold:
        await cold.put_in(neighbour, 1)  # Connections and statements are there; the cache of `stream` is not.
        started = perf_counter()
        done = await cold.put_in(stream, 1)
        took = perf_counter() - started
    if done.value.wrong or done.value.balance != balance + 1:
        raise AssertionError(f"{done.value} after {balance}")
    return took


async def stream_length_flat(place: Place, size: Size) -> Figure:
    async with logs.purses(place) as (url, commands):
        long, short, neighbour = await logs.opened(commands, 3)
        for stream, length in ((long, size.long_stream), (short, SHORT)):
            left = length - 1
            while left:
                # A stream that long was loaded now and then; what that leaves behind (snapshots) is part of it.
                step = min(left, logs.IN_FLIGHT)
                await logs.burst(commands, stream, step)
                left -= step
        balances = {stream: (await commands.read(stream)).balance for stream in (long, short)}
        await commands.application.settle()

        async def side(stream: UUID) -> float:
            took: list[float] = []
            for _ in range(WRITES):
                took.append(await cold_write(url, stream, neighbour, balances[stream]))
                balances[stream] += 1
            return median(took)

        figure = await alternate(Figure("s"), size.rounds, lambda: side(long), lambda: side(short))
        figure.notes |= {"events": {"ours": size.long_stream, "reference": SHORT}}
        figure.notes |= {"client": "one command at a time, given in the measured process"}
        return figure
