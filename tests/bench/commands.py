"""The typical write against an empty echo of the same message, and against the plain library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from tests.bench import write
from tests.bench.driving import Aim
from tests.bench.figures import Figure, Size
from tests.bench.place import Place
from tests.bench.servers import echo
from tests.bench.servers.library import METHOD as SAVE
from tests.bench.targets import Target, compare, server

MANY = 64
FEW = 4


@asynccontextmanager
async def echoing(place: Place) -> AsyncIterator[Target]:
    async with server("echo") as running:
        body = write.REQUEST.SerializeToString()
        yield Target(place, running, Aim(running.port, echo.METHOD, body, 0), good=lambda answer: answer == body)


@asynccontextmanager
async def saving(place: Place, length: int) -> AsyncIterator[Target]:
    """The library on a database of its own, with events of this length."""
    url = place.database()

    def kept() -> tuple[int, ...]:
        with psycopg.connect(url) as connection:
            # An event's time is written without its microseconds when there are none: `.000000` less.
            counted = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE length(state) IN (%(length)s, %(length)s - 7))"
                " FROM treaties_events",
                {"length": length},
            ).fetchone()
        assert counted is not None
        return counted

    async with server("library", url, str(length)) as running:
        body = write.REQUEST.SerializeToString()
        yield Target(place, running, Aim(running.port, SAVE, body, 0), good=write.good, kept=kept)


async def _vs_echo(place: Place, size: Size, *, in_flight: int, value: str, unit: str) -> Figure:
    async with write.writing(place, write.log(place)) as ours, echoing(place) as reference:
        if ours.loop != reference.loop:
            raise RuntimeError(f"{ours.loop} and {reference.loop} can't be compared")
        return await compare(unit, size, ours, reference, in_flight=in_flight, value=value)


async def command_vs_echo(place: Place, size: Size) -> Figure:
    return await _vs_echo(place, size, in_flight=MANY, value="rate", unit="calls/s")


async def command_latency_vs_echo(place: Place, size: Size) -> Figure:
    return await _vs_echo(place, size, in_flight=FEW, value="p99", unit="s, p99")


async def command_vs_library(place: Place, size: Size) -> Figure:
    url = write.log(place)
    async with write.writing(place, url) as ours:
        length = write.payload_length(url)
        async with saving(place, length) as reference:
            figure = await compare("calls/s", size, ours, reference, in_flight=MANY, value="rate")
            figure.notes["payload_bytes"] = length
            return figure
