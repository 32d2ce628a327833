"""What an append writes besides events: outbox, timers, parked announcements; all of it or nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.common.changes import Cancel, Schedule
from libs.common.store.requests import AppendRequest, Parking, Position, timer_id
from tests.common.store.examples import AT, Connection, a_request, an_event, append, words


def timers(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT stream, name, tenant, due_at FROM timer ORDER BY name").fetchall()


def parked(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT upstream, position, error FROM parked ORDER BY position").fetchall()


def a_parking(position: int, error: str = "broken") -> Parking:
    return Parking("claims", position, UUID(int=7), "claims.Opened", b"announcement", error, AT)


def scheduled(stream: UUID, version: int, name: str, due_at: datetime) -> AppendRequest:
    return a_request(an_event(stream, version, timers=[Schedule(name, due_at)]))


def test_the_outbox_is_numbered_without_gaps_across_refused_requests(connection: Connection) -> None:
    one, two = uuid4(), uuid4()

    append(
        connection,
        a_request(an_event(one, announced="a"), an_event(one, 2), an_event(one, 3, announced="b")),
        a_request(an_event(uuid4(), 9, announced="never")),
        a_request(an_event(two, announced="c")),
    )
    append(connection, a_request(an_event(uuid4(), 9, announced="never")))
    append(connection, a_request(an_event(two, 2, announced="d", tenant="t2")))

    rows = connection.execute(
        "SELECT position, log_position, type, tenant, subject, recorded_at, data FROM outbox ORDER BY position"
    ).fetchall()
    assert rows == [
        (1, 1, "test.Announced", "t1", one, AT, b"a"),
        (2, 3, "test.Announced", "t1", one, AT, b"b"),
        (3, 4, "test.Announced", "t1", two, AT, b"c"),
        (4, 5, "test.Announced", "t2", two, AT, b"d"),
    ]
    assert connection.execute("SELECT position, outbox_position FROM head").fetchone() == (5, 4)


def test_an_announcement_carries_the_trace_of_its_request(connection: Connection) -> None:
    request = replace(a_request(an_event(uuid4(), announced="a")), traceparent="00-aa", correlation_id="c1")

    append(connection, request)

    assert connection.execute("SELECT traceparent, correlation_id FROM outbox").fetchall() == [("00-aa", "c1")]


def test_a_timer_is_scheduled_moved_and_cancelled(connection: Connection) -> None:
    stream, soon, later = uuid4(), AT + timedelta(days=1), AT + timedelta(days=9)

    append(connection, scheduled(stream, 1, "lapse", soon))
    assert timers(connection) == [(stream, "lapse", "t1", soon)]

    append(connection, scheduled(stream, 2, "lapse", later))
    assert timers(connection) == [(stream, "lapse", "t1", later)]

    append(connection, a_request(an_event(stream, 3, timers=[Cancel("lapse")])))
    assert timers(connection) == []


def test_timers_of_the_same_name_belong_to_their_streams(connection: Connection) -> None:
    one, two = uuid4(), uuid4()
    append(connection, scheduled(one, 1, "lapse", AT), scheduled(two, 1, "lapse", AT))

    append(connection, a_request(an_event(one, 2, timers=[Cancel("lapse"), Cancel("never ran")])))

    assert [row[0] for row in timers(connection)] == [two]


def test_a_refused_request_moves_no_timer(connection: Connection) -> None:
    stream = uuid4()
    append(connection, scheduled(stream, 1, "lapse", AT))

    verdicts = append(connection, scheduled(stream, 5, "lapse", AT + timedelta(days=1)))

    assert words(verdicts) == ["conflict"]
    assert timers(connection) == [(stream, "lapse", "t1", AT)]


def test_a_timer_fires_once(connection: Connection) -> None:
    stream = uuid4()
    event = an_event(stream, timers=[Schedule("lapse", AT)])
    append(connection, a_request(event))
    timer = timer_id(event, event.timers[0])
    firings = [
        replace(a_request(an_event(stream, 2)), timer=timer),
        replace(a_request(an_event(stream, 3)), timer=timer),
    ]

    verdicts = append(connection, *firings)

    assert words(verdicts) == ["ok", "moot"]
    assert timers(connection) == []


def test_a_timer_that_was_moved_no_longer_fires_under_its_old_id(connection: Connection) -> None:
    stream = uuid4()
    event = an_event(stream, timers=[Schedule("lapse", AT)])
    append(connection, a_request(event), scheduled(stream, 2, "lapse", AT))

    (verdict,) = append(connection, replace(a_request(), timer=timer_id(event, event.timers[0])))

    assert verdict.verdict == "moot"
    assert len(timers(connection)) == 1


def test_what_a_timer_fires_may_start_it_again(connection: Connection) -> None:
    stream = uuid4()
    event = an_event(stream, timers=[Schedule("remind", AT)])
    append(connection, a_request(event))
    again = a_request(an_event(stream, 2, timers=[Schedule("remind", AT + timedelta(days=1))]))

    append(connection, replace(again, timer=timer_id(event, event.timers[0])))

    assert timers(connection) == [(stream, "remind", "t1", AT + timedelta(days=1))]


def test_a_firing_that_is_refused_keeps_its_timer(connection: Connection) -> None:
    event = an_event(uuid4(), timers=[Schedule("lapse", AT)])
    append(connection, a_request(event))

    verdicts = append(connection, replace(a_request(an_event(uuid4(), 4)), timer=timer_id(event, event.timers[0])))

    assert words(verdicts) == ["conflict"]
    assert len(timers(connection)) == 1


def test_an_announcement_is_parked_together_with_its_position(connection: Connection) -> None:
    request = replace(a_request(tracking=Position("claims", 0, 1)), parking=(a_parking(1),))
    refused = replace(a_request(tracking=Position("claims", 3, 4)), parking=(a_parking(4),))

    verdicts = append(connection, request, refused)

    assert words(verdicts) == ["ok", "tracking"]
    assert parked(connection) == [("claims", 1, "broken")]


def test_an_announcement_is_taken_from_parking_once_together_with_what_it_led_to(connection: Connection) -> None:
    stream = uuid4()
    append(connection, replace(a_request(), parking=(a_parking(1), a_parking(2))))

    verdicts = append(
        connection,
        replace(a_request(an_event(stream, 2)), unpark=("claims", 2)),
        replace(a_request(an_event(uuid4())), unpark=("claims", 1)),
        replace(a_request(an_event(uuid4())), unpark=("claims", 1)),
        replace(a_request(), unpark=("policy", 2)),
    )

    assert words(verdicts) == ["conflict", "ok", "moot", "moot"]
    assert parked(connection) == [("claims", 2, "broken")]
    assert connection.execute("SELECT position FROM head").fetchone() == (1,)


def test_a_dropped_announcement_can_not_be_taken_from_parking(connection: Connection) -> None:
    append(connection, replace(a_request(), parking=(a_parking(1),)))
    connection.execute("UPDATE parked SET dropped_at = now(), dropped_by = 'An', reason = 'moot'")

    (verdict,) = append(connection, replace(a_request(), unpark=("claims", 1)))

    assert verdict.verdict == "moot"
