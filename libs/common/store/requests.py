"""What is handed to `append`: requests as plain values; and what it says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.changes import GuardChange, TimerChange
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


NOTHING_ELSE = AppendRequest(events=())
"""For a command, which is nothing besides its events."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `append` said of one request, with its positions, or with what was in the way.

    `verdict` is ok, repeated, reused, tracking, conflict, kind, guard or moot.
    """

    verdict: str
    first_position: int | None
    last_position: int | None
    stream: UUID | None
    version: int
    detail: str


def timer_id(new: NewEvent, timer: TimerChange) -> UUID:
    """A timer's id, which is the request id of what it fires: one for each time that it is started."""
    return derived_id(new.stream, f"{timer.name}/{new.version}")
