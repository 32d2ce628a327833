"""What is projected in batches is what the same changes lead to one by one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    case,
    create_engine,
    delete,
    select,
    update,
)

from libs.common.projection.batch import Batch
from libs.common.projection.rows import RowChange, added, changed, put
from libs.common.projection.tables import inside
from libs.common.store.migrate import sqlalchemy_url

METADATA = MetaData()
SHELF = Table(
    "shelf",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("count", BigInteger, nullable=False, default=0),
    Column("owed", Integer),
    Column("label", String, nullable=False, default="new"),
    Column("seen_at", DateTime(timezone=True)),
)
NOTES = Table("note", METADATA, Column("number", Integer, primary_key=True), Column("text", String, nullable=False))

Row = dict[str, Any]
Rows = dict[tuple[int, UUID], Row]
Step = tuple[Executable | RowChange, Callable[[Rows], object]]
"""What a projection says, and what it does to a model in memory."""

KEYS = [(place, uuid5(UUID(int=0), name)) for place in (1, 2) for name in "ab"]
BLANK: Row = {"count": 0, "owed": None, "label": "new", "seen_at": None}
EXPENSIVE = (("label", case((SHELF.c.count > 3, "dear"), else_=SHELF.c.label)),)
LABELLED = SHELF.c.label == "blue"

values = st.fixed_dictionaries(
    {},
    optional={
        "count": st.integers(-5, 9),
        "owed": st.none() | st.integers(-5, 9),
        "label": st.sampled_from(["blue", "ré\td\\N\n", ""]),
        "seen_at": st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    },
)
amounts = st.fixed_dictionaries({}, optional={"count": st.integers(-5, 9), "owed": st.integers(-5, 9)})


def named(key: tuple[int, UUID]) -> Row:
    return dict(zip(("place", "id"), key, strict=True))


def adding(key: tuple[int, UUID], row: Row) -> Step:
    return added(SHELF, named(key) | row), lambda rows: rows.update({key: BLANK | row})


def move(row: Row, sets: Row, adds: Row) -> None:
    row |= sets
    row |= {name: None if row[name] is None else row[name] + more for name, more in adds.items()}


def putting(key: tuple[int, UUID], row: Row, sets: Row, adds: Row) -> Step:
    adds = {name: more for name, more in adds.items() if name not in sets}

    def do(rows: Rows) -> None:
        if key in rows:
            move(rows[key], sets, adds)
        else:
            rows[key] = BLANK | row

    return put(SHELF, named(key) | row, sets=sets, adds=adds), do


def changing(key: tuple[int, UUID], sets: Row, adds: Row, kind: str) -> Step:
    adds = {name: more for name, more in adds.items() if name not in sets}
    if kind == "computed":
        sets = {name: value for name, value in sets.items() if name != "label"}

    def do(rows: Rows) -> None:
        row = rows.get(key)
        if row is None or (kind == "where" and row["label"] != "blue"):
            return
        dear = {"label": "dear"} if kind == "computed" and row["count"] > 3 else {}
        move(row, sets | dear, adds)

    more: Row = {"computed": {"computed": EXPENSIVE}, "where": {"where": LABELLED}}.get(kind, {})
    return changed(SHELF, named(key), sets, adds=adds, **more), do


def deleting(key: tuple[int, UUID]) -> Step:
    here = (SHELF.c.place == key[0]) & (SHELF.c.id == key[1])
    return delete(SHELF).where(here), lambda rows: rows.pop(key, None)


def relabelling(place: int) -> Step:
    def do(rows: Rows) -> None:
        for key, row in rows.items():
            if key[0] == place:
                row["label"] = "all"

    return update(SHELF).where(SHELF.c.place == place).values(label="all"), do


keys = st.sampled_from(KEYS)
changes = st.builds(changing, keys, values, amounts, st.sampled_from(["", "", "", "computed", "where"]))
puts = st.builds(putting, keys, values, values, amounts)
steps = st.lists(
    st.one_of(
        st.builds(adding, keys, values),
        puts,
        changes,
        changes,
        changes,
        st.builds(deleting, keys),
        st.builds(relabelling, st.sampled_from([1, 2])),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def tables(postgres_url: str) -> Iterator[Engine]:
    engine = create_engine(sqlalchemy_url(postgres_url))
    with engine.begin() as connection:
        for schema in ("batch_one", "batch_all"):
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            with inside(connection, schema):
                METADATA.create_all(connection)
    yield engine
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA batch_one, batch_all CASCADE")
    engine.dispose()


def state(connection: Connection) -> Rows:
    return {
        (row["place"], row["id"]): {name: row[name] for name in BLANK}
        for row in connection.execute(select(SHELF)).mappings()
    }


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_a_batch_leads_to_the_rows_that_its_changes_lead_to_one_by_one(
    tables: Engine, copied_rows: None, steps: list[Step]
) -> None:
    model: Rows = {}
    with tables.connect() as connection, connection.begin() as transaction:
        together, single = Batch(connection, "batch_all"), Batch(connection, "batch_one")
        for said, do in steps:
            if isinstance(said, RowChange) and said.fresh and said.key in model:
                continue
            with inside(connection, "batch_one"):
                single.add(copied(said))
                single.flush()
            with inside(connection, "batch_all"):
                together.add(copied(said))
            do(model)
        with inside(connection, "batch_all"):
            together.flush()
            assert state(connection) == model
        with inside(connection, "batch_one"):
            assert state(connection) == model
        transaction.rollback()


def copied(said: Executable | RowChange) -> Executable | RowChange:
    """Of its own for each batch, which may change it."""
    if not isinstance(said, RowChange):
        return said
    row = None if said.row is None else dict(said.row)
    return RowChange(said.table, said.key, row, said.fresh, dict(said.sets), dict(said.adds), said.computed, said.where)


def test_many_changes_of_one_row_are_one_statement(tables: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with tables.connect() as connection, connection.begin() as transaction, inside(connection, "batch_all"):
        executed: list[Any] = []
        execute = connection.execute

        def counted(statement: Any, parameters: Any = None) -> Any:
            executed.append(parameters)
            return execute(statement, parameters)

        batch = Batch(connection, "batch_all")
        monkeypatch.setattr(connection, "execute", counted)
        batch.add(added(NOTES, {"number": 1, "text": "a"}))
        batch.add(changed(NOTES, {"number": 1}, {"text": "b"}))
        batch.add(added(NOTES, {"number": 2, "text": "c"}))
        batch.flush()
        assert executed == [[{"number": 1, "text": "b"}, {"number": 2, "text": "c"}]]
        transaction.rollback()


def test_a_row_that_is_there_can_not_be_added_again(tables: Engine) -> None:
    with tables.connect() as connection, connection.begin() as transaction, inside(connection, "batch_all"):
        batch = Batch(connection, "batch_all")
        batch.add(added(NOTES, {"number": 1, "text": "a"}))
        batch.add(added(NOTES, {"number": 1, "text": "b"}))
        with pytest.raises(psycopg.errors.UniqueViolation):
            batch.flush()
        transaction.rollback()


def test_a_key_does_not_change(tables: Engine) -> None:
    with tables.connect() as connection, inside(connection, "batch_all"):
        batch = Batch(connection, "batch_all")
        batch.add(changed(NOTES, {"number": 1}, {"number": 2}))
        with pytest.raises(ValueError, match="note: a key does not change, number"):
            batch.flush()
