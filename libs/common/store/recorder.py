"""The eventsourcing library's recorders on our log: one statement each, through the same `append` as everything else.

Synchronous, for the library's tools and for its conformance cases, which prove that our log keeps the promises that
the library's users rely on. The services themselves write through the asynchronous `Committer`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing import persistence
from eventsourcing.persistence import (
    AggregateRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)
from psycopg_pool import ConnectionPool

from libs.common.context import SHARED
from libs.common.store.mapper import name_in, topic_of
from libs.common.store.reading import CONNECTION
from libs.common.store.requests import AppendRequest, NewEvent, Position, Verdict
from libs.common.store.statement import APPEND, arguments, refuse_fenced

POLL_SECONDS = 0.075
_EVENT = "position, stream, version, type, schema_version, payload"


class Store:
    """Connections to one log, and the epoch that this writer began with."""

    def __init__(self, url: str, *, pool_size: int = 10, patience: float = 15.0) -> None:
        self._patience = patience
        self._pool = ConnectionPool(url, min_size=1, max_size=pool_size, open=True, kwargs=CONNECTION, timeout=patience)
        try:
            self._epoch: int = self.all("SELECT epoch FROM head")[0][0]
        except BaseException:
            self._pool.close()
            raise

    def close(self) -> None:
        self._pool.close()

    def all(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement, which must be one that may be repeated."""
        return self._again(query, parameters)

    def append(self, request: AppendRequest) -> Verdict:
        """Appends one request, which must have a request id: a lost answer is then had by asking again."""
        assert request.request_id is not None
        (row,) = self._again(APPEND, arguments(self._epoch, [request]))
        return Verdict(*row)

    def _again(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        until = monotonic() + self._patience
        while True:
            try:
                with self._pool.connection() as connection:
                    return connection.execute(query, parameters).fetchall()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                refuse_fenced(error)
                if monotonic() > until or self._pool.closed:
                    raise persistence.OperationalError("the database does not answer") from error
                sleep(0.1)
            except psycopg.Error as error:
                # The library's classes of errors have the names of the driver's, as DB-API 2.0 gives them.
                kinds = (getattr(persistence, cls.__name__, None) for cls in type(error).__mro__)
                raise next(filter(None, kinds), persistence.DatabaseError)(str(error)) from error


class HubaoAggregateRecorder(AggregateRecorder):
    """Stores and selects the events of streams."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Stores events, all or none; see `HubaoProcessRecorder.insert_events`."""
        self._insert(stored_events, **kwargs)
        return None

    def _insert(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        tenant: str = SHARED,
        metadata: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        fingerprint: bytes = b"",
    ) -> list[int]:
        if not stored_events and tracking is None:
            return []
        now = datetime.now(UTC)
        text = json.dumps(dict(metadata or {}), ensure_ascii=False, separators=(",", ":"))
        last = stored_events[-1] if stored_events else None
        verdict = self._store.append(
            AppendRequest(
                events=[_new_event(stored, tenant, text, now) for stored in stored_events],
                tenant=tenant,
                request_id=request_id or str(uuid4()),
                fingerprint=fingerprint,
                stream=_uuid(last.originator_id) if last else None,
                version=last.originator_version if last else 0,
                tracking=Position(tracking.application_name, None, tracking.notification_id) if tracking else None,
            )
        )
        if verdict.verdict not in ("ok", "repeated") or verdict.last_position is None:
            raise IntegrityError(f"{verdict.verdict}: {verdict.detail}")
        return list(range(verdict.last_position - len(stored_events) + 1, verdict.last_position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream with versions in (gt, lte], in order, or the last ones first."""
        rows = self._store.all(
            f"SELECT {_EVENT} FROM event WHERE stream = %s AND version > coalesce(%s::bigint, -1)"
            f" AND version <= coalesce(%s::bigint, 9223372036854775807)"
            f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT %s::bigint",
            (_uuid(originator_id), gt, lte, limit),
        )
        return [
            StoredEvent(
                originator_id=stream, originator_version=version, topic=topic_of(name, schema), state=bytes(payload)
            )
            for _, stream, version, name, schema, payload in rows
        ]


class HubaoProcessRecorder(HubaoAggregateRecorder, ProcessRecorder):
    """Stores events with an upstream's position in one append, and reads the log by position."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Stores events, all or none, and returns their log positions.

        Takes `tracking`, `tenant`, `metadata` (a mapping), `request_id` and `fingerprint`. The same request id and
        fingerprint again stores nothing and returns the positions of the first time. IntegrityError if a version is
        not the next of its stream, if tracking does not move forward, or if the request id had another fingerprint.
        """
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by log position; `topics` name events, whatever their schema version."""
        first = (start or 0) + (0 if inclusive_of_start or start is None else 1)
        rows = self._store.all(
            f"SELECT {_EVENT} FROM event WHERE position >= %s AND position <= coalesce(%s::bigint, 9223372036854775807)"
            " AND (%s::text[] = '{}' OR type = ANY(%s::text[])) ORDER BY position LIMIT %s",
            (first, stop, *[[name_in(topic)[0] for topic in topics]] * 2, limit),
        )
        return [
            Notification(
                originator_id=stream,
                originator_version=version,
                topic=topic_of(name, schema),
                state=bytes(payload),
                id=position,
            )
            for position, stream, version, name, schema, payload in rows
        ]

    def max_notification_id(self) -> int | None:
        """The log's last position; None for an empty log."""
        return self._store.all("SELECT position FROM head")[0][0] or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "PollingSubscription":
        """The events behind a position, for ever."""
        return PollingSubscription(self, gt, topics)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Moves an upstream's position forward; IntegrityError otherwise."""
        self._insert([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """An upstream's position, None if nothing of it was ever recorded."""
        rows = self._store.all("SELECT position FROM tracking WHERE upstream = %s", (application_name,))
        return rows[0][0] if rows else None


class PollingSubscription(Subscription[HubaoProcessRecorder]):
    """Asks again when there is nothing: NOTIFY would serialise all commits of the cluster."""

    _BATCH = 500

    def __init__(self, recorder: HubaoProcessRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        self._stopped = Event()
        self._ready: list[Notification] = []

    def stop(self) -> None:
        """Ends the iteration, also one that waits."""
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._stopped.is_set():
            if self._ready:
                return self._ready.pop()
            found = self._recorder.select_notifications(
                self._last_notification_id, self._BATCH, topics=self._topics, inclusive_of_start=False
            )
            if found:
                self._last_notification_id = found[-1].id
                self._ready = list(reversed(found))
            else:
                self._stopped.wait(POLL_SECONDS)
        raise StopIteration


def _new_event(stored: StoredEvent, tenant: str, metadata: str, now: datetime) -> NewEvent:
    name, schema_version = name_in(stored.topic)
    return NewEvent(
        tenant=tenant,
        stream=_uuid(stored.originator_id),
        version=stored.originator_version,
        type=name,
        schema_version=schema_version,
        payload=stored.state,
        metadata=metadata,
        recorded_at=now,
    )


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
