"""Whoever changes one of the engine's tables around `append` is found: each table, each way, by name."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hubao.feed.v1.feed_service_pb2 import Announcement

from libs.common.events import Kinds
from libs.common.store import codec
from libs.common.store.requests import Parking, Position
from libs.common.store.verify import verify
from libs.common.unit import Unit
from tests.common.store.domain import SERVICE, Box, BoxLabelled, BoxMade, PutIn, Reminded, not_found
from tests.common.store.examples import AT
from tests.common.store.purses import Purses, a_call

OWNERS = Kinds(SERVICE.aggregates).owners
SUBJECT = UUID(int=77)


@pytest.fixture
def admin(database: str, store_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(database, autocommit=True) as connected:
        connected.execute("SET search_path = purse")
        yield connected


@pytest.fixture
async def written(purses: Purses, purse: UUID) -> UUID:
    """A log with something in every table."""
    application = purses.application
    await purses.rename(purse, "Bo")
    await purses.limit(purse, "budget", 10)
    await purses.spend(purse, "budget", 3)
    await purses.record(purse, Reminded(name="later", due_at=AT + timedelta(days=1)))
    await purses.record(purse, Reminded(name="fired", due_at=AT))
    (fired,) = await application.log.all("SELECT id, tenant FROM timer WHERE name = 'fired'")

    async def nothing(unit: Unit) -> None:
        await unit.get(type(await purses.read(purse)), purse, not_found(purse))

    await application.fire(a_call(str(fired[0])), fired[0], nothing)
    await purses.record(purse, Reminded(name="stopped", due_at=AT))
    await purses.record(purse, Reminded(name="stopped", due_at=None))

    async def react(unit: Unit) -> None:
        value = await unit.get(type(await purses.read(purse)), purse, not_found(purse))
        unit.record(type(value), purse, value.put_in(1))

    heard = replace(a_call(), principal="announcement:claims/1")
    await application.react(heard, react, tracking=Position("claims", 0, 1))
    parked = Announcement(position=2, type="hubao.x.v1.Said", subject=str(SUBJECT)).SerializeToString()
    parking = Parking("claims", 2, SUBJECT, "hubao.x.v1.Said", parked, "no", AT)
    await application.skip(a_call(), Position("claims", 1, 2), (parking,))
    return purse


async def test_what_append_has_written_is_found_whole(purses: Purses, written: UUID) -> None:
    events, violations = await verify(purses.application.log, OWNERS)

    assert (events, violations) == (9, [])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM guard", "guard budget: the table says nothing, the events say 3 of 10"),
        ("UPDATE guard SET used = 0", "guard budget: the table says 0 of 10"),
        ("INSERT INTO guard VALUES ('other', 0, 9)", "guard other: the table says 0 of 9, the events say None"),
        ("UPDATE outbox SET data = 'forged' WHERE position = 2", "outbox 2: type or data is not what"),
        ("UPDATE outbox SET type = 'google.protobuf.BytesValue'", "outbox 1: type or data is not what"),
        ("UPDATE outbox SET tenant = 'other' WHERE position = 1", "outbox 1: tenant, subject or time"),
        ("UPDATE outbox SET subject = gen_random_uuid() WHERE position = 2", "outbox 2: tenant, subject or time"),
        ("UPDATE outbox SET recorded_at = now()", "outbox 1: tenant, subject or time"),
        ("UPDATE outbox SET correlation_id = 'x' WHERE position = 1", "outbox 1: correlation or trace"),
        ("UPDATE outbox SET log_position = 99 WHERE position = 2", "outbox 2: there is no event at position 99"),
        ("UPDATE outbox SET log_position = 3 WHERE position = 2", "outbox 2: type or data is not what"),
        ("UPDATE outbox SET type = 'lost', tenant = 'lost' WHERE position = 2", "position 2: its announcement is not"),
        ("UPDATE timer SET due_at = 'infinity'", "a table holds what can't be read"),
        ("DELETE FROM outbox WHERE position = 2", "position 2: its announcement is not in the outbox"),
        (
            "CREATE TEMP TABLE one AS TABLE outbox; UPDATE one SET position = 3; INSERT INTO outbox TABLE one OFFSET 1",
            "outbox 3: it does not follow the one before it",
        ),
        ("UPDATE head SET outbox_position = 7", "outbox: 2 announcements up to position 2, and the head says 7"),
        ("DELETE FROM request WHERE position = 3", "is not stored with position 3"),
        ("UPDATE request SET position = 2 WHERE position = 3", "is not stored with position 3"),
        ("UPDATE request SET request_id = 'x' WHERE position = 3", "is not stored with position 3"),
        ("UPDATE request SET version = 9 WHERE position = 3", "its result is not what its aggregate was then"),
        ("UPDATE request SET stream = gen_random_uuid() WHERE position = 3", "its result is not what"),
        ("INSERT INTO request VALUES ('t1', 'x', '', gen_random_uuid(), 1, 3)", "request x: its result is not what"),
        ("DELETE FROM tracking", "tracking of claims: the table says None, the events were told up to 1"),
        ("UPDATE tracking SET position = 0", "tracking of claims: the table says 0"),
        ("DELETE FROM timer", "it is missing"),
        ("UPDATE timer SET due_at = now()", "its id, time or tenant is not what the event said"),
        ("UPDATE timer SET id = gen_random_uuid()", "its id, time or tenant is not what the event said"),
        ("UPDATE timer SET tenant = 'other'", "its id, time or tenant is not what the event said"),
        (
            "INSERT INTO timer SELECT stream, 'forged', gen_random_uuid(), tenant, due_at, NULL FROM timer",
            "it runs, and no event started it",
        ),
        ("UPDATE parked SET position = 9", "parked claims/9: it was not heard"),
        ("UPDATE parked SET subject = gen_random_uuid()", "parked claims/2: it was not heard, or is of another type"),
        ("UPDATE parked SET type = 'other'", "parked claims/2: it was not heard, or is of another type"),
        ("UPDATE head SET chain = sha256('x')", "the head is not the end of the chain"),
    ],
)
async def test_a_changed_table_is_found_and_named(
    purses: Purses, written: UUID, admin: psycopg.Connection[tuple[object, ...]], change: str, found: str
) -> None:
    admin.execute(change)

    violations = (await verify(purses.application.log, OWNERS))[1]

    assert any(found in violation for violation in violations), violations


async def test_a_stream_with_events_of_two_kinds_is_named(
    purses: Purses, admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    """As an older release could leave one behind, with a chain that is right."""
    stream = uuid4()

    async def plan(unit: Unit) -> None:
        unit.record(Box, stream, [BoxMade(label="a"), BoxLabelled(label="b")])
        name, schema_version, payload = codec.encode(PutIn(amount=1, found=0))
        unit.events[1] = replace(unit.events[1], type=name, schema_version=schema_version, payload=payload)

    admin.execute("DELETE FROM event_type")
    await purses.application.execute(a_call(), Box, stream, plan)

    assert (await verify(purses.application.log, OWNERS))[1] == [
        f"stream {stream}: it holds events of two kinds, and begins at position 1"
    ]
