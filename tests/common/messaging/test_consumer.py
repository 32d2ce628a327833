"""How a consumer comes by what it hears: pulls that are asked ahead, hints of the owner, and the feed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deploy.local.servers import Nats
from libs.common.messaging import consumer as consuming
from libs.common.messaging import pull
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.jetstream import Hint
from tests.common.messaging.town import BELL, TOWER_SERVICE, LocalFeed, Node, verifier_of
from tests.common.messaging.waiting import heard, total, until, working

NEVER = 3600.0


class EmptyFeed(LocalFeed):
    """A feed that has nothing to tell: what is heard came from JetStream."""

    async def read(self, after: int, limit: int = 500) -> list[Any]:
        await super().read(after, limit)
        return []


@asynccontextmanager
async def hearing(database: str, nats_url: str, feed: type[LocalFeed]) -> AsyncIterator[tuple[Node, Node, Consumer]]:
    async with Node(BELL, database, nats_url) as bell, Node(TOWER_SERVICE, database, nats_url) as tower:
        consumer = Consumer("tower", tower.hearing("bell"), feed(bell), tower.bus, tower.log, verifier_of("bell"))
        await bell.bus.ensure_stream(await bell.bus.jetstream(), "bell")
        await bell.cast("big")
        yield bell, tower, consumer


async def test_jetstream_alone_brings_more_than_one_request_asks_for(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "BATCH", 5)
    async with (
        hearing(database, nats.url, EmptyFeed) as (bell, tower, consumer),
        working(bell.relay.run, consumer.run),
    ):
        for _ in range(23):
            await bell.strike("big")

        await until(heard(tower, 23))

        assert await total(tower) == 23


async def test_a_request_whose_time_is_over_is_made_again(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "REQUEST_SECONDS", 0.2)
    async with (
        hearing(database, nats.url, EmptyFeed) as (bell, tower, consumer),
        working(bell.relay.run, consumer.run),
    ):
        for hours in (1, 2, 3):
            await bell.strike("big")
            await until(heard(tower, hours))
            await asyncio.sleep(0.5)


async def test_a_consumer_that_jetstream_has_lost_is_made_again(database: str, nats: Nats) -> None:
    async with (
        hearing(database, nats.url, EmptyFeed) as (bell, tower, consumer),
        working(bell.relay.run, consumer.run),
    ):
        await bell.strike("big")
        await until(heard(tower, 1))

        await (await bell.bus.jetstream()).delete_consumer("HUBAO_BELL", "tower")
        await bell.strike("big")

        await until(heard(tower, 2), seconds=30)


async def test_what_jetstream_does_not_bring_is_asked_for_when_the_owner_says_that_it_is_there(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "SHORTEST_SILENCE", NEVER)
    monkeypatch.setattr(consuming, "LONGEST_SILENCE", NEVER)
    async with (
        hearing(database, nats.url, LocalFeed) as (bell, tower, consumer),
        working(bell.bus.keep, bell.pulse.run, consumer.run),  # And no relay.
    ):
        await until(_joined(consumer))
        await bell.strike("big", 4)

        await until(heard(tower, 4))


async def test_without_relay_and_hints_the_feed_is_asked_in_any_case(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "LONGEST_SILENCE", 2.0)
    async with hearing(database, nats.url, LocalFeed) as (bell, tower, consumer), working(consumer.run):
        await until(_joined(consumer))
        await asyncio.sleep(4)
        await bell.strike("big", 4)

        await until(heard(tower, 4))


async def test_in_a_long_silence_the_feed_is_asked_less_and_less(database: str, nats: Nats) -> None:
    async with hearing(database, nats.url, LocalFeed) as (bell, tower, _):
        feed = LocalFeed(bell)
        consumer = Consumer("tower", tower.hearing("bell"), feed, tower.bus, tower.log, verifier_of("bell"))
        async with working(consumer.run):
            await until(_joined(consumer))
            before = feed.reads
            await asyncio.sleep(5)

            assert feed.reads - before <= 3  # After 1 second, after 2 more, after 4 more.


async def test_a_broken_connection_is_no_reason_to_wait(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "SHORTEST_SILENCE", NEVER)
    async with hearing(database, nats.url, LocalFeed) as (bell, tower, consumer), working(consumer.run):
        await until(_joined(consumer))
        nats.stop()
        await bell.strike("big", 4)

        await until(heard(tower, 4))


async def test_what_the_owner_says_is_the_lag(database: str, nats: Nats) -> None:
    async with hearing(database, nats.url, LocalFeed) as (_, tower, consumer), working(consumer.run):
        await until(_joined(consumer))
        assert consumer.lag == 0
        await tower.bus.tell("bell", Hint(9, 8))

        async def lags() -> bool:
            return consumer.lag == 7

        await until(lags)


def _joined(consumer: Consumer) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return consumer.joined

    return condition
