"""The reading side of the log: asynchronous, from a small pool, and never in anyone's way."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Self, TypeAlias, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from libs.common.outages import Trouble, is_outage, unknown_outcome

T = TypeVar("T")
Cursor: TypeAlias = AsyncCursor[tuple[Any, ...]]

CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    # A server that has gone without a word is noticed in seconds, not after the two hours of the default.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

EVENT_COLUMNS = "position, tenant, stream, version, type, schema_version, payload, metadata, recorded_at"

_OUTBOX = (
    "SELECT position, log_position, type, tenant, subject, recorded_at, traceparent, correlation_id, data FROM outbox"
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """An event as it lies in the log."""

    position: int
    tenant: str
    stream: UUID
    version: int
    type: str
    schema_version: int
    payload: bytes
    metadata: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An announcement as it lies in the outbox."""

    position: int
    log_position: int
    type: str
    tenant: str
    subject: UUID
    recorded_at: datetime
    traceparent: str
    correlation_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands. `id` tells this log from another of the same name, such as a test's or an older one."""

    log: str
    id: UUID
    position: int
    outbox_position: int
    chain: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """What a request id led to."""

    fingerprint: bytes
    stream: UUID | None
    version: int
    position: int


class Log:
    """Reads one service's log. All methods may be called at once."""

    def __init__(self, url: str, *, pool_size: int = 6, patience: float = 15.0) -> None:
        self.url = url
        self._patience = patience
        self.trouble = Trouble()
        """What keeps this process from the log; the committer tells it, too."""
        self._refused: Exception | None = None
        self._pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            kwargs=CONNECTION,
            timeout=5,
            connection_class=_telling(self._not_connected),
        )

    @property
    def pool(self) -> AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]:
        """Connections of the service's role, autocommit; for the engine's own small tables."""
        return self._pool

    async def open(self) -> None:
        """OutcomeUnknown if the database does not answer for a while."""
        try:
            await self._pool.open(wait=True, timeout=self._patience)
        except PoolTimeout as error:
            await self._pool.close()
            raise unknown_outcome(self._refused) from error

    async def close(self) -> None:
        await self._pool.close()

    async def all(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement; a lost connection is tried again, for reading may be repeated."""
        return await self._again(query, parameters, AsyncCursor.fetchall)

    async def one(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row of one statement, or None."""
        rows = await self.all(query, parameters)
        return rows[0] if rows else None

    async def run(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Executes one statement on the engine's own small tables; how many rows it touched.

        It must be harmless when it is done twice, for a lost connection is tried again here, too.
        """
        return await self._again(query, parameters, _rowcount)

    async def _again(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any], result: Callable[[Cursor], Awaitable[T]]
    ) -> T:
        until = monotonic() + self._patience
        while True:
            try:
                async with self._pool.connection() as connection:
                    return await result(await connection.execute(query, parameters))
            except (psycopg.Error, PoolTimeout) as error:
                if not is_outage(error):
                    raise
                why = self._refused if isinstance(error, PoolTimeout) else error
                self.trouble.note(why or error)
                if monotonic() > until:
                    raise unknown_outcome(why) from error
                await asyncio.sleep(0.1)

    def _not_connected(self, error: Exception | None) -> None:
        """The pool says only that there is no connection; why not, the last attempt has said."""
        self._refused = error

    async def head(self) -> Head:
        """Where the log stands now."""
        row = await self.one("SELECT log, id, position, outbox_position, chain, epoch FROM head")
        assert row is not None
        return Head(*row)

    async def stream(self, stream: UUID, after: int = 0, limit: int | None = None) -> list[StoredRow]:
        """The events of one stream with a version above `after`, in order, all or the first `limit`."""
        rows = await self.all(
            f"SELECT {EVENT_COLUMNS} FROM event WHERE stream = %s AND version > %s ORDER BY version LIMIT %s",
            (stream, after, limit),
        )
        return [StoredRow(*row) for row in rows]

    async def events(self, after: int, limit: int) -> list[StoredRow]:
        """The events of the log behind a position, in order."""
        rows = await self.all(
            f"SELECT {EVENT_COLUMNS} FROM event WHERE position > %s ORDER BY position LIMIT %s", (after, limit)
        )
        return [StoredRow(*row) for row in rows]

    async def begun(self, event_type: str, after: int, limit: int) -> list[tuple[int, UUID, str]]:
        """Position, stream and tenant of the streams that begin with this type of event, behind a position."""
        rows = await self.all(
            "SELECT position, stream, tenant FROM event WHERE position > %s AND version = 1 AND type = %s"
            " ORDER BY position LIMIT %s",
            (after, event_type, limit),
        )
        return [(position, stream, tenant) for position, stream, tenant in rows]

    async def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        """The announcements behind an outbox position, in order."""
        rows = await self.all(f"{_OUTBOX} WHERE position > %s ORDER BY position LIMIT %s", (after, limit))
        return [OutboxRow(*row) for row in rows]

    async def unpublished(self, cursor: str, limit: int) -> list[OutboxRow]:
        """The announcements behind a cursor, in order; all of them if there is no such cursor."""
        behind = "coalesce((SELECT position FROM cursor WHERE name = %s), 0)"
        rows = await self.all(f"{_OUTBOX} WHERE position > {behind} ORDER BY position LIMIT %s", (cursor, limit))
        return [OutboxRow(*row) for row in rows]

    async def request(self, tenant: str, request_id: str) -> StoredRequest | None:
        """What this request id led to, if it was used."""
        row = await self.one(
            "SELECT fingerprint, stream, version, position FROM request WHERE tenant = %s AND request_id = %s",
            (tenant, request_id),
        )
        return StoredRequest(*row) if row else None

    async def tracking(self, upstream: str) -> int:
        """The last position of an upstream's feed that was handled or parked, 0 for none."""
        row = await self.one("SELECT position FROM tracking WHERE upstream = %s", (upstream,))
        return int(row[0]) if row else 0

    async def available(self, key: str) -> int | None:
        """What is left of a guard, None if it was never opened."""
        row = await self.one('SELECT "limit" - used FROM guard WHERE key = %s', (key,))
        return int(row[0]) if row else None


def _telling(told: Callable[[Exception | None], None]) -> type[AsyncConnection[tuple[Any, ...]]]:
    """Connections of which each attempt says why it failed, or None."""

    class Telling(AsyncConnection[tuple[Any, ...]]):
        @classmethod
        async def connect(cls, *args: Any, **settings: Any) -> Self:
            try:
                connection = await super().connect(*args, **settings)
            except psycopg.Error as error:
                told(error)
                raise
            told(None)
            return connection

    return Telling


@contextmanager
def answering(connection: AsyncConnection[tuple[Any, ...]], within: float) -> Iterator[None]:
    """Hangs up if the server has not answered in time: then it is a lost connection like any other."""
    timer = asyncio.get_running_loop().call_later(within, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: AsyncConnection[tuple[Any, ...]]) -> None:
    with suppress(OSError, psycopg.OperationalError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)  # It has gone by itself otherwise.


async def _rowcount(cursor: Cursor) -> int:
    return cursor.rowcount
