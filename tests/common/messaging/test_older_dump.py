"""A service that went back to an older dump goes on by the documentation's procedure, run here as it stands there."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.local.servers import Nats
from libs.common.messaging.consumer import Consumer
from libs.common.store.verify import verify
from tests.common.messaging.town import BELL, TOWER_SERVICE, LocalFeed, Node, verifier_of
from tests.common.messaging.waiting import heard, published_all, total, until, working

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.fixture
def dump(database: str) -> Iterator[str]:
    """The name of a database that is to be a copy of `database`, dropped after the test."""
    name = f"{urlsplit(database).path.lstrip('/')}_dump"
    yield name
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def copied(database: str, name: str) -> str:
    parts = urlsplit(database)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path.lstrip('/')}")
    return urlunsplit(parts._replace(path=f"/{name}"))


def procedure(service: str, heard: int) -> str:
    """The documentation's SQL, for a service, and what others have heard of it."""
    lines = OPERATIONS.read_text().splitlines()
    begin, end = lines.index("    BEGIN;"), lines.index("    COMMIT;")
    text = "\n".join(lines[begin : end + 1])
    assert text.count("claims") == 1
    return text.replace("claims", service).replace(":heard", str(heard))


async def strike(bell: Node, *hours: int) -> None:
    for each in hours:
        await bell.strike("big", each)


async def test_after_an_older_dump_new_announcements_are_heard_and_old_ones_not_again(
    database: str, dump: str, nats: Nats
) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await strike(bell, 1, 1)
    older = copied(database, dump)

    async with Node(TOWER_SERVICE, database, nats.url) as tower:
        async with Node(BELL, database, nats.url) as bell:
            consumer = Consumer(
                "tower", tower.hearing("bell"), LocalFeed(bell), tower.bus, tower.log, verifier_of("bell")
            )
            await strike(bell, 1, 1)
            async with working(bell.relay.run, consumer.run):
                await until(heard(tower, 4))
                await strike(bell, 1)
                await until(heard(tower, 5))
                await until(published_all(bell))
        assert await tower.log.tracking("bell") == 6

        with psycopg.connect(older, autocommit=True) as admin:
            admin.execute(procedure("bell", 6))
        async with Node(BELL, older, nats.url) as restored:
            consumer = Consumer(
                "tower", tower.hearing("bell"), LocalFeed(restored), tower.bus, tower.log, verifier_of("bell")
            )
            await strike(restored, 7)
            async with working(restored.relay.run, consumer.run):
                await until(heard(tower, 12))
                await until(published_all(restored))

            assert await total(tower) == 12
            assert await tower.log.tracking("bell") == 7
            assert await verify(restored.log) == (4, [])


async def test_one_who_had_heard_less_than_others_comes_to_the_same_place(database: str, dump: str, nats: Nats) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await strike(bell, 1)
    older = copied(database, dump)
    with psycopg.connect(older, autocommit=True) as admin:
        admin.execute(procedure("bell", 20))

    async with Node(TOWER_SERVICE, database, nats.url) as tower, Node(BELL, older, nats.url) as restored:
        consumer = Consumer(
            "tower", tower.hearing("bell"), LocalFeed(restored), tower.bus, tower.log, verifier_of("bell")
        )
        await strike(restored, 7)
        async with working(restored.relay.run, consumer.run):
            await until(heard(tower, 8))

        assert await total(tower) == 8
        assert await tower.log.tracking("bell") == 21
