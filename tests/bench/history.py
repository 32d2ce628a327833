"""A long history, made fast: the rows of a short one that was really written are repeated with ids of their own.

Every copy has its own streams, request ids, announcements and positions, one after the other; the chain goes on through
all of them, and the head moves with them. What differs from a history that was written one by one: ids are random where
they would follow from keys, and the trace ids are those of the short one.
"""

import hashlib
from collections.abc import Callable

import psycopg
from psycopg import sql

from libs.common.store.reading import Log
from libs.common.store.verify import CHAINED

AT_ONCE = 50_000
"""About how many events one statement makes."""
TAIL = 5_000
_AFTER = CHAINED.replace("ORDER BY", "WHERE position > %s ORDER BY")

_SETUP = """
SET session_replication_role = replica; -- The rows are right by construction; foreign keys need not look.
SET synchronous_commit = off;
SET work_mem = '256MB';
CREATE FUNCTION pg_temp.linked(chain bytea, genesis bytea, canonical bytea) RETURNS bytea LANGUAGE plpgsql AS $$
    BEGIN RETURN sha256(coalesce(chain, genesis) || canonical); END $$;
CREATE AGGREGATE pg_temp.chained(bytea, bytea) (SFUNC = pg_temp.linked, STYPE = bytea);

CREATE TEMP TABLE origin AS
    SELECT e.position, e.tenant, e.stream::text, e.version, e.type, e.schema_version, e.metadata, e.recorded_at,
        convert_from(e.payload, 'UTF8') AS payload, r.tenant AS owner, r.request_id, r.fingerprint,
        o.position AS outbox_position, o.type AS outgoing, o.traceparent, o.correlation_id,
        encode(o.data, 'hex') AS data,
        encode(convert_to(e.stream::text, 'UTF8'), 'hex') AS stream_hex,
        encode(convert_to(r.request_id, 'UTF8'), 'hex') AS request_hex,
        head.position AS length, head.outbox_position AS outbox_length, age.span
    FROM event e JOIN request r USING (position) JOIN outbox o ON o.log_position = e.position, head,
        (SELECT max(recorded_at) - min(recorded_at) AS span FROM event) AS age;
CREATE TEMP TABLE numbers (number bigint);
CREATE TEMP VIEW copied AS
    SELECT o.*, o.position + number * length AS new_position, o.recorded_at + number * span AS later,
        md5('stream' || number || '/' || o.position)::uuid AS new_stream,
        md5('request' || number || '/' || o.position)::uuid::text AS new_request_id,
        o.outbox_position + number * outbox_length AS new_outbox_position
    FROM numbers, origin o OFFSET 0; -- So that each id is made once.
"""

_STATEMENTS = (
    """INSERT INTO event SELECT new_position, tenant, new_stream, version, type, schema_version, payload, metadata,
        later, pg_temp.chained(%(chain)s::bytea, canonical_event(new_position, tenant, new_stream, version, type,
            schema_version, later, metadata, payload)) OVER (ORDER BY new_position ROWS UNBOUNDED PRECEDING)
    FROM (SELECT new_position, tenant, new_stream, version, type, schema_version, later,
            convert_to(replace(payload, request_id, new_request_id), 'UTF8') AS payload,
            replace(replace(metadata, request_id, new_request_id), stream, new_stream::text) AS metadata
        FROM copied OFFSET 0) AS rows""",
    """INSERT INTO request SELECT owner, new_request_id, fingerprint, new_stream, version, new_position FROM copied""",
    """INSERT INTO outbox SELECT new_outbox_position, new_position, outgoing, tenant, new_stream, later, traceparent,
        replace(correlation_id, request_id, new_request_id), decode(replace(replace(data,
            request_hex, encode(convert_to(new_request_id, 'UTF8'), 'hex')),
            stream_hex, encode(convert_to(new_stream::text, 'UTF8'), 'hex')), 'hex')
    FROM copied""",
    """UPDATE head SET (position, chain) = (SELECT position, chain FROM event ORDER BY position DESC LIMIT 1),
        outbox_position = (SELECT max(position) FROM outbox)""",
)


def multiply(admin_url: str, schema: str, times: int, progress: Callable[[int], None]) -> int:
    """Makes a log so many times as long; how many events it has then. `progress` hears of how many there are so far."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        connection.execute(_SETUP)
        length, chain = _head(connection)
        step = max(1, AT_ONCE // length)
        for first in range(1, times, step):
            last = min(first + step, times) - 1
            connection.execute("TRUNCATE numbers")
            connection.execute("INSERT INTO numbers SELECT * FROM generate_series(%s::int, %s::int)", [first, last])
            for statement in _STATEMENTS:
                connection.execute(statement, {"chain": chain} if "%(" in statement else None)
            position, chain = _head(connection)
            progress(position)
        connection.execute("VACUUM (ANALYZE) event, request, outbox")
        connection.execute("CHECKPOINT")
    return length * times


async def check_tail(url: str) -> None:
    """Fails unless the end of the log is chained as the engine chains it, up to the head."""
    log = Log(url)
    await log.open()
    try:
        head = await log.head()
        start = max(1, head.position - TAIL)
        row = await log.one("SELECT chain FROM event WHERE position = %s", [start])
        assert row is not None
        chain, expected = row[0], start
        for position, canonical, stored in await log.all(_AFTER, [start]):
            chain, expected = hashlib.sha256(chain + canonical).digest(), expected + 1
            if (position, stored) != (expected, chain):
                raise AssertionError(f"the log that was made is broken at position {position}")
        if (expected, chain) != (head.position, head.chain):
            raise AssertionError("the head is not the end of the log that was made")
    finally:
        await log.close()


def _head(connection: psycopg.Connection[tuple[int, bytes]]) -> tuple[int, bytes]:
    row = connection.execute("SELECT position, chain FROM head").fetchone()
    assert row is not None
    return row
