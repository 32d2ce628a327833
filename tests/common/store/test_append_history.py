"""The log is history: chained by hashes that anyone can recompute, changed by nobody, written under one epoch."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from libs.common.changes import Draw, SetLimit
from libs.common.store.migrate import PrepareError, prepare
from libs.common.store.reading import Log
from libs.common.store.verify import verify
from tests.common.store.examples import Connection, a_request, an_event, append, with_guards, words

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def admin(database: str, store_url: str) -> Iterator[Connection]:
    """A superuser in the service's schema."""
    with psycopg.connect(database, autocommit=True) as connected:
        connected.execute("SET search_path = purse")
        yield connected


def chain_of(rows: list[tuple[Any, ...]]) -> list[bytes]:
    """The chain by the documented form: fields parted by U+001F, the payload last, behind the chain before."""
    chain = hashlib.sha256(b"").digest()
    found = []
    for position, tenant, stream, version, kind, schema_version, recorded_at, metadata, payload in rows:
        micros = (recorded_at - EPOCH) // timedelta(microseconds=1)
        fields = (position, tenant, stream, version, kind, schema_version, micros, metadata, "")
        chain = hashlib.sha256(chain + "\x1f".join(map(str, fields)).encode() + payload).digest()
        found.append(chain)
    return found


def test_the_chain_can_be_recomputed_from_the_events_alone(connection: Connection) -> None:
    stream = uuid4()
    append(connection, a_request(an_event(stream, tenant="保险"), an_event(stream, 2)), a_request(an_event(uuid4())))
    append(connection, a_request(an_event(stream, 3)))

    rows = connection.execute(
        "SELECT position, tenant, stream, version, type, schema_version, recorded_at, metadata, payload"
        " FROM event ORDER BY position"
    ).fetchall()
    stored = [row[0] for row in connection.execute("SELECT chain FROM event ORDER BY position")]

    assert chain_of(rows) == stored
    assert connection.execute("SELECT chain FROM head").fetchone() == (stored[-1],)


@pytest.mark.parametrize("setting", ["DateStyle = 'German'", "TimeZone = 'Asia/Shanghai'", "bytea_output = 'escape'"])
def test_the_chain_does_not_depend_on_who_asks(connection: Connection, setting: str) -> None:
    query = (
        "SELECT canonical_event(position, tenant, stream, version, type, schema_version, recorded_at, metadata,"
        " payload) FROM event"
    )
    append(connection, a_request(an_event(uuid4())))
    before = connection.execute(query).fetchall()

    connection.execute(f"SET {setting}")

    assert connection.execute(query).fetchall() == before


async def test_verification_finds_a_whole_log_whole_and_a_changed_event(
    connection: Connection, admin: Connection, log: Log
) -> None:
    append(connection, with_guards(SetLimit("budget", 9)), a_request(an_event(uuid4(), announced="a")))
    assert (await verify(log))[0] == 2

    admin.execute("ALTER TABLE event DISABLE TRIGGER event_is_history")
    admin.execute("UPDATE event SET payload = 'forged' WHERE position = 2")

    assert any("position 2" in finding for finding in (await verify(log))[1])


@pytest.mark.parametrize("change", ["UPDATE event SET payload = ''", "DELETE FROM event", "TRUNCATE event CASCADE"])
@pytest.mark.parametrize("role", ["hubao_purse", "hubao_purse_owner", "postgres"])
def test_nobody_changes_an_event(connection: Connection, admin: Connection, change: str, role: str) -> None:
    append(connection, a_request(an_event(uuid4())))
    admin.execute(f"SET ROLE {role}")

    with pytest.raises((psycopg.errors.IntegrityConstraintViolation, psycopg.errors.InsufficientPrivilege)) as refusal:
        admin.execute(change)

    assert role == "hubao_purse" or "events are never changed" in str(refusal.value)
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO event VALUES (1, 't', gen_random_uuid(), 1, 'x', 1, '', '{}', now(), '')",
        "UPDATE head SET position = 9",
        "UPDATE head SET epoch = 0",
        "DELETE FROM request",
        "UPDATE guard SET used = 0",
        "INSERT INTO guard VALUES ('k', 0, 9)",
        "DELETE FROM outbox",
        "INSERT INTO tracking VALUES ('claims', 9)",
        "DELETE FROM timer",
        "DELETE FROM parked",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP FUNCTION canonical_event",
        "CREATE TABLE purse.mine ()",
    ],
)
def test_the_service_writes_through_append_only(connection: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_what_the_service_puts_on_its_path_does_not_reach_into_append(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE head (position bigint)")
    connection.execute("CREATE TEMP TABLE event (LIKE purse.event)")

    assert words(append(connection, a_request(an_event(uuid4())))) == ["ok"]
    assert connection.execute("SELECT count(*) FROM purse.event").fetchone() == (1,)


def test_a_writer_with_an_old_epoch_is_fenced(connection: Connection, admin: Connection) -> None:
    append(connection, a_request(an_event(uuid4())))
    admin.execute("UPDATE head SET epoch = 2")

    with pytest.raises(psycopg.DatabaseError, match="fenced") as refusal:
        append(connection, a_request(an_event(uuid4())))

    assert refusal.value.sqlstate == "HB001"
    assert words(append(connection, a_request(an_event(uuid4())), epoch=2)) == ["ok"]
    assert connection.execute("SELECT position FROM head").fetchone() == (2,)


@pytest.mark.parametrize("tenant", ["a\x1fb", "a\nb", "\x7f"])
def test_what_would_blur_the_canonical_form_is_refused(connection: Connection, tenant: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        append(connection, a_request(an_event(uuid4(), tenant=tenant)))

    assert connection.execute("SELECT position FROM head").fetchone() == (0,)


def test_two_writers_take_turns(store_url: str, connection: Connection) -> None:
    with psycopg.connect(store_url, autocommit=True) as other:
        for _ in range(20):
            append(connection, a_request(an_event(uuid4())))
            append(other, with_guards(SetLimit("budget", 9), Draw("budget", 1), Draw("budget", -1)))

    rows = connection.execute("SELECT position FROM event ORDER BY position").fetchall()
    assert [row[0] for row in rows] == list(range(1, 41))


def test_preparing_again_changes_nothing(database: str, store_url: str, connection: Connection) -> None:
    append(connection, a_request(an_event(uuid4())))

    assert prepare(database, "purse") == store_url
    assert connection.execute("SELECT position, epoch FROM head").fetchone() == (1, 1)


def test_two_services_share_a_database_and_see_nothing_of_each_other(database: str, connection: Connection) -> None:
    other_url = prepare(database, "wallet")

    append(connection, a_request(an_event(uuid4())))

    with psycopg.connect(other_url, autocommit=True) as other:
        assert other.execute("SELECT log, position FROM head").fetchone() == ("wallet", 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("SELECT * FROM purse.event")


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(PrepareError) as refusal:
        prepare("postgresql://postgres@127.0.0.1:1/postgres", "purse")

    assert "purse" in str(refusal.value)
    assert "\n" not in str(refusal.value)
