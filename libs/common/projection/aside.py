"""Events that the read tables can't take are set aside, each with all that comes later of its stream.

A text with a sign that PostgreSQL does not store, a number beyond its column, a bug in `project`: such an event has no
rows in this generation, as if it and the rest of its stream had not happened yet. Everybody else's events go on, and a
person sees what stands aside, mends the cause and rebuilds the tables. See docs/adr/0019.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import Connection, exists, func, insert, select

from libs.common.outages import driver_error, is_outage
from libs.common.projection.rows import Unstorable
from libs.common.projection.tables import SET_ASIDE, ReadTables

_END = 2**63
_ROOT = Path(__file__).parents[3]


class LogRow(NamedTuple):
    """An event as the projector reads it from the log."""

    type: str
    schema_version: int
    payload: bytes
    stream: UUID
    version: int
    tenant: str
    recorded_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """An event that failed itself, and so began the setting aside of its stream."""

    position: int
    stream: UUID
    tenant: str
    type: str
    error: str
    reason: str
    set_aside_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands aside in the active generation: how many events of how many streams, and the first of the failed."""

    events: int
    streams: int
    seconds: float
    """In real time, since the first of them was set aside; 0 if none is."""
    first: Sequence[SetAside]


class Aside:
    """What is set aside of the events of one transaction, in one generation."""

    def __init__(self, connection: Connection, rows: Sequence[LogRow]) -> None:
        self._connection = connection
        self._behind: dict[UUID, int] = {}
        self.failed: dict[UUID, dict[str, Any]] = {}
        if connection.scalar(select(exists().where(SET_ASIDE.c.position > 0))):
            streams = {row.stream for row in rows}
            begun = select(SET_ASIDE.c.stream, func.min(SET_ASIDE.c.position)).where(SET_ASIDE.c.stream.in_(streams))
            found = connection.execute(begun.group_by(SET_ASIDE.c.stream))
            self._behind = dict(found.all())

    def passed(self, rows: Sequence[LogRow]) -> Sequence[LogRow]:
        """Those of streams that are not set aside, or not yet."""
        behind = self._behind
        return [row for row in rows if row.position < behind.get(row.stream, _END)] if behind else rows

    def add(self, row: LogRow, error: Exception) -> None:
        """Sets one aside that failed; from now on nothing of its stream passes that is not before it."""
        self._behind[row.stream] = row.position
        name, reason = told(error)
        # Of one stream, an earlier event may turn out to fail, too.
        self.failed[row.stream] = _entry(row, None, name, reason)

    def keep(self, rows: Sequence[LogRow]) -> None:
        """Writes down what was set aside of these events."""
        if not self._behind:
            return
        waiting = [
            _entry(row, self._behind[row.stream], "", "waits behind an earlier one of its stream")
            for row in rows
            if row.position > self._behind.get(row.stream, row.position)
        ]
        if new := [*self.failed.values(), *waiting]:
            self._connection.execute(insert(SET_ASIDE), new)


def _entry(row: LogRow, behind: int | None, error: str, reason: str) -> dict[str, Any]:
    place = {"position": row.position, "stream": row.stream, "tenant": row.tenant, "type": row.type}
    return {**place, "behind": behind, "error": error, "reason": reason}


class ShapeNotKnown(Exception):
    """This process is older than the log: an event has a name or a version that a newer one has given it."""


def is_of_an_event(error: Exception) -> bool:
    """Whether an event, or what is made of it, may be the reason for a failure: not the platform, nor this process."""
    return not is_outage(error) and not isinstance(error, MemoryError | ShapeNotKnown)


def told(error: Exception) -> tuple[str, str]:
    """The class of an error, and in one line where it arose or what the server calls it; nothing of any value."""
    cause = driver_error(error)
    name = type(cause).__name__
    if isinstance(cause, Unstorable):
        return name, f"{cause} can't hold it"
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        place = ".".join(filter(None, (cause.diag.table_name, cause.diag.column_name or cause.diag.constraint_name)))
        return name, f"SQLSTATE {cause.sqlstate}" + (f" at {place}" if place else "")
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_ROOT)]
    own = [frame for frame in frames if ".venv" not in frame.filename]
    if not own:
        return name, ""
    return name, f"{Path(own[-1].filename).relative_to(_ROOT)}:{own[-1].lineno} in {own[-1].name}"


async def standing(tables: ReadTables, most: int = 5) -> Standing:
    """What stands aside now, with up to so many of those that failed, in the order of the log."""
    aside = SET_ASIDE.c
    age = func.extract("epoch", func.clock_timestamp() - func.min(aside.set_aside_at))
    counted = select(func.count(), func.count(aside.stream.distinct()), func.coalesce(age, 0))
    names = (aside.position, aside.stream, aside.tenant, aside.type, aside.error, aside.reason, aside.set_aside_at)
    failed = select(*names).where(aside.behind.is_(None)).order_by(aside.position).limit(most)
    async with tables.connect() as connection:
        events, streams, seconds = (await connection.execute(counted)).one()
        first = (await connection.execute(failed)).all() if events else []
    return Standing(events, streams, float(seconds), [SetAside(*row) for row in first])
