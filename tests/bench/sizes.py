"""The typical write on a log of 2,000,000 events, against the same on a log of 2,000."""

import asyncio
from time import monotonic

from libs.common.store.migrate import prepare
from tests.bench import write
from tests.bench.commands import MANY
from tests.bench.figures import Figure, Size, alternate
from tests.bench.history import check_tail, multiply
from tests.bench.place import Place
from tests.bench.targets import Sides

TELL_EVERY = 5.0


async def store_size_flat(place: Place, size: Size) -> Figure:
    """Each round begins with a fresh copy of the small log; each measurement has a server process of its own."""
    template = place.database()
    async with write.writing(place, prepare(template, write.SERVICE.name)) as seeding:
        await seeding.run(size.small_log - 1, MANY)  # One more was the look at the first answer.
    big = place.database(template)
    url = prepare(big, write.SERVICE.name)
    started = monotonic()
    events = await asyncio.to_thread(multiply, big, write.SERVICE.name, size.times_as_long, _Teller())
    filled = monotonic() - started
    await check_tail(url)
    sides = Sides()

    async def side(name: str, log: str) -> float:
        async with write.writing(place, log) as target:
            calls = await target.warm_up(MANY, size.seconds)
            run = await target.run(calls, MANY)
            sides.keep(name, target)
        return 1 / run["rate"]

    async def ours() -> float:
        return await side("ours", url)

    async def reference() -> float:
        return await side("reference", prepare(place.database(template), write.SERVICE.name))

    figure = await alternate(Figure("s a write"), size.rounds, ours, reference)
    figure.notes |= {"in_flight": MANY, "events": {"ours": events, "reference": size.small_log}}
    figure.notes |= {"filled_in_seconds": filled} | sides.notes()
    return figure


class _Teller:
    """Says now and then how far the filling is."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, events: int) -> None:
        if monotonic() >= self._next:
            print(f"  {events:,} events in the log", flush=True)
            self._next = monotonic() + TELL_EVERY
