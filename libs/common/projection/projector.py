"""The projector: reads the log in order, in batches, and commits rows and position together.

The position row is locked for each batch, so of several processes only one projects at a time, and none does so twice.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common import telemetry
from libs.common.changes import Recorded
from libs.common.projection.tables import POSITION, ReadTables
from libs.common.service import Service
from libs.common.store import codec
from libs.common.waking import Waker

log = logging.getLogger(__name__)

BATCH = 500
LONGEST_SLEEP = 1.0

_EVENTS = text(
    "SELECT position, tenant, stream, version, type, schema_version, payload, recorded_at"
    " FROM event WHERE position > :after AND position <= :upto ORDER BY position LIMIT :limit"
)
_END = 2**62


class Projector:
    """Keeps the read tables of one service up to date, and builds new ones beside them."""

    def __init__(self, service: Service, tables: ReadTables, waker: Waker) -> None:
        self._service = service
        self._tables = tables
        self._alarm = waker.alarm()

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._tables.refresh()
            if not await self.advance(self._tables.schema):
                await self._alarm.wait(LONGEST_SLEEP)

    async def advance(self, schema: str) -> int:
        """Projects the next batch into one generation; how many events that were."""
        async with self._tables.engine.begin() as plain:
            connection = await plain.execution_options(schema_translate_map={None: schema})
            position = await connection.scalar(select(POSITION.c.position).with_for_update())
            return await self._project(connection, int(position or 0), _END)

    async def rebuild(self) -> tuple[int, bool]:
        """Builds a new generation, compares it with the active one at one position, and switches to it.

        Returns that position and whether the two were equal. The old generation stays until the next rebuild, for
        reads that have begun on it.
        """
        await self._tables.refresh()
        old = self._tables.schema
        new = f"{self._tables.prefix}_{'b' if old.endswith('_a') else 'a'}"
        async with self._tables.engine.begin() as connection:
            await connection.execute(text(f"DROP SCHEMA IF EXISTS {new} CASCADE"))
            await self._tables.create(connection, new)
        while await self.advance(new):
            log.info("rebuilding read tables", extra={"generation": new})
        async with self._tables.engine.begin() as plain:
            connection = await plain.execution_options(schema_translate_map={None: old})
            # Held to the end: nobody moves the old tables while the new ones take the last steps.
            position = int(await connection.scalar(select(POSITION.c.position).with_for_update()) or 0)
            connection = await plain.execution_options(schema_translate_map={None: new})
            at = int(await connection.scalar(select(POSITION.c.position).with_for_update()) or 0)
            while at < position:
                at += await self._project(connection, at, position)
            while at > position:
                connection = await plain.execution_options(schema_translate_map={None: old})
                position += await self._project(connection, position, at)
            equal = await self._fingerprint(plain, old) == await self._fingerprint(plain, new)
            await self._tables.activate(plain, new)
        await self._tables.refresh()
        return position, equal

    async def _project(self, connection: AsyncConnection, after: int, upto: int) -> int:
        rows = (await connection.execute(_EVENTS, {"after": after, "upto": upto, "limit": BATCH})).all()
        if not rows:
            return 0
        for row in rows:
            for statement in self._service.projection.project(_recorded(row)):
                await connection.execute(statement)
        await connection.execute(update(POSITION).values(position=rows[-1].position))
        telemetry.PROJECTED.add(len(rows))
        return len(rows)

    async def _fingerprint(self, connection: AsyncConnection, schema: str) -> list[tuple[str, int, str]]:
        """For each table its name, its rows, and a sum of their hashes that does not depend on their order."""
        result: list[tuple[str, int, str]] = []
        for table in sorted(self._service.projection.metadata.tables):
            row: Sequence[object] = (
                await connection.execute(
                    text(
                        "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text"
                        f" FROM {schema}.{table} t"
                    )
                )
            ).one()
            result.append((table, int(str(row[0])), str(row[1])))
        return result


def _recorded(row: Row[tuple[object, ...]]) -> Recorded[None]:
    happened = codec.decode(row.type, row.schema_version, bytes(row.payload))
    return Recorded(happened, None, row.stream, row.version, row.tenant, row.recorded_at, position=row.position)
