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
from libs.common.store.requests import AppendRequest, Position
from tests.common.store.examples import AT, Connection, a_request, an_event, append
from tests.common.store.model import Model

STREAMS = [uuid5(UUID(int=0), name) for name in "abc"]
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
