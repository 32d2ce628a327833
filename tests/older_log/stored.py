"""Logs as a file: the tables of a service's schema in the text form of `COPY`, compressed.

`logs.json.xz` was written by the code of commit d0a4b30, the last one before streams had kinds and announcements had
digests: by its demo with four enterprises and our own few incidents (`year`), and by its tests of the four services, of
whose databases those were kept that have nearly all types of events between them. `make` does that.
"""

import json
import lzma
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

FILE = Path(__file__).parent / "logs.json.xz"
REVISION = "0002"
"""That of the tables then."""
LEFT_OUT = ("alembic_version", "lease")


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    rows: str
    """As `COPY … TO STDOUT` writes them."""


@dataclass(frozen=True)
class StoredLog:
    """One service's schema. `name` says what was done there; logs of one name were written together."""

    name: str
    service: str
    tables: Mapping[str, Table]


def stored(connection: psycopg.Connection[Any], name: str, service: str) -> StoredLog:
    """The schema of a service as it is in a database."""
    found = connection.execute(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns"
        " WHERE table_schema = %s AND NOT table_name = ANY(%s) GROUP BY 1 ORDER BY 1",
        [service, list(LEFT_OUT)],
    ).fetchall()
    tables = {}
    for table, columns in found:
        query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY 1, 2) TO STDOUT").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(service, table)
        )
        with connection.cursor().copy(query) as copy:
            tables[table] = Table(tuple(columns), b"".join(bytes(block) for block in copy).decode())
    return StoredLog(name, service, tables)


def load(url: str, log: StoredLog) -> None:
    """Puts the rows into the service's schema, which is at the revision of then and in which nothing was done."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")  # Nobody may take history back, or change it.
        for name, table in log.tables.items():
            place = sql.Identifier(log.service, name)
            connection.execute(sql.SQL("DELETE FROM {}").format(place))
            columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(place, columns)) as copy:
                copy.write(table.rows)


def write(path: Path, logs: list[StoredLog]) -> None:
    text = json.dumps([asdict(log) for log in logs], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def read(path: Path = FILE) -> list[StoredLog]:
    return [
        StoredLog(
            log["name"],
            log["service"],
            {name: Table(tuple(table["columns"]), table["rows"]) for name, table in log["tables"].items()},
        )
        for log in json.loads(lzma.decompress(path.read_bytes()))
    ]
