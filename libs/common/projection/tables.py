"""Read tables: where they live, how they are read, and how a new generation takes over from an old one.

Each generation has a PostgreSQL schema of its own, `<service>_read_v<version>_<letter>`, with the tables and the
position they stand at, so that rows and position are one transaction. The setting `projection.active` names the one
that reads see. A rebuild takes the next letter, so who has missed two of them finds nothing, and never what is half
built.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateSchema

from libs.common.errors import PositionAhead
from libs.common.outages import (
    Conflict,
    Outage,
    Overloaded,
    TablesReplaced,
    Trouble,
    driver_error,
    is_outage,
    unknown_outcome,
)
from libs.common.service import Service
from libs.common.store.urls import sqlalchemy_url
from libs.common.waking import Waker

_END = text("SELECT position FROM head")

PLACE = MetaData()
POSITION = Table("projection_position", PLACE, Column("position", BigInteger, nullable=False))
SET_ASIDE = Table(
    "projection_set_aside",
    PLACE,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Uuid, nullable=False),
    Column("tenant", String, nullable=False),
    Column("type", String, nullable=False),
    Column("behind", BigInteger),  # The event of its stream that it waits behind; none for the one that failed itself.
    Column("error", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("set_aside_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("projection_set_aside_by_stream", "stream", "position"),
)
"""Events of which a generation has no rows; see `libs.common.projection.aside`."""

ALONE = text(f"SELECT pg_advisory_xact_lock({0x72656164})")
"""Lets nobody else make tables of a generation until the end of the transaction."""

_ACTIVE = text("SELECT value FROM setting WHERE key = :key")
_GENERATIONS = text("SELECT nspname FROM pg_namespace WHERE nspname ~ :pattern")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DROPPED = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)


class ReadTables:
    """The read tables of one service, in their active generation."""

    def __init__(self, service: Service, url: str) -> None:
        self._service = service
        # Errors go to logs, and the values of a statement do not belong there.
        pool: dict[str, Any] = {"pool_pre_ping": True, "pool_recycle": 600, "hide_parameters": True}
        self.engine: AsyncEngine = create_async_engine(sqlalchemy_url(url), pool_size=5, **pool)
        self.writing: Engine = create_engine(sqlalchemy_url(url), pool_size=2, **pool)
        """For the projector, which works in a thread of its own, so that it keeps no command waiting."""
        self.schema = ""
        self.trouble = Trouble()
        self.moved = Waker()
        """Tells this process that it has looked at the log, and the tables are as far."""

    async def open(self) -> None:
        """Finds the active generation of this version of the tables, or creates an empty one."""
        prefix = self.prefix
        async with self.engine.begin() as connection:
            await connection.execute(ALONE)
            active = await connection.scalar(_ACTIVE, {"key": self.setting}) or f"{prefix}_a"
            # Of a log that was restored without its read tables, only their name is there; the projector fills them.
            if await connection.scalar(text("SELECT to_regclass(:place)"), {"place": f"{active}.{POSITION}"}) is None:
                await connection.run_sync(self.create, active)
                await connection.run_sync(self.activate, active)
            else:
                await connection.run_sync(self.complete, active)
        self.schema = str(active)

    @property
    def prefix(self) -> str:
        """What the schemas of this version of the tables begin with."""
        return f"{self._service.name}_read_v{self._service.projection.version}"

    @property
    def setting(self) -> str:
        """The setting that names the active generation of this version."""
        return f"projection.active.v{self._service.projection.version}"

    async def close(self) -> None:
        await self.engine.dispose()
        self.writing.dispose()

    def create(self, connection: Connection, schema: str) -> None:
        """Makes the empty tables of a generation, standing at position 0."""
        connection.execute(CreateSchema(schema, if_not_exists=True))
        with inside(connection, schema):
            PLACE.create_all(connection)
            self._service.projection.metadata.create_all(connection)
            if connection.scalar(select(POSITION.c.position)) is None:
                connection.execute(POSITION.insert().values(position=0))

    def after(self, schema: str) -> str:
        """The generation that a rebuild makes when this one is active."""
        letter = _LETTERS.index(schema[-1])
        return f"{self.prefix}_{_LETTERS[(letter + 1) % len(_LETTERS)]}"

    def replace(self, connection: Connection, old: str, new: str) -> None:
        """Drops all generations of this version but the active one, makes a new one; Conflict if `old` is not it."""
        connection.execute(ALONE)  # A rebuild that was given up may still be at it.
        active = str(connection.scalar(_ACTIVE, {"key": self.setting}))
        if active != old:
            raise Conflict
        for schema in connection.scalars(_GENERATIONS, {"pattern": f"^{self.prefix}_[a-z]$"}).all():
            if schema != active:
                connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        self.create(connection, new)

    def complete(self, connection: Connection, schema: str) -> None:
        """Gives a generation the engine's own tables that it lacks: an older version of this program has made it."""
        with inside(connection, schema):
            PLACE.create_all(connection)

    def activate(self, connection: Connection, schema: str) -> None:
        """Lets reads see this generation from the end of the transaction on."""
        connection.execute(
            text(
                "INSERT INTO setting (key, value) VALUES (:key, :value)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            ),
            {"key": self.setting, "value": schema},
        )

    async def refresh(self) -> None:
        """Notices that another process has switched to a new generation."""
        with self.answering():
            async with self.engine.begin() as connection:
                active = str(await connection.scalar(_ACTIVE, {"key": self.setting}) or self.schema)
                if active != self.schema:
                    await connection.run_sync(self.complete, active)
        self.schema = active

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose tables are those of the active generation; read only. OutcomeUnknown if it is lost."""
        schema = ""
        with self.answering():
            try:
                async with self.engine.connect() as connection:
                    schema = self.schema
                    yield await connection.execution_options(schema_translate_map={None: schema})
            except ProgrammingError as error:
                await self.gone(schema, error)
                raise

    async def gone(self, schema: str, error: ProgrammingError) -> None:
        """TablesReplaced if work on a generation failed because another one has taken over and it was dropped."""
        if is_dropped(error):
            await self.refresh()
            if self.schema != schema:
                raise TablesReplaced from error

    @contextmanager
    def answering(self) -> Iterator[None]:
        """OutcomeUnknown if the connection is lost, there is none to be had, or the server can't work."""
        try:
            yield
        except (Overloaded, Conflict, TablesReplaced):
            raise  # No fault of the database's.
        except (Outage, DBAPIError, psycopg.Error, PoolTimeout) as error:
            if not is_outage(error):
                raise
            self.trouble.note(error)
            raise unknown_outcome(error) from error

    async def position(self) -> int:
        """The log position that the read tables stand at."""
        async with self.connect() as connection:
            return int(await connection.scalar(select(POSITION.c.position)) or 0)

    async def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the read tables come to `position` or beyond in time; PositionAhead if the log itself has not."""
        if await self.position() >= position:
            return True
        async with self.connect() as connection:
            end = int(await connection.scalar(_END) or 0)
        if position > end:
            raise PositionAhead(asked=position)
        until = monotonic() + seconds
        while await self.position() < position:
            if monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True


def is_dropped(error: BaseException) -> bool:
    """Whether a statement found no table, or no schema, where it looked for one."""
    return isinstance(driver_error(error), _DROPPED)


@contextmanager
def inside(connection: Connection, schema: str) -> Iterator[Connection]:
    """For a while, tables without a schema of their own are those of this generation."""
    connection.execution_options(schema_translate_map={None: schema})
    try:
        yield connection
    finally:
        connection.execution_options(schema_translate_map={})
