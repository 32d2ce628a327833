"""The projector: reads the log in order, in batches, and commits rows and position together.

The position row is locked for each batch, so of several processes only one projects at a time, and none does so twice.
A batch that fails for a reason of its own is done again in parts, ever smaller ones, until what fails is one event;
this is set aside (`libs.common.projection.aside`).
"""

import asyncio
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from operator import itemgetter
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Executable, select, text, update
from sqlalchemy.exc import ProgrammingError

from libs.common import telemetry
from libs.common.changes import Recorded
from libs.common.outages import Conflict
from libs.common.projection.aside import Aside, LogRow, ShapeNotKnown, is_of_an_event
from libs.common.projection.batch import Batch, driver
from libs.common.projection.rows import RowChange, refuse_unstorable
from libs.common.projection.tables import POSITION, ReadTables, inside, is_dropped
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
PART = 32
"""Events of a part in which a batch is done again: of a larger one more would be projected anew with each halving."""
LINGER = 0.02
"""Seconds for which events gather while they come in quick succession: a transaction for each would cost more."""

_EVENTS = (
    "SELECT type, schema_version, payload, stream, version, tenant, recorded_at, position"
    " FROM event WHERE position > %s AND position <= %s ORDER BY position"
)
_END = 2**62

T = TypeVar("T")
Apply = Callable[[Connection, str, Sequence[LogRow]], None]
"""Changes the rows of a generation by events."""


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
        async with self._threads.place("") as place:
            with self._tables.answering():
                try:
                    count = await place.run(lambda stop: self._advance(schema, limit))
                except ProgrammingError as error:
                    await self._tables.gone(schema, error)
                    raise
        self._tables.moved.nudge()
        return count

    async def rebuild(self, batch: int = REBUILD_BATCH) -> tuple[int, bool]:
        """Builds a new generation, compares it with the active one at one position, and switches to it.

        Returns that position and whether the two were equal. What the old one had set aside is projected again. The
        old generation stays until the next rebuild, for reads that have begun on it. Conflict if another rebuild has
        been quicker.
        """
        await self._tables.refresh()
        old = self._tables.schema
        new = self._tables.after(old)
        async with self._rebuilding.place("") as place:
            with self._tables.answering():
                try:
                    await place.run(lambda stop: self._begin(old, new))
                    await place.run(lambda stop: self._fill(new, batch, stop))
                    while await place.run(lambda stop: self._advance(new, batch)):
                        pass  # What was written meanwhile; the switch should find little to do.
                    result = await place.run(lambda stop: self._switch(old, new))
                except ProgrammingError as error:
                    if is_dropped(error):
                        raise Conflict from error
                    raise
        await self._tables.refresh()
        return result

    def _advance(self, schema: str, limit: int) -> int:
        def advanced(apply: Apply) -> int:
            with self._tables.writing.begin() as connection, inside(connection, schema):
                return self._project(connection, schema, _locked(connection), _END, limit, apply)

        return self._wholly_or_in_parts(advanced)

    def _wholly_or_in_parts(self, work: Callable[[Apply], T]) -> T:
        """Does a transaction with whole batches; once more with parts of them if an event is what it fails for."""
        try:
            return work(self._apply)
        except Exception as error:
            if not is_of_an_event(error):
                raise
        return work(self._apply_in_parts)

    def _begin(self, old: str, new: str) -> None:
        with self._tables.writing.begin() as connection:
            self._tables.replace(connection, old, new)

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
                    log.info("rebuilding read tables", extra={"generation": schema, "position": rows[-1].position})

    def _add(self, schema: str, rows: Sequence[LogRow]) -> bool:
        """Projects the next events of a generation; False if others are these, for another rebuild is at it, too."""

        def taken(apply: Apply) -> bool:
            with self._tables.writing.begin() as connection, inside(connection, schema):
                if _locked(connection) != rows[0].position - 1:
                    return False
                apply(connection, schema, rows)
            return True

        return self._wholly_or_in_parts(taken)

    def _switch(self, old: str, new: str) -> tuple[int, bool]:
        """Brings both generations to one position, held there to the end, compares them, and lets reads see the new."""
        with self._tables.writing.begin() as connection:
            with inside(connection, old):
                position = _locked(connection)
            with inside(connection, new):
                at = _locked(connection)
                while at < position:
                    at += self._project(connection, new, at, position, REBUILD_BATCH, self._apply_in_parts)
            with inside(connection, old):
                while position < at:
                    position += self._project(connection, old, position, at, REBUILD_BATCH, self._apply_in_parts)
            equal = self._fingerprint(connection, old) == self._fingerprint(connection, new)
            self._tables.activate(connection, new)
        return position, equal

    def _project(self, connection: Connection, schema: str, after: int, upto: int, limit: int, apply: Apply) -> int:
        """Projects events up to a position, not all if there are more than `limit`; how many."""
        with driver(connection) as connected:
            # Positions have no gaps, so a bound is a limit; with LIMIT the database sorted all of the rest each time.
            found = connected.cursor(binary=True).execute(_EVENTS, (after, min(upto, after + limit))).fetchall()
        if found:
            apply(connection, schema, [LogRow(*row) for row in found])
        return len(found)

    def _apply(self, connection: Connection, schema: str, rows: Sequence[LogRow]) -> None:
        """Changes the rows of a generation by these events, and moves its position behind them."""
        aside = Aside(connection, rows)
        self._change(connection, schema, aside.passed(rows))
        self._pass(connection, aside, rows)

    def _apply_in_parts(self, connection: Connection, schema: str, rows: Sequence[LogRow]) -> None:
        """Does the same, with what fails set aside: each part is projected whole or, halved, tried again."""
        aside = Aside(connection, rows)
        self._look(aside, rows)
        size = len(rows) if aside.failed else PART
        waiting = [rows[start : start + size] for start in range(0, len(rows), size)][::-1]
        while waiting:
            part = aside.passed(waiting.pop())
            if not part:
                continue
            try:
                with connection.begin_nested():
                    self._change(connection, schema, part)
            except Exception as error:
                if not is_of_an_event(error):
                    raise
                if len(part) == 1:
                    aside.add(part[0], error)
                    continue
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
        self._pass(connection, aside, rows)

    def _look(self, aside: Aside, rows: Sequence[LogRow]) -> None:
        """Sets aside what fails without the database being asked: a flood of that kind costs next to nothing."""
        for row in rows:
            try:
                for said in self._said(row) if aside.passed([row]) else ():
                    if isinstance(said, RowChange):
                        refuse_unstorable(said)
            except Exception as error:
                if not is_of_an_event(error):
                    raise
                aside.add(row, error)

    def _change(self, connection: Connection, schema: str, rows: Sequence[LogRow]) -> None:
        batch = Batch(connection, schema)
        for row in rows:
            for said in self._said(row):
                batch.add(said)
        batch.flush()

    def _said(self, row: LogRow) -> Sequence[Executable | RowChange]:
        """What one event changes."""
        if not codec.knows(row.type, row.schema_version):
            raise ShapeNotKnown(
                f"{row.type}, version {row.schema_version}, at {row.position}: a newer process reads it"
            )
        happened = codec.decode(row.type, row.schema_version, row.payload)
        recorded = Recorded(happened, None, row.stream, row.version, row.tenant, row.recorded_at, row.position)
        return self._service.projection.project(recorded)

    def _pass(self, connection: Connection, aside: Aside, rows: Sequence[LogRow]) -> None:
        aside.keep(rows)
        connection.execute(update(POSITION).values(position=rows[-1].position))
        telemetry.PROJECTED.add(len(rows))
        if aside.failed:
            first = min(aside.failed.values(), key=itemgetter("position"))
            told = {name: first[name] for name in ("position", "type", "error", "reason")}
            log.error("events are set aside, and need a person", extra={"count": len(aside.failed), **told})

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


def _streamed(connection: psycopg.Connection[Any], size: int) -> Generator[Sequence[LogRow], None, None]:
    """All events of the log, so many at a time."""
    rows: Iterator[tuple[Any, ...]] = connection.cursor().stream(_EVENTS, (0, _END), binary=True, size=size)
    while some := [LogRow(*row) for row in islice(rows, size)]:
        yield some


def _locked(connection: Connection) -> int:
    """The position of a generation, locked until the end of the transaction."""
    return int(connection.scalar(select(POSITION.c.position).with_for_update()) or 0)
