"""What an event does to one row of a read table, said in values instead of a statement.

A statement of SQLAlchemy takes longer to make than the database takes to execute it, and nobody can see from it whether
two of them may change places. These can be compared: changes of different rows commute, and successive changes of one
row are mostly one change (`merged`). `libs.common.projection.batch` executes them.

Tables have no uniqueness besides their primary key and no references, so a row is written without a look at others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, Table, and_, bindparam, insert, update
from sqlalchemy.dialects import postgresql

Values = Mapping[str, Any]
Computed = tuple[tuple[str, ColumnElement[Any]], ...]
NOTHING: Values = {}


@dataclass(slots=True)
class RowChange:
    """One row, found by its primary key.

    With `row`, it is put in if there is none; `fresh` says that there must be none. A row that is there gets the values
    of `sets`, what `adds` says is added to it, and it gets what the expressions of `computed` make of it; all this
    if `where` holds.
    """

    table: Table
    key: tuple[Any, ...]
    row: dict[str, Any] | None
    fresh: bool
    sets: dict[str, Any]
    adds: dict[str, Any]
    computed: Computed = ()
    where: ColumnElement[bool] | None = None


def added(table: Table, row: Values) -> RowChange:
    """A new row; one with this key must not be there."""
    whole = {**_blank(table), **row}
    return RowChange(table, _key(table, whole), whole, True, {}, {})


def put(table: Table, row: Values, *, sets: Values = NOTHING, adds: Values = NOTHING) -> RowChange:
    """A new row, or a change of the one that is there."""
    whole = {**_blank(table), **row}
    return RowChange(table, _key(table, whole), whole, False, dict(sets), dict(adds))


def changed(
    table: Table,
    key: Values,
    sets: Values = NOTHING,
    *,
    adds: Values = NOTHING,
    computed: Computed = (),
    where: ColumnElement[bool] | None = None,
) -> RowChange:
    """A change of the row with this key, if there is one.

    `computed` and `where` look at nothing but this row. Make their expressions once, in the module, not for each event.
    """
    return RowChange(table, _key(table, key), None, False, dict(sets), dict(adds), computed, where)


def merged(first: RowChange, second: RowChange) -> bool:
    """Makes of `first` what both do to their row, one after the other; False if they must stay two."""
    if second.fresh or first.computed or second.computed or first.where is not None or second.where is not None:
        return False
    row, sets, adds = first.row, first.sets, first.adds
    if row is None:
        first.row = second.row
    else:
        row.update(second.sets)
        for name, amount in second.adds.items():
            value = row[name]
            row[name] = None if value is None or amount is None else value + amount  # As in SQL, NULL makes NULL.
    if not first.fresh:
        for name, value in second.sets.items():
            sets[name] = value
            adds.pop(name, None)
        for name, amount in second.adds.items():
            here = sets if name in sets else adds
            if name in here:
                value = here[name]
                here[name] = None if value is None or amount is None else value + amount
            else:
                here[name] = amount
    return True


class Unstorable(ValueError):
    """A value that the column of a row can't hold; the message names the column, and nothing of the value."""


def refuse_unstorable(change: RowChange) -> None:
    """Raises Unstorable for what is known to fail without asking the database."""
    for values in (change.row or NOTHING, change.sets, change.adds):
        for name, value in values.items():
            if isinstance(value, str):
                wrong = "\0" in value
            else:
                wrong = isinstance(value, int) and not _fits(change.table.c[name], value)
            if wrong:
                raise Unstorable(f"{change.table.name}.{name}")


def _fits(column: "Column[Any]", number: int) -> bool:
    return not isinstance(column.type, Integer) or -(2**63) <= number < 2**63


Shape = tuple[Table, bool, bool, tuple[str, ...], tuple[str, ...], Computed, ColumnElement[bool] | None]
"""What changes that are executed by one statement have in common."""


def shape(change: RowChange) -> Shape:
    row, fresh = change.row is not None, change.fresh
    return (change.table, row, fresh, tuple(change.sets), tuple(change.adds), change.computed, change.where)


def parameters(change: RowChange) -> dict[str, Any]:
    """The values of this change for the statement of its shape."""
    if change.fresh:
        return change.row or {}
    if change.row is None:
        values = {f"k_{name}": value for name, value in zip(primary(change.table), change.key, strict=True)}
    else:
        values = {f"r_{name}": value for name, value in change.row.items()}
    values.update((f"s_{name}", value) for name, value in change.sets.items())
    values.update((f"a_{name}", value) for name, value in change.adds.items())
    return values


@cache
def statement(of: Shape) -> Any:
    """The statement for all changes of a shape."""
    table, row, fresh, sets, adds, computed, where = of
    if fresh:
        return insert(table)
    key = primary(table)
    if changed_key := set(key) & {*sets, *adds, *dict(computed)}:
        raise ValueError(f"{table.name}: a key does not change, {', '.join(sorted(changed_key))}")
    values: dict[str, Any] = {name: bindparam(f"s_{name}", type_=table.c[name].type) for name in sets}
    values |= {name: table.c[name] + bindparam(f"a_{name}", type_=table.c[name].type) for name in adds}
    values |= dict(computed)
    if not row:
        here = and_(*(table.c[name] == bindparam(f"k_{name}", type_=table.c[name].type) for name in key))
        found = update(table).where(here).values(values)
        return found if where is None else found.where(where)
    new = {column.name: bindparam(f"r_{column.name}", type_=column.type) for column in table.c}
    upsert = postgresql.insert(table).values(new)
    if not values:
        return upsert.on_conflict_do_nothing(index_elements=key)
    return upsert.on_conflict_do_update(index_elements=key, set_=values)


@cache
def primary(table: Table) -> tuple[str, ...]:
    """The names of the columns of the primary key."""
    return tuple(column.name for column in table.primary_key)


@cache
def _blank(table: Table) -> Values:
    """The values of the columns that a new row does not name."""
    row: dict[str, Any] = {}
    for column in table.c:
        if column.server_default is not None or not (column.default is None or column.default.is_scalar):
            raise TypeError(f"{table.name}.{column.name}: the default of a read table's column is a plain value")
        row[column.name] = getattr(column.default, "arg", None)
    return row


def _key(table: Table, row: Values) -> tuple[Any, ...]:
    return tuple([row[name] for name in primary(table)])
