"""The way of an announcement: outbox, relay, JetStream, consumer, reaction; and what happens when parts of it fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from deploy.local.servers import Nats
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.parking import NothingParked, ParkingLot
from libs.common.messaging.relay import relayed
from libs.common.store.verify import verify
from tests.common.messaging import town
from tests.common.messaging.town import BELL, TOWER_SERVICE, LocalFeed, Node, bell_id, verifier_of
from tests.common.messaging.waiting import heard, published_all, total, until, working

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def towns(database: str, nats_url: str) -> AsyncIterator[tuple[Node, Node, Consumer, LocalFeed]]:
    async with Node(BELL, database, nats_url) as bell, Node(TOWER_SERVICE, database, nats_url) as tower:
        feed = LocalFeed(bell)
        consumer = Consumer("tower", tower.hearing("bell"), feed, tower.bus, tower.log, verifier_of("bell"))
        yield bell, tower, consumer, feed


async def test_what_one_service_announces_another_one_hears_exactly_once(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, _), working(bell.relay.run, consumer.run):
        await bell.cast("big")
        for _ in range(20):
            await bell.strike("big")

        await until(heard(tower, 20))

        assert await total(tower) == 20
        assert await tower.log.tracking("bell") == 21
        assert await relayed(bell.log) == 21


async def test_publishing_again_changes_nothing(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, _), working(bell.relay.run, consumer.run):
        await bell.cast("big")
        await bell.strike("big", 3)
        await until(heard(tower, 3))

        await bell.log.run("UPDATE cursor SET position = 0 WHERE name = 'relay'")
        bell.waker.nudge()
        await bell.strike("big", 2)
        await until(heard(tower, 5))

        assert await total(tower) == 5


async def test_without_jetstream_the_feed_brings_everything(database: str) -> None:
    async with towns(database, "nats://127.0.0.1:1") as (bell, tower, consumer, _), working(consumer.run):
        await bell.cast("big")
        await bell.strike("big", 4)

        await until(heard(tower, 4))


async def test_losing_all_of_jetstream_loses_nothing_and_heals(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, _), working(bell.relay.run, consumer.run):
        await bell.cast("big")
        await bell.strike("big", 1)
        await until(heard(tower, 1))

        nats.stop()
        await bell.strike("big", 2)
        nats.wipe()
        nats.start()
        await bell.strike("big", 4)
        await until(heard(tower, 7), seconds=30)

        await until(published_all(bell), seconds=30)
        assert await total(tower) == 7


async def test_what_another_log_of_the_same_name_has_left_in_jetstream_is_not_heard(
    database: str, postgres_url: str, nats: Nats
) -> None:
    async with towns(database, nats.url) as (bell, _, _, _), working(bell.relay.run):
        await bell.cast("old")
        for _ in range(5):
            await bell.strike("old", 12)
        await until(published_all(bell))
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("DROP SCHEMA bell CASCADE")

    async with towns(database, nats.url) as (bell, tower, consumer, _), working(bell.relay.run, consumer.run):
        await bell.cast("new")
        await bell.strike("new", 1)
        await until(heard(tower, 1))
        await until(published_all(bell))
        await bell.strike("new", 2)
        await until(heard(tower, 3))

        assert await total(tower) == 3


async def test_a_gap_is_filled_from_the_owners_feed(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        await bell.cast("big")
        for _ in range(5):
            await bell.strike("big")
        announcements = await feed.read(0)
        reads = feed.reads

        await consumer.take([announcements[0], announcements[4]])

        assert consumer.position == 5
        assert await total(tower) == 4
        assert feed.reads > reads


async def test_an_old_announcement_is_not_handled_again(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        await bell.cast("big")
        await bell.strike("big", 2)
        announcements = await feed.read(0)

        await consumer.take(announcements)
        await consumer.take(announcements)

        assert await total(tower) == 2


async def test_two_consumers_at_once_handle_everything_once(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        rival = Consumer("tower", tower.hearing("bell"), feed, tower.bus, tower.log, verifier_of("bell"))
        async with working(bell.relay.run, consumer.run, rival.run):
            await bell.cast("big")
            for _ in range(30):
                await bell.strike("big")
            await until(heard(tower, 30))
            await asyncio.sleep(0.3)

            assert await total(tower) == 30


async def test_a_failing_announcement_is_parked_with_what_follows_of_the_same_aggregate(
    database: str, nats: Nats
) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        name = f"poison{uuid4()}"
        await bell.cast(name)
        await bell.cast("big")
        await bell.strike(name, 1)
        await bell.strike("big", 2)
        await bell.strike(name, 4)
        lot = ParkingLot(tower.log, {"bell": tower.hearing("bell")})

        await consumer.take(await feed.read(0))

        parked = await lot.list(("", 0), 10)
        assert await total(tower) == 2
        assert [(one.position, one.subject) for one in parked] == [
            (3, bell_id("lead", name)),
            (5, bell_id("lead", name)),
        ]
        assert "can't count" in parked[0].error
        assert "waits behind" in parked[1].error

        assert await lot.replay("bell", bell_id("lead", name)) == (0, 2, f"ValueError: can't count {name}")
        town.MENDED.add(name)
        assert await lot.replay("bell", bell_id("lead", name)) == (2, 0, "")
        assert await total(tower) == 7
        assert await lot.count() == 0
        with pytest.raises(NothingParked):
            await lot.replay("bell", bell_id("lead", name))

        await bell.strike(name, 8)
        await consumer.take(await feed.read(5))
        assert await total(tower) == 15


async def test_a_dropped_announcement_keeps_its_reason(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        name = f"poison{uuid4()}"
        await bell.cast(name)
        await bell.strike(name, 1)
        lot = ParkingLot(tower.log, {"bell": tower.hearing("bell")})
        await consumer.take(await feed.read(0))

        await lot.drop("bell", 2, "a test", "user:op", tower.clock.now())

        assert await lot.count() == 0
        rows = await tower.log.all("SELECT reason, dropped_by FROM parked")
        assert rows == [("a test", "user:op")]
        with pytest.raises(NothingParked):
            await lot.drop("bell", 99, "none", "user:op", tower.clock.now())


async def test_a_fact_that_is_not_there_yet_is_waited_for(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        name = f"late{uuid4()}"
        await bell.cast(name)
        await bell.strike(name, 3)
        taking = asyncio.create_task(consumer.take(await feed.read(0)))
        await asyncio.sleep(0.2)
        assert not taking.done()

        town.KNOWN.add(name)
        await taking

        assert await total(tower) == 3


async def test_a_fact_that_never_comes_parks_what_needs_it(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, _, feed):
        name = f"late{uuid4()}"
        await bell.cast(name)
        await bell.strike(name, 3)
        impatient = Consumer(
            "tower", tower.hearing("bell", not_yet_seconds=0.1), feed, tower.bus, tower.log, verifier_of("bell")
        )

        await impatient.take(await feed.read(0))

        parked = await ParkingLot(tower.log, {}).list(("", 0), 10)
        assert "still missing" in parked[0].error
        assert await tower.log.tracking("bell") == 2


async def test_an_outage_of_the_database_parks_nothing(database: str, nats: Nats) -> None:
    async with towns(database, nats.url) as (bell, tower, consumer, feed):
        await bell.cast("big")
        await bell.strike("big", 3)
        announcements = await feed.read(0)
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hubao_tower'")

        await consumer.take(announcements)

        assert await total(tower) == 3
        assert (await verify(tower.log))[1] == []
