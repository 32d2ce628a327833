"""The projector: reads the log in order, in batches, and commits rows and position together.

The position row is locked for each batch, so of several processes only one projects at a time, and none does so twice.
"""

import asyncio
import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Connection, select, text, update

from libs.common import telemetry
from libs.common.changes import Recorded
from libs.common.projection.batch import Batch, driver
from libs.common.projection.tables import POSITION, ReadTables, inside, losing_is_an_outage
from libs.common.service import Service
from libs.common.store import codec
from libs.common.waking import Waker
from libs.common.workers import Stop, Workers

log = logging.getLogger(__name__)

BATCH = 500
REBUILD_BATCH = 5000
"""Nobody waits for the rows of a new generation, and of more events more changes become one."""
LONGEST_SLEEP = 5.0
"""Seconds after which it looks by itself; what there is to do wakes it."""
REFRESH = 1.0
"""Seconds for which it trusts that no other process has switched to a new generation."""
LINGER = 0.02
"""Seconds for which events gather while they come in quick succession: a transaction for each would cost more."""

_EVENTS = (
    "SELECT type, schema_version, payload, stream, version, tenant, recorded_at, position"
    " FROM event WHERE position > %s AND position <= %s ORDER BY position"
)
_END = 2**62


class Projector:
    """Keeps the read tables of one service up to date, and builds new ones beside them."""

    def __init__(self, service: Service, tables: ReadTables, waker: Waker) -> None:
        self._service = service
        self._tables = tables
        self._alarm = waker.alarm()
        # Of their own, so that nothing else that takes long holds up what everybody reads.
        self._threads = Workers("project", threads=1, places=8, share=8)
        self._rebuilding = Workers("rebuild", threads=1, places=1, share=1)

    async def run(self) -> None:
        """Runs until cancelled."""
        refresh_at = 0.0
        while True:
            if monotonic() >= refresh_at:
                await self._tables.refresh()
                refresh_at = monotonic() + REFRESH
            count = await self.advance(self._tables.schema)
            if count == 0:
                await self._alarm.wait(LONGEST_SLEEP)
            elif count < BATCH:
                await asyncio.sleep(LINGER)

    async def advance(self, schema: str, limit: int = BATCH) -> int:
        """Projects the next batch into one generation; how many events that were."""
        with losing_is_an_outage():
            async with self._threads.place("") as place:
                count = await place.run(lambda stop: self._advance(schema, limit))
        self._tables.moved.nudge()
        return count

    async def rebuild(self, batch: int = REBUILD_BATCH) -> tuple[int, bool]:
        """Builds a new generation, compares it with the active one at one position, and switches to it.

        Returns that position and whether the two were equal. The old generation stays until the next rebuild, for
        reads that have begun on it.
        """
        await self._tables.refresh()
        old = self._tables.schema
        new = f"{self._tables.prefix}_{'b' if old.endswith('_a') else 'a'}"
        with losing_is_an_outage():
            async with self._rebuilding.place("") as place:
                await place.run(lambda stop: self._begin(new))
                await place.run(lambda stop: self._fill(new, batch, stop))
                while await place.run(lambda stop: self._advance(new, batch)):
                    pass  # What was written meanwhile; the switch should find little to do.
                result = await place.run(lambda stop: self._switch(old, new))
        await self._tables.refresh()
        return result

    def _advance(self, schema: str, limit: int) -> int:
        with self._tables.writing.begin() as connection, inside(connection, schema):
            return self._project(connection, schema, _locked(connection), _END, limit)

    def _begin(self, schema: str) -> None:
        with self._tables.writing.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            self._tables.create(connection, schema)

    def _fill(self, schema: str, batch: int, abandoned: Stop) -> None:
        """Projects all that the log holds now into a new generation.

        One query streams, so the database is at the next events while these are projected.
        """
        with self._tables.writing.begin() as reading, driver(reading) as connected:
            connected.execute("SET LOCAL enable_sort = off")  # By the index: sorted first, nothing comes before all is.
            with closing(_streamed(connected, batch)) as batches:
                for rows in batches:
                    if abandoned() or not self._add(schema, rows):
                        return
                    log.info("rebuilding read tables", extra={"generation": schema, "position": rows[-1][-1]})

    def _add(self, schema: str, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Projects the next events of a generation; False if others are these, for another rebuild is at it, too."""
        with self._tables.writing.begin() as connection, inside(connection, schema):
            if _locked(connection) != rows[0][-1] - 1:
                return False
            self._apply(connection, schema, rows)
        return True

    def _switch(self, old: str, new: str) -> tuple[int, bool]:
        """Brings both generations to one position, held there to the end, compares them, and lets reads see the new."""
        with self._tables.writing.begin() as connection:
            with inside(connection, old):
                position = _locked(connection)
            with inside(connection, new):
                at = _locked(connection)
                while at < position:
                    at += self._project(connection, new, at, position, REBUILD_BATCH)
            with inside(connection, old):
                while position < at:
                    position += self._project(connection, old, position, at, REBUILD_BATCH)
            equal = self._fingerprint(connection, old) == self._fingerprint(connection, new)
            self._tables.activate(connection, new)
        return position, equal

    def _project(self, connection: Connection, schema: str, after: int, upto: int, limit: int) -> int:
        """Projects events up to a position, not all if there are more than `limit`; how many."""
        with driver(connection) as connected:
            # Positions have no gaps, so a bound is a limit; with LIMIT the database sorted all of the rest each time.
            rows = connected.cursor(binary=True).execute(_EVENTS, (after, min(upto, after + limit))).fetchall()
        if rows:
            self._apply(connection, schema, rows)
        return len(rows)

    def _apply(self, connection: Connection, schema: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Changes the rows of a generation by these events, and moves its position behind them."""
        batch = Batch(connection, schema)
        for name, schema_version, payload, *place in rows:
            happened = codec.decode(name, schema_version, payload)
            stream, version, tenant, recorded_at, position = place
            for said in self._service.projection.project(
                Recorded(happened, None, stream, version, tenant, recorded_at, position)
            ):
                batch.add(said)
        batch.flush()
        connection.execute(update(POSITION).values(position=rows[-1][-1]))
        telemetry.PROJECTED.add(len(rows))

    def _fingerprint(self, connection: Connection, schema: str) -> list[tuple[str, int, str]]:
        """For each table its name, its rows, and a sum of their hashes that does not depend on their order."""
        result: list[tuple[str, int, str]] = []
        for table in sorted(self._service.projection.metadata.tables):
            count, digest = connection.execute(
                text(
                    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text"
                    f" FROM {schema}.{table} t"
                )
            ).one()
            result.append((table, count, digest))
        return result


def _streamed(connection: psycopg.Connection[Any], size: int) -> Generator[Sequence[tuple[Any, ...]], None, None]:
    """All events of the log, so many at a time."""
    rows: Iterator[tuple[Any, ...]] = connection.cursor().stream(_EVENTS, (0, _END), binary=True, size=size)
    while some := list(islice(rows, size)):
        yield some


def _locked(connection: Connection) -> int:
    """The position of a generation, locked until the end of the transaction."""
    return int(connection.scalar(select(POSITION.c.position).with_for_update()) or 0)
