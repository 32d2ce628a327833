"""The engine's own tables against the events: whatever an event tells of announcements, timers, requests and positions.

An event's metadata names the digest of its announcement (null for none) and the changes of its timers, beside those of
guards, so that the log alone proves all of them. Events recorded before that have neither name; of them only what
stands in the event itself is compared. Each question runs in the database and gives a few rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from libs.common.streams import derived_id

FEW = 5
"""How many differences of one kind are told."""
_BATCH = 1000

_KINDS = """
    SELECT stream, min(position) FROM event
    LEFT JOIN unnest(%(names)s::text[], %(bits)s::bigint[]) AS k (name, bits) ON name = type
    GROUP BY stream HAVING bit_and(coalesce(bits, -1)) = 0 LIMIT %(few)s
"""
"""A stream is whole if some kind has all of its events; a type is a bit for each kind that it belongs to."""

_OUTBOX = r"""
    SELECT o.position, CASE
        WHEN e.position IS NULL THEN 'there is no event at position ' || o.log_position
        WHEN (o.tenant, o.subject, o.recorded_at) <> (e.tenant, e.stream, e.recorded_at)
            THEN 'tenant, subject or time is not that of its event'
        WHEN strpos(e.metadata, '"announced":') > 0 AND strpos(e.metadata, '"announced":"' || substr(encode(
                sha256(textsend(o.type) || '\x1f' || o.data), 'hex'), 1, 32) || '"') = 0
            THEN 'type or data is not what the event announced'
        WHEN strpos(e.metadata, '"announced":') > 0
            AND (strpos(e.metadata, '"traceparent":' || to_json(o.traceparent)::text) = 0
                OR strpos(e.metadata, '"correlation_id":' || to_json(o.correlation_id)::text) = 0)
            THEN 'correlation or trace is not that of its event'
        ELSE 'it does not follow the one before it' END
    FROM (SELECT *, lag(log_position) OVER (ORDER BY position) AS before FROM outbox WHERE type <> 'lost') AS o
    LEFT JOIN event AS e ON e.position = o.log_position
    WHERE e.position IS NULL OR (o.tenant, o.subject, o.recorded_at) <> (e.tenant, e.stream, e.recorded_at)
        OR o.log_position <= before
        OR strpos(e.metadata, '"announced":') > 0 AND (
            strpos(e.metadata, '"announced":"' || substr(encode(
                sha256(textsend(o.type) || '\x1f' || o.data), 'hex'), 1, 32) || '"') = 0
            OR strpos(e.metadata, '"traceparent":' || to_json(o.traceparent)::text) = 0
            OR strpos(e.metadata, '"correlation_id":' || to_json(o.correlation_id)::text) = 0)
    ORDER BY o.position LIMIT %(few)s
"""
"""Rows of type `lost` fill numbers after an older copy was restored (docs/operations.md); nobody listens to them."""

_UNANNOUNCED = """
    SELECT e.position FROM event e
    WHERE strpos(e.metadata, '"announced":"') > 0
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.log_position = e.position AND o.type <> 'lost')
    ORDER BY e.position LIMIT %(few)s
"""

_REQUESTS = """
    SELECT position, request_id FROM (
        SELECT position, request_id, lead(request_id) OVER (ORDER BY position) AS next FROM (
            SELECT position, substring(metadata FROM '"request_id":"([^"\\\\]*)"') AS request_id FROM event) AS e) AS e
    WHERE request_id <> '' AND request_id IS DISTINCT FROM next AND NOT EXISTS (
        SELECT FROM request r WHERE r.request_id = e.request_id AND r.position = e.position)
    ORDER BY position LIMIT %(few)s
"""
"""The events of a request follow on each other, and the row has the position of the last of them."""

_RESULTS = """
    SELECT r.request_id FROM request r
    WHERE r.stream IS NOT NULL AND NOT EXISTS (
        SELECT FROM event e WHERE e.stream = r.stream AND e.version = r.version AND e.position <= r.position
            AND NOT EXISTS (SELECT FROM event x
                WHERE x.stream = r.stream AND x.version = r.version + 1 AND x.position <= r.position))
    OR r.position > (SELECT position FROM head)
    ORDER BY r.position LIMIT %(few)s
"""
"""A request's result is the newest version that its aggregate had at its position."""

_TRACKING = """
    SELECT heard.upstream, heard.position, t.position FROM (
        SELECT place[1] AS upstream, max(place[2]::bigint) AS position
        FROM event, regexp_match(metadata, '"principal":"announcement:([a-z_]+)/([0-9]+)"') AS place
        WHERE place IS NOT NULL GROUP BY 1) AS heard
    LEFT JOIN tracking t ON t.upstream = heard.upstream
    WHERE t.position IS NULL OR t.position < heard.position LIMIT %(few)s
"""

_TIMERS = """
    WITH told AS (
        SELECT DISTINCT ON (e.stream, t.change ->> 0) e.stream, t.change ->> 0 AS name, (t.change ->> 1)::bigint AS due,
            e.version, e.tenant
        FROM event e, jsonb_array_elements(e.metadata::jsonb -> 'timers') WITH ORDINALITY AS t (change, number)
        WHERE strpos(e.metadata, '"timers":[') > 0
        ORDER BY e.stream, t.change ->> 0, e.position DESC, t.number DESC
    )
    SELECT stream, name, due, told.version, told.tenant,
        t.id, (extract(epoch FROM t.due_at) * 1000000)::bigint, t.tenant,
        EXISTS (SELECT FROM event e WHERE e.stream = t.stream AND strpos(e.metadata, '"announced":') = 0)
    FROM told FULL JOIN timer t USING (stream, name) WHERE due IS NOT NULL OR t.id IS NOT NULL
"""
"""Every timer that the events started last and did not stop, and every one that runs."""

_FIRED = """
    SELECT request_id FROM request JOIN unnest(%s::text[], %s::text[]) AS u (t, id) ON tenant = t AND request_id = id
"""
"""A timer that has fired left its id behind as the request that it was."""

_PARKED = """
    SELECT p.upstream, p.position FROM parked p LEFT JOIN tracking t ON t.upstream = p.upstream
    WHERE t.position IS NULL OR t.position < p.position
        OR position(textsend(p.type) IN p.announcement) = 0 OR position(textsend(p.subject::text) IN p.announcement) = 0
    ORDER BY 1, 2 LIMIT %(few)s
"""
"""A parked announcement lies within what was heard, and is of the type and subject that stand beside it."""


def digest(type_: str, data: bytes) -> str:
    """What an event's metadata says of its announcement: the first half of SHA-256 of type, U+001F and data, in hex."""
    return sha256(type_.encode() + b"\x1f" + data).hexdigest()[:32]


def differences(
    connection: psycopg.Connection[Any], owners: Mapping[str, Sequence[str]], most: int = FEW
) -> Iterator[str]:
    """What the tables say otherwise than the events; `most` of each kind. `owners` are those of `Kinds`."""
    few = {"few": most}
    bits = {
        kind: 1 << number for number, kind in enumerate(sorted({kind for kinds in owners.values() for kind in kinds}))
    }
    known = {"names": list(owners), "bits": [sum(bits[kind] for kind in kinds) for kinds in owners.values()]}
    for stream, position in connection.execute(_KINDS, {**few, **known}):
        yield f"stream {stream}: it holds events of two kinds, and begins at position {position}"
    for position, wrong in connection.execute(_OUTBOX, few):
        yield f"outbox {position}: {wrong}"
    for (position,) in connection.execute(_UNANNOUNCED, few):
        yield f"position {position}: its announcement is not in the outbox"
    for position, request in connection.execute(_REQUESTS, few):
        yield f"request {request}: it is not stored with position {position}, where its events end"
    for (request,) in connection.execute(_RESULTS, few):
        yield f"request {request}: its result is not what its aggregate was then"
    for upstream, heard, tracked in connection.execute(_TRACKING, few):
        yield f"tracking of {upstream}: the table says {tracked}, the events were told up to {heard}"
    yield from _timers(connection)
    for upstream, position in connection.execute(_PARKED, few):
        yield f"parked {upstream}/{position}: it was not heard, or is of another type or subject"


def _timers(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.cursor("timers")
    rows.execute(_TIMERS)
    while some := rows.fetchmany(_BATCH):
        ids = [(row[4], str(_id(row[0], row[1], row[3]))) for row in some if row[2] is not None]
        fired = {row[0] for row in connection.execute(_FIRED, ([one for one, _ in ids], [one for _, one in ids]))}
        for stream, name, due, version, tenant, running, runs_at, of, unsure in some:
            named = f"timer {name} of {stream}"
            if due is None:
                if not unsure:
                    yield f"{named}: it runs, and no event started it"
                continue
            id_ = _id(stream, name, version)
            if running is None and str(id_) not in fired:
                yield f"{named}: it is missing"
            elif running is not None and (running, runs_at, of) != (id_, due, tenant):
                yield f"{named}: its id, time or tenant is not what the event said"


def _id(stream: UUID, name: str, version: int) -> UUID:
    return derived_id(stream, f"{name}/{version}")
