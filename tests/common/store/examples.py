"""Requests for `append` as the tests need them; each signature has only what a test may care about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from libs.common.changes import GuardChange, TimerChange
from libs.common.events import Kinds
from libs.common.store import codec
from libs.common.store.requests import AppendRequest, NewEvent, Outgoing, Position, Verdict
from libs.common.store.statement import APPEND, arguments
from tests.common.store.domain import SERVICE, Opened

AT = datetime(2026, 3, 1, 8, 30, 0, 123456, UTC)

Connection = psycopg.Connection[tuple[Any, ...]]


def an_event(
    stream: UUID,
    version: int = 1,
    *,
    happened: object = None,
    tenant: str = "t1",
    announced: str | None = None,
    guards: Sequence[GuardChange] = (),
    timers: Sequence[TimerChange] = (),
) -> NewEvent:
    name, schema_version, payload = codec.encode(happened or Opened(holder=f"v{version}"))
    return NewEvent(
        tenant=tenant,
        stream=stream,
        version=version,
        type=name,
        schema_version=schema_version,
        payload=payload,
        metadata='{"principal":"An"}',
        recorded_at=AT,
        outgoing=Outgoing("test.Announced", announced.encode()) if announced is not None else None,
        guards=tuple(guards),
        timers=tuple(timers),
    )


def a_request(
    *events: NewEvent,
    request_id: str | None = None,
    fingerprint: bytes = b"f",
    looked_at: Sequence[tuple[UUID, int]] = (),
    tracking: Position | None = None,
) -> AppendRequest:
    """A command with these events; its result is the last one's stream and version."""
    return AppendRequest(
        events=events,
        tenant="t1",
        request_id=request_id or str(uuid4()),
        fingerprint=fingerprint,
        stream=events[-1].stream if events else None,
        version=events[-1].version if events else 0,
        looked_at=looked_at,
        tracking=tracking,
    )


def with_guards(*guards: GuardChange) -> AppendRequest:
    """A command on a stream of its own that changes these guards."""
    return a_request(an_event(uuid4(), guards=guards))


def without_id(request: AppendRequest) -> AppendRequest:
    return replace(request, request_id=None)


def append(connection: Connection, *requests: AppendRequest, epoch: int = 1) -> list[Verdict]:
    """Appends one batch."""
    return [Verdict(*row) for row in connection.execute(APPEND, arguments(epoch, requests)).fetchall()]


def declare_kinds(connection: Connection) -> None:
    """What a service says of its event types when it starts."""
    for name, kinds in Kinds(SERVICE.aggregates).owners.items():
        connection.execute("INSERT INTO event_type VALUES (%s, %s)", (name, list(kinds)))


def words(verdicts: Sequence[Verdict]) -> list[str]:
    return [verdict.verdict for verdict in verdicts]


def versions(connection: Connection, stream: UUID) -> list[int]:
    rows = connection.execute("SELECT version FROM event WHERE stream = %s ORDER BY version", (stream,))
    return [row[0] for row in rows]


def guard(connection: Connection, key: str) -> tuple[int, int] | None:
    """What is used of a guard, and its limit."""
    row = connection.execute('SELECT used, "limit" FROM guard WHERE key = %s', (key,)).fetchone()
    return (row[0], row[1]) if row else None
