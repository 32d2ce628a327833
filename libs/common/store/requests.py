"""What is handed to `append`: requests as plain values, and their columns as parallel arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from libs.common.changes import GuardChange, Schedule, SetLimit, TimerChange
from libs.common.outages import Fenced
from libs.common.streams import derived_id


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The announcement made from an event."""

    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event on its way into the log. `metadata` is JSON text and already names the guard changes."""

    tenant: str
    stream: UUID
    version: int
    type: str
    schema_version: int
    payload: bytes
    metadata: str
    recorded_at: datetime
    outgoing: Outgoing | None = None
    guards: tuple[GuardChange, ...] = ()
    timers: tuple[TimerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """A step in an upstream's feed: from `after` (None: from anywhere lower) up to and including `upto`."""

    upstream: str
    after: int | None
    upto: int


@dataclass(frozen=True, slots=True)
class Parking:
    """An announcement that waits for a person, as `FeedService` would give it."""

    upstream: str
    position: int
    subject: UUID
    type: str
    announcement: bytes
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AppendRequest:
    """What happens as a whole or not at all.

    `request_id` with `fingerprint` makes a command repeatable; `stream` and `version` are its result. `looked_at`
    names the streams that it was decided on besides those of its events, with the versions that they must still have.
    `tracking` moves an upstream's position, `timer` consumes a timer, `unpark` takes a parked announcement away.
    """

    events: Sequence[NewEvent]
    looked_at: Sequence[tuple[UUID, int]] = ()
    tenant: str = ""
    request_id: str | None = None
    fingerprint: bytes = b""
    stream: UUID | None = None
    version: int = 0
    tracking: Position | None = None
    timer: UUID | None = None
    unpark: tuple[str, int] | None = None
    parking: tuple[Parking, ...] = ()
    traceparent: str = ""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `append` said of one request, with its positions, or with what was in the way.

    `verdict` is ok, repeated, reused, tracking, conflict, guard or moot.
    """

    verdict: str
    first_position: int | None
    last_position: int | None
    stream: UUID | None
    version: int
    detail: str


_COLUMNS = {
    "rq_tenant": "text",
    "rq_id": "text",
    "rq_fingerprint": "bytea",
    "rq_stream": "uuid",
    "rq_version": "bigint",
    "rq_upstream": "text",
    "rq_after": "bigint",
    "rq_upto": "bigint",
    "rq_timer": "uuid",
    "rq_unpark_upstream": "text",
    "rq_unpark": "bigint",
    "ev_request": "int",
    "ev_tenant": "text",
    "ev_stream": "uuid",
    "ev_version": "bigint",
    "ev_type": "text",
    "ev_schema": "int",
    "ev_payload": "bytea",
    "ev_metadata": "text",
    "ev_recorded": "timestamptz",
    "ob_request": "int",
    "ob_event": "int",
    "ob_type": "text",
    "ob_data": "bytea",
    "ob_traceparent": "text",
    "ob_correlation": "text",
    "rd_request": "int",
    "rd_stream": "uuid",
    "rd_version": "bigint",
    "gd_request": "int",
    "gd_key": "text",
    "gd_amount": "bigint",
    "gd_limit": "bigint",
    "tm_request": "int",
    "tm_stream": "uuid",
    "tm_name": "text",
    "tm_id": "uuid",
    "tm_tenant": "text",
    "tm_due": "timestamptz",
    "pk_request": "int",
    "pk_upstream": "text",
    "pk_position": "bigint",
    "pk_subject": "uuid",
    "pk_type": "text",
    "pk_announcement": "bytea",
    "pk_error": "text",
    "pk_at": "timestamptz",
}

APPEND = "SELECT verdict, first_position, last_position, stream, version, detail FROM append(%s, {})".format(
    # Texts and bytes go in binary form: quoting the JSON in arrays would cost more than all the rest.
    ", ".join(f"{'%b' if kind in ('text', 'bytea') else '%s'}::{kind}[]" for kind in _COLUMNS.values())
)
"""The one statement that writes: the epoch, then the columns of `arguments`."""


def refuse_fenced(error: Exception) -> None:
    """Raises Fenced if that is what an error of `append` says; the driver takes it for an outage of the server."""
    if isinstance(error, psycopg.Error) and error.sqlstate == "HB001":
        raise Fenced(str(error).splitlines()[0]) from error


class _Columns:
    """The columns of a batch, with those of each prefix at hand so that a row is added without a search."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self._groups: dict[str, list[list[Any]]] = {}
        for name, column in self.values.items():
            self._groups.setdefault(name[:3], []).append(column)

    def add(self, prefix: str, *row: Any) -> None:
        """Appends one row to the columns of a prefix, in their order."""
        for column, value in zip(self._groups[prefix], row, strict=True):
            column.append(value)


def arguments(epoch: int, requests: Sequence[AppendRequest]) -> list[Any]:
    """The parameters of `APPEND` for a batch."""
    columns = _Columns()
    for number, request in enumerate(requests, start=1):
        track = request.tracking
        unpark = request.unpark or (None, None)
        columns.add(
            "rq_",
            request.tenant,
            request.request_id,
            request.fingerprint,
            request.stream,
            request.version,
            track and track.upstream,
            track and track.after,
            track and track.upto,
            request.timer,
            *unpark,
        )
        for new in request.events:
            _add_event(columns, number, request, new)
        for stream, version in request.looked_at:
            columns.add("rd_", number, stream, version)
        for park in request.parking:
            columns.add(
                "pk_",
                number,
                park.upstream,
                park.position,
                park.subject,
                park.type,
                park.announcement,
                park.error,
                park.at,
            )
    return [epoch, *columns.values.values()]


def _add_event(columns: _Columns, number: int, request: AppendRequest, new: NewEvent) -> None:
    columns.add(
        "ev_",
        number,
        new.tenant,
        new.stream,
        new.version,
        new.type,
        new.schema_version,
        new.payload,
        new.metadata,
        new.recorded_at,
    )
    if new.outgoing is not None:
        index = len(columns.values["ev_request"])
        columns.add(
            "ob_", number, index, new.outgoing.type, new.outgoing.data, request.traceparent, request.correlation_id
        )
    for change in new.guards:
        limit = change.limit if isinstance(change, SetLimit) else None
        amount = None if isinstance(change, SetLimit) else change.amount
        columns.add("gd_", number, change.key, amount, limit)
    for timer in new.timers:
        due = timer.due_at if isinstance(timer, Schedule) else None
        columns.add("tm_", number, new.stream, timer.name, timer_id(new, timer), new.tenant, due)


def timer_id(new: NewEvent, timer: TimerChange) -> UUID:
    """A timer's id, which is the request id of what it fires: one for each time that it is started."""
    return derived_id(new.stream, f"{timer.name}/{new.version}")
