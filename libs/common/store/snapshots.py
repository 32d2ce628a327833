"""Snapshots: the value of a long stream at some version, so that a cold load need not begin at the beginning.

They are made in the background, keyed by a version of the code that evolves the aggregate, and may be deleted at any
time. Short streams never have one, and never look for one.
"""

import asyncio
import hashlib
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from libs.common.events import Aggregate, names_of_beginnings
from libs.common.outages import Outage, in_a_line
from libs.common.store import codec
from libs.common.store.reading import Log, StoredRow

log = logging.getLogger(__name__)

# One question, as most streams are short and have no snapshot: it comes as a row at position 0, before the events.
_BEGIN = """
WITH found AS (
    SELECT version, state FROM snapshot
    WHERE stream = %(stream)s AND kind = %(kind)s AND evolve_version = %(evolve_version)s
    AND (SELECT type FROM event WHERE stream = %(stream)s AND version = 1) = ANY (%(begins)s)
)
(
    SELECT position, tenant, stream, version, type, schema_version, payload, metadata, recorded_at FROM event
    WHERE stream = %(stream)s AND version > coalesce((SELECT version FROM found), 0)
    ORDER BY version LIMIT %(limit)s
)
UNION ALL
SELECT 0, tenant, stream, version, '', 0, (SELECT state FROM found), '', recorded_at FROM event
WHERE stream = %(stream)s AND version = (SELECT version FROM found)
"""

EVERY = 200
"""Events behind the last snapshot after which a load makes the next."""


@cache
def evolve_version(kind: type[Aggregate]) -> str:
    """Changes whenever the source of the package that evolves `kind` changes: then old snapshots no longer count."""
    package = kind.__module__.rpartition(".")[0]
    digest = hashlib.sha256()
    for name in sorted(sys.modules):
        if name == kind.__module__ or name.startswith(package + "."):
            source = sys.modules[name].__file__
            assert source is not None
            digest.update(Path(source).read_bytes())
    return digest.hexdigest()[:16]


class Snapshots:
    """Reads and makes the snapshots of one log."""

    def __init__(self, store: Log) -> None:
        self._log = store
        self._making: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(
        self, kind: type[Aggregate], stream: UUID, limit: int
    ) -> tuple[tuple[str, int, Any] | None, list[StoredRow]]:
        """Tenant, version and value of the snapshot, if there is one by the present code, and the events behind it.

        A snapshot counts only in a stream that begins as `kind` does.
        """
        asked = {
            "stream": stream,
            "kind": kind.KIND,
            "evolve_version": evolve_version(kind),
            "begins": names_of_beginnings(kind),
            "limit": limit,
        }
        rows = sorted(await self._log.all(_BEGIN, asked))
        if rows and rows[0][0] == 0:
            _, tenant, _, version, _, _, state, *_ = rows.pop(0)
            return (tenant, version, codec.decode_value(kind, state)), [StoredRow(*row) for row in rows]
        return None, [StoredRow(*row) for row in rows]

    def make(self, kind: type[Aggregate], stream: UUID, version: int, value: Any) -> None:
        """Begins to store a snapshot; nobody waits for it."""
        if stream not in self._making:
            self._making.add(stream)
            task = asyncio.create_task(self._store(kind, stream, version, value), name="snapshot")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Waits for those that are being made."""
        await asyncio.gather(*self._tasks)

    async def _store(self, kind: type[Aggregate], stream: UUID, version: int, value: Any) -> None:
        try:
            state = codec.encode_value(value)
            if codec.decode_value(kind, state) != value:
                raise TypeError(f"{kind.KIND} does not survive being stored")
            await self._log.run(
                "INSERT INTO snapshot AS s (stream, version, kind, evolve_version, state) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (stream) DO UPDATE SET version = excluded.version, kind = excluded.kind,"
                " evolve_version = excluded.evolve_version, state = excluded.state"
                " WHERE s.version < excluded.version OR s.evolve_version <> excluded.evolve_version",
                (stream, version, kind.KIND, evolve_version(kind), state),
            )
        except Outage as error:
            log.warning("no snapshot was made: %s", in_a_line(error), extra={"stream": str(stream), "kind": kind.KIND})
        except (psycopg.Error, msgspec.ValidationError, TypeError, OverflowError):
            log.exception("no snapshot was made", extra={"stream": str(stream), "kind": kind.KIND})
        finally:
            self._making.discard(stream)
