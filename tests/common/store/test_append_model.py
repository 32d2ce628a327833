"""Random batches: `append` and a model in memory must say the same of every request, and leave the same state."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from libs.common.changes import Cancel, Draw, GuardChange, Schedule, SetLimit, TimerChange
from libs.common.store.migrate import prepare
from libs.common.store.requests import AppendRequest, Position
from tests.common.store.examples import AT, Connection, a_request, an_event, append
from tests.common.store.model import Model

STREAMS = [uuid5(UUID(int=0), name) for name in "abc"]
MANY_STREAMS = [uuid5(UUID(int=0), name) for name in "abcdefghijkl"]
GUARDS = ["one", "two"]

guard_changes: st.SearchStrategy[GuardChange] = st.one_of(
    st.builds(SetLimit, st.sampled_from(GUARDS), st.integers(0, 12)),
    st.builds(Draw, st.sampled_from(GUARDS), st.integers(-4, 8)),
)
timer_changes: st.SearchStrategy[TimerChange] = st.one_of(
    st.builds(Schedule, st.sampled_from("xy"), st.just(AT)), st.builds(Cancel, st.sampled_from("xy"))
)
mostly_right = st.sampled_from([0, 0, 0, 0, 0, 0, 1, -1])


@st.composite
def requests(draw: DrawFn, model: Model, batch: dict[UUID, int]) -> AppendRequest:
    """A request that mostly follows on what the batch would have done so far, as a real decision would."""
    events = []
    for stream in draw(st.lists(st.sampled_from(STREAMS), max_size=3)):
        version = max(1, batch.get(stream, model.streams.get(stream, 0)) + 1 + draw(mostly_right))
        batch[stream] = version
        events.append(
            an_event(
                stream,
                version,
                announced="a" if draw(st.booleans()) else None,
                guards=draw(st.lists(guard_changes, max_size=3)),
                timers=draw(st.lists(timer_changes, max_size=2)),
            )
        )
    request = a_request(
        *events,
        request_id=draw(st.none() | st.sampled_from("pqrs")),
        fingerprint=draw(st.sampled_from([b"f", b"f", b"f", b"g"])),
        looked_at=[
            (stream, batch.get(stream, model.streams.get(stream, 0)) + draw(mostly_right))
            for stream in draw(st.sets(st.sampled_from(STREAMS), max_size=2))
            if stream not in {new.stream for new in events}
        ],
    )
    if draw(st.integers(0, 4)) == 0:
        upstream = draw(st.sampled_from(["claims", "policy"]))
        after = model.tracking.get(upstream, 0) + draw(mostly_right)
        request = replace(request, tracking=Position(upstream, after, after + draw(st.integers(1, 3))))
    if model.timers and draw(st.integers(0, 4)) == 0:
        request = replace(request, timer=draw(st.sampled_from(sorted(model.timers.values()))))
    return request


@st.composite
def batches(draw: DrawFn, model: Model) -> list[AppendRequest]:
    batch: dict[UUID, int] = {}
    return [draw(requests(model, batch)) for _ in range(draw(st.integers(1, 6)))]


@st.composite
def harmless(draw: DrawFn, model: Model, batch: dict[UUID, int], number: int) -> AppendRequest:
    """One of a large batch in which nearly all can be stored."""
    events = []
    for stream in draw(st.lists(st.sampled_from(MANY_STREAMS), max_size=2)):
        batch[stream] = batch.get(stream, model.streams.get(stream, 0)) + 1 + (draw(st.integers(0, 60)) == 0)
        events.append(
            an_event(
                stream,
                batch[stream],
                announced="a" if draw(st.booleans()) else None,
                guards=draw(st.lists(st.builds(Draw, st.sampled_from(GUARDS), st.integers(-1, 3)), max_size=2)),
                timers=draw(st.lists(timer_changes, max_size=2)),
            )
        )
    written = {new.stream for new in events}
    request = a_request(
        *events,
        request_id=draw(st.none() | st.just(f"{model.position}-{model.outbox}-{number}")),
        looked_at=[
            (stream, batch.get(stream, model.streams.get(stream, 0)))
            for stream in draw(st.sets(st.sampled_from(MANY_STREAMS), max_size=2))
            if stream not in written
        ],
    )
    if draw(st.integers(0, 3)) == 0:
        after = batch.setdefault(UUID(int=1), model.tracking.get("claims", 0)) + (draw(st.integers(0, 60)) == 0)
        batch[UUID(int=1)] = after + draw(st.integers(1, 3))
        request = replace(request, tracking=Position("claims", after, batch[UUID(int=1)]))
    return request


@st.composite
def large_batches(draw: DrawFn, model: Model) -> list[AppendRequest]:
    batch: dict[UUID, int] = {}
    return [draw(harmless(model, batch, number)) for number in range(draw(st.integers(8, 20)))]


def state(connection: Connection) -> Model:
    """The database as a model."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query).fetchall()

    ((position, outbox),) = rows("SELECT position, outbox_position FROM head")
    assert rows("SELECT count(*), coalesce(max(position), 0) FROM event") == [(position, position)]
    assert rows("SELECT count(*), coalesce(max(position), 0) FROM outbox") == [(outbox, outbox)]
    return Model(
        position=position,
        outbox=outbox,
        streams=dict(rows("SELECT stream, count(*) FROM event GROUP BY stream HAVING count(*) = max(version)")),
        requests={row[0]: (row[1], row[2]) for row in rows("SELECT request_id, fingerprint, position FROM request")},
        guards={row[0]: (row[1], row[2]) for row in rows('SELECT key, used, "limit" FROM guard')},
        tracking=dict(rows("SELECT upstream, position FROM tracking")),
        timers={(row[0], row[1]): row[2] for row in rows("SELECT stream, name, id FROM timer")},
    )


def broken_links(connection: Connection) -> list[tuple[Any, ...]]:
    """The positions whose chain is not that of their row and the position before."""
    return connection.execute(
        "SELECT position FROM (SELECT *, lag(chain, 1, sha256('')) OVER (ORDER BY position) AS before FROM event) AS e"
        " WHERE chain <> sha256(before || canonical_event(position, tenant, stream, version, type, schema_version,"
        " recorded_at, metadata, payload)) ORDER BY position"
    ).fetchall()


@pytest.fixture
def emptied(database: str, connection: Connection) -> Iterator[Any]:
    """Empties the log before each example; only a superuser who takes the triggers away can."""
    tables = "event, request, tracking, guard, outbox, timer, parked"
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("SET search_path = purse")
        admin.execute("ALTER TABLE event DISABLE TRIGGER event_is_history")

        def empty() -> Connection:
            admin.execute(f"TRUNCATE {tables}")
            admin.execute("UPDATE head SET position = 0, outbox_position = 0, chain = sha256('')")
            return connection

        yield empty


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_append_does_what_the_model_does(emptied: Any, data: st.DataObject) -> None:
    connection: Connection = emptied()
    model = Model()

    for number in count(1):
        batch = data.draw(batches(model), label=f"batch {number}")
        expected = model.append(batch)

        verdicts = append(connection, *batch)

        assert [(one.verdict, one.last_position) for one in verdicts] == expected
        assert state(connection) == model
        if number == 8 or data.draw(st.integers(0, 5)) == 0:
            break


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_large_batch_is_stored_as_one_request_after_the_other_would_be(emptied: Any, data: st.DataObject) -> None:
    connection: Connection = emptied()
    model = Model()
    limits = a_request(an_event(STREAMS[0], 1, guards=[SetLimit(key, 40) for key in GUARDS]))
    assert append(connection, limits)[0].verdict == model.append([limits])[0][0] == "ok"

    for number in range(3):
        batch = data.draw(large_batches(model), label=f"batch {number}")
        expected = model.append(batch)

        verdicts = append(connection, *batch)

        assert [(one.verdict, one.last_position) for one in verdicts] == expected
        assert state(connection) == model
    assert broken_links(connection) == []


def test_a_large_batch_in_order_needs_no_look_at_each_request(database: str, connection: Connection) -> None:
    """Without the function that judges one by one only the statements over the whole batch are left."""
    append(connection, a_request(an_event(STREAMS[0], 1, guards=[SetLimit("one", 40)])))
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("DROP FUNCTION purse.append_one_by_one")
    batch = [
        a_request(
            an_event(stream, 1, announced="a", guards=[Draw("one", 3)], timers=[Schedule("x", AT), Cancel("y")]),
            an_event(stream, 2),
            request_id=f"r{number}",
            looked_at=[(STREAMS[0], 1)],
            tracking=Position("claims", number - 1, number),
        )
        for number, stream in enumerate(MANY_STREAMS[1:], start=1)
    ]

    verdicts = append(connection, *batch)

    assert [(one.verdict, one.first_position, one.last_position) for one in verdicts] == [
        ("ok", 2 * number, 2 * number + 1) for number in range(1, 12)
    ]
    after = state(connection)
    assert (after.position, after.outbox, after.guards, after.tracking) == (23, 11, {"one": (33, 40)}, {"claims": 11})
    assert len(after.timers) == 11
    assert broken_links(connection) == []


def test_a_writer_goes_on_across_the_migration_that_gave_append_its_statements(database: str) -> None:
    with psycopg.connect(prepare(database, "purse", "0001"), autocommit=True, prepare_threshold=1) as writer:
        for version in range(1, 4):
            append(writer, a_request(an_event(STREAMS[0], version, announced="a")))

        prepare(database, "purse")

        batch = [a_request(an_event(stream, 1, announced="a")) for stream in MANY_STREAMS[1:]]
        verdicts = append(writer, a_request(an_event(STREAMS[0], 4)), *batch)
        assert [(one.verdict, one.last_position) for one in verdicts] == [("ok", 4 + number) for number in range(12)]
        assert broken_links(writer) == []
