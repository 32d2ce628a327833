"""From an acknowledged write to its effect committed in another service, against what cannot be left out of that.

Two services of the test domain in this process, each with relay or consumer under its lease and with its pulse, on one
PostgreSQL and a NATS server that syncs every message. The reference does the bare steps one after the other with the
same servers: a one-row commit, a publication that is awaited, a pull that already waits, a one-row commit, an
acknowledgement.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from time import perf_counter

import psycopg
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig

from deploy.local.servers import Nats
from libs.common.messaging.consumer import Consumer
from libs.common.store.leases import Leases
from libs.common.store.reading import CONNECTION
from libs.common.waking import cancelled, forever
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place
from tests.common.messaging.town import BELL, TOWER, TOWER_SERVICE, LocalFeed, NoBell, Node, Tower, verifier_of

STRIKES = 100
"""In one round; as often as a bell of the test domain may be struck."""
HEARD_WITHIN = 20.0
WARM_UP = 20


class Listener(Node):
    """The other service; notes the moment in which each of its appends was acknowledged."""

    def __init__(self, admin_url: str, nats_url: str) -> None:
        super().__init__(TOWER_SERVICE, admin_url, nats_url)
        self.moments: asyncio.Queue[float] = asyncio.Queue()

    def committed(self) -> None:
        self.moments.put_nowait(perf_counter())
        super().committed()


@asynccontextmanager
async def wired(bell: Node, tower: Listener) -> AsyncIterator[None]:
    """The workers of both, as their processes run them."""
    consumer = Consumer("tower", tower.hearing("bell"), LocalFeed(bell), tower.bus, tower.log, verifier_of("bell"))
    near, far = Leases(bell.log, "bell"), Leases(tower.log, "tower")
    workers = {
        "relay": lambda: near.lead("relay", bell.relay.run),
        "hear": lambda: far.lead("consumer bell", consumer.run),
        "bell": bell.pulse.run,
        "tower": tower.pulse.run,
    }
    tasks = [asyncio.create_task(forever(name, worker)) for name, worker in workers.items()]
    try:
        yield
    finally:
        await cancelled(tasks)


async def heard_after(bell: Node, tower: Listener, name: str) -> float:
    """Seconds from the answer to one strike to the moment in which the tower's count of it was committed."""
    await bell.strike(name)
    acknowledged = perf_counter()
    return await asyncio.wait_for(tower.moments.get(), HEARD_WITHIN) - acknowledged


async def settled(bell: Node, tower: Listener) -> None:
    """Waits until the tower has passed all that the bell has announced, and forgets when that was."""
    async with asyncio.timeout(HEARD_WITHIN):
        while await tower.log.tracking("bell") < (await bell.log.head()).outbox_position:
            await asyncio.sleep(0.05)
    while not tower.moments.empty():
        tower.moments.get_nowait()


class Raw:
    """The bare steps, on a stream and a table of their own."""

    def __init__(self, url: str, bell: Node) -> None:
        self._url = url
        self._bus = bell.bus
        self._count = 0

    async def open(self) -> None:
        jetstream = self._jetstream = await self._bus.jetstream()
        await jetstream.add_stream(StreamConfig(name="RAW", subjects=["raw.>"], storage=StorageType.FILE))
        self._pulled = await jetstream.pull_subscribe(
            "raw.>", durable="raw", stream="RAW", config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT)
        )
        self._connection = await psycopg.AsyncConnection.connect(self._url, **CONNECTION)
        await self._connection.execute("CREATE TABLE raw (id bigint, side text, PRIMARY KEY (id, side))")

    async def close(self) -> None:
        await self._connection.close()

    async def once(self, body: bytes) -> float:
        """Seconds for all steps."""
        self._count += 1
        started = perf_counter()
        await self._store("near")
        pulling = asyncio.ensure_future(self._pulled.fetch(1, timeout=HEARD_WITHIN))
        await self._jetstream.publish("raw.announcement", body, stream="RAW")
        (message,) = await pulling
        if message.data != body:
            raise AssertionError(f"{message.data!r} was pulled instead of {body!r}")
        await self._store("far")
        await message.ack()
        return perf_counter() - started

    async def kept(self) -> int:
        """How many times all steps left their two rows."""
        cursor = await self._connection.execute(
            "SELECT count(*) FROM raw a JOIN raw b USING (id) WHERE a.side = 'near' AND b.side = 'far'"
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def _store(self, side: str) -> None:
        await self._connection.execute("INSERT INTO raw VALUES (%s, %s)", (self._count, side), prepare=True)


async def total(tower: Node) -> int:
    """What the tower has counted."""
    loaded = await tower.application.read(Tower, TOWER, NoBell(name=""), tenant=None)
    return loaded.value.total


async def fanout_vs_raw(place: Place, size: Size) -> Figure:
    admin = place.database()
    with Nats(place.directory / "fanout") as nats:
        async with Node(BELL, admin, nats.url) as bell, Listener(admin, nats.url) as tower, wired(bell, tower):
            raw = Raw(admin, bell)
            await raw.open()
            try:
                return await _measured(bell, tower, raw, size, STRIKES if size.rounds > 1 else WARM_UP)
            finally:
                await raw.close()


async def _measured(bell: Node, tower: Listener, raw: Raw, size: Size, strikes: int) -> Figure:
    spread: dict[str, list[float]] = {"ours": [], "reference": []}
    rounds = 0

    async def ours() -> float:
        nonlocal rounds
        rounds += 1
        name = f"bell {rounds}"
        await bell.cast(name)
        await settled(bell, tower)
        before = await total(tower) if rounds > 1 else 0
        times = [await heard_after(bell, tower, name) for _ in range(strikes)]
        if await total(tower) - before != strikes or not tower.moments.empty():
            raise AssertionError(f"{strikes} strikes, and {await total(tower) - before} were counted")
        spread["ours"] += times
        return median(times)

    async def reference() -> float:
        before = await raw.kept()
        times = [await raw.once(b"x" * 64) for _ in range(strikes)]
        if await raw.kept() - before != strikes:
            raise AssertionError(f"{strikes} times, and {await raw.kept() - before} were kept")
        spread["reference"] += times
        return median(times)

    await ours()
    await reference()
    spread = {"ours": [], "reference": []}
    figure = await alternate(Figure("s"), size.rounds, ours, reference)
    p99 = {side: sorted(times)[len(times) * 99 // 100] for side, times in spread.items()}
    figure.notes |= {"strikes": strikes, "p99": p99}
    return figure
