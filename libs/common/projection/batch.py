"""Executes what a projection says of many events, in as few statements as lead to the same rows.

Changes of one row keep their order. Those of different rows commute, so they are taken together by their shape. A plain
statement may look at anything: all that was said before it is executed before it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Dialect, Executable, Table

from libs.common.outages import is_outage, unknown_outcome
from libs.common.projection.rows import RowChange, Shape, merged, parameters, shape, statement

COPIED = 50
"""New rows from which on COPY is worth its two round trips."""


class Batch:
    """The changes of one transaction in one generation; `flush` when there are no more."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._pending: dict[Table, dict[tuple[Any, ...], list[RowChange]]] = {}

    def add(self, said: "Executable | RowChange") -> None:
        """Takes what is said next."""
        if not isinstance(said, RowChange):
            self.flush()
            self._connection.execute(said)
            return
        if said.row is None and not (said.sets or said.adds or said.computed):
            return
        rows = self._pending.get(said.table)
        if rows is None:
            rows = self._pending[said.table] = {}
        changes = rows.get(said.key)
        if changes is None:
            rows[said.key] = [said]
        elif not merged(changes[-1], said):
            changes.append(said)

    def flush(self) -> None:
        """Executes what is pending."""
        groups = [group for rows in self._pending.values() for group in _grouped(list(rows.values()))]
        self._pending.clear()
        # A copied row may only come first; it is in the first round of its table, where all rows are different ones.
        copied = [changes for number, of, changes in groups if number == 0 and self._copies(of, changes)]
        for changes in copied:
            self._copy(changes)
        # Statements go out without waiting for the answer of the one before; an error still fails the whole batch.
        with driver(self._connection) as connected, connected.pipeline():
            for number, of, changes in groups:
                if not (number == 0 and self._copies(of, changes)):
                    self._connection.execute(statement(of), [parameters(change) for change in changes])

    def _copies(self, of: Shape, changes: Sequence[RowChange]) -> bool:
        table, _, fresh, *_ = of
        return fresh and len(changes) >= COPIED and _plain(table, self._connection.dialect)

    def _copy(self, changes: Sequence[RowChange]) -> None:
        table = changes[0].table
        names = [column.name for column in table.c]
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self._schema, table.name), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with driver(self._connection) as connected, connected.cursor() as cursor, cursor.copy(into) as copy:
            for change in changes:
                assert change.row is not None
                copy.write_row([change.row[name] for name in names])


@contextmanager
def driver(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """The driver's own connection under SQLAlchemy's; OutcomeUnknown if it is lost, or the server can't work."""
    connected = connection.connection.driver_connection
    assert isinstance(connected, psycopg.Connection)
    try:
        yield connected
    except psycopg.Error as error:
        if is_outage(error):
            raise unknown_outcome(error) from error
        raise


def _grouped(rows: list[list[RowChange]]) -> Iterator[tuple[int, Shape, list[RowChange]]]:
    """The changes by round and shape: in round n are the changes that are the nth of their row."""
    number = 0
    while rows:
        groups: dict[Shape, list[RowChange]] = {}
        for changes in rows:
            groups.setdefault(shape(changes[number]), []).append(changes[number])
        yield from ((number, of, changes) for of, changes in groups.items())
        number += 1
        rows = [changes for changes in rows if len(changes) > number]


@cache
def _plain(table: Table, dialect: Dialect) -> bool:
    """Whether the driver writes the values of this table's columns as they are."""
    return all(column.type.dialect_impl(dialect).bind_processor(dialect) is None for column in table.c)
