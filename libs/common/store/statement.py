"""The one statement that writes: `append` with a batch of requests as parallel arrays."""

from collections.abc import Sequence
from typing import Any

import psycopg

from libs.common.changes import GuardChange, Schedule, SetLimit
from libs.common.outages import Fenced
from libs.common.store.arrays import binary_array
from libs.common.store.requests import AppendRequest, timer_id

_REQUEST = ["text", "text", "bytea", "uuid", "bigint", "text", "bigint", "bigint", "uuid", "text", "bigint"]
_EVENT = ["int", "text", "uuid", "bigint", "text", "int", "bytea", "text", "timestamptz"]
_OUTBOX = ["int", "int", "text", "bytea", "text", "text"]
_READ = ["int", "uuid", "bigint"]
_GUARD = ["int", "text", "bigint", "bigint"]
_TIMER = ["int", "uuid", "text", "uuid", "text", "timestamptz"]
_PARKED = ["int", "text", "bigint", "uuid", "text", "bytea", "text", "timestamptz"]
_GROUPS = (_REQUEST, _EVENT, _OUTBOX, _READ, _GUARD, _TIMER, _PARKED)
"""The types of the arguments of `append` after the epoch, in its order; each group has arrays of one length."""

_EMPTY = [[binary_array(kind, ()) for kind in group] for group in _GROUPS]

APPEND = "SELECT verdict, first_position, last_position, stream, version, detail FROM append(%s, {})".format(
    ", ".join(f"%b::{kind}[]" for group in _GROUPS for kind in group)
)
"""The statement: the epoch, then the arrays of `arguments`."""

_Row = tuple[Any, ...]


def arguments(epoch: int, requests: Sequence[AppendRequest]) -> list[Any]:
    """The parameters of `APPEND` for a batch."""
    numbered = list(enumerate(requests, start=1))
    events = [(number, request, new) for number, request in numbered for new in request.events]
    groups: list[list[_Row]] = [
        [_request(request) for request in requests],
        [
            (n, e.tenant, e.stream, e.version, e.type, e.schema_version, e.payload, e.metadata, e.recorded_at)
            for n, _, e in events
        ],
        [
            (n, index, e.outgoing.type, e.outgoing.data, request.traceparent, request.correlation_id)
            for index, (n, request, e) in enumerate(events, start=1)
            if e.outgoing is not None
        ],
        [(n, *looked_at) for n, request in numbered for looked_at in request.looked_at],
        [_guard(n, change) for n, _, e in events for change in e.guards],
        [
            (n, e.stream, t.name, timer_id(e, t), e.tenant, t.due_at if isinstance(t, Schedule) else None)
            for n, _, e in events
            for t in e.timers
        ],
        [
            (n, p.upstream, p.position, p.subject, p.type, p.announcement, p.error, p.at)
            for n, request in numbered
            for p in request.parking
        ],
    ]
    arrays: list[Any] = [epoch]
    for kinds, empty, rows in zip(_GROUPS, _EMPTY, groups, strict=True):
        arrays += map(binary_array, kinds, zip(*rows, strict=True)) if rows else empty
    return arrays


def refuse_fenced(error: Exception) -> None:
    """Raises Fenced if that is what an error of `append` says; the driver takes it for an outage of the server."""
    if isinstance(error, psycopg.Error) and error.sqlstate == "HB001":
        raise Fenced(str(error).splitlines()[0]) from error


def _request(request: AppendRequest) -> _Row:
    track = request.tracking
    upstream, after, upto = (track.upstream, track.after, track.upto) if track else (None, None, None)
    return (
        *(request.tenant, request.request_id, request.fingerprint, request.stream, request.version),
        *(upstream, after, upto),
        request.timer,
        *(request.unpark or (None, None)),
    )


def _guard(number: int, change: GuardChange) -> _Row:
    if isinstance(change, SetLimit):
        return (number, change.key, None, change.limit)
    return (number, change.key, change.amount, None)
