"""`append`: positions, versions, request ids, what was looked at, and tracking; one refused request hurts no other."""

from uuid import uuid4

import pytest

from libs.common.store.requests import Position
from tests.common.store.examples import Connection, a_request, an_event, append, versions, without_id, words


def test_positions_are_gapless_across_batches_and_refusals(connection: Connection) -> None:
    stream = uuid4()

    first = append(connection, a_request(an_event(stream), an_event(stream, 2)), a_request(an_event(uuid4())))
    append(connection, a_request(an_event(stream, 7)))
    second = append(connection, a_request(an_event(stream, 3)))

    assert [(one.first_position, one.last_position) for one in first + second] == [(1, 2), (3, 3), (4, 4)]
    rows = connection.execute("SELECT position FROM event ORDER BY position").fetchall()
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert connection.execute("SELECT position FROM head").fetchone() == (4,)


def test_commands_on_one_stream_chain_their_versions_in_a_batch(connection: Connection) -> None:
    stream = uuid4()

    verdicts = append(connection, *(a_request(an_event(stream, version)) for version in (1, 2, 3)))

    assert words(verdicts) == ["ok", "ok", "ok"]
    assert versions(connection, stream) == [1, 2, 3]


@pytest.mark.parametrize("version", [1, 2, 4, -1, 0])
def test_a_version_that_is_not_the_next_one_is_a_conflict(connection: Connection, version: int) -> None:
    stream = uuid4()
    append(connection, a_request(an_event(stream), an_event(stream, 2)))

    (verdict,) = append(connection, a_request(an_event(stream, version)))

    assert (verdict.verdict, verdict.detail) == ("conflict", f"stream {stream} is at version 2")


def test_a_gap_within_a_request_is_a_conflict_and_nothing_of_it_is_stored(connection: Connection) -> None:
    stream, other = uuid4(), uuid4()

    (verdict,) = append(connection, a_request(an_event(stream), an_event(other), an_event(stream, 3)))

    assert verdict.verdict == "conflict"
    assert versions(connection, stream) == versions(connection, other) == []


def test_one_request_may_change_several_streams_in_turns(connection: Connection) -> None:
    one, two = uuid4(), uuid4()

    verdicts = append(connection, a_request(an_event(one), an_event(two), an_event(one, 2), an_event(two, 2)))

    assert words(verdicts) == ["ok"]
    assert versions(connection, one) == versions(connection, two) == [1, 2]


def test_neighbours_of_a_refused_request_are_unharmed(connection: Connection) -> None:
    before, refused, after = uuid4(), uuid4(), uuid4()

    verdicts = append(
        connection, a_request(an_event(before)), a_request(an_event(refused, 2)), a_request(an_event(after))
    )

    assert words(verdicts) == ["ok", "conflict", "ok"]
    assert [one.last_position for one in verdicts] == [1, None, 2]
    assert versions(connection, refused) == []


def test_a_request_on_the_stream_of_a_refused_one_in_its_batch_is_a_conflict(connection: Connection) -> None:
    """It was decided on what the refused one would have done, even if its version happens to fit."""
    stream, other, third = uuid4(), uuid4(), uuid4()
    append(connection, a_request(an_event(uuid4()), request_id="once"))

    verdicts = append(
        connection,
        a_request(an_event(stream), request_id="once"),
        a_request(an_event(stream), an_event(other)),
        a_request(an_event(other)),
        a_request(an_event(third)),
    )

    assert words(verdicts) == ["repeated", "conflict", "conflict", "ok"]


def test_what_was_looked_at_must_not_have_moved(connection: Connection) -> None:
    looked, absent = uuid4(), uuid4()
    append(connection, a_request(an_event(looked)))

    verdicts = append(
        connection,
        a_request(an_event(uuid4()), looked_at=[(looked, 1), (absent, 0)]),
        a_request(an_event(uuid4()), looked_at=[(looked, 2)]),
        a_request(an_event(uuid4()), looked_at=[(looked, 0)]),
        a_request(an_event(uuid4()), looked_at=[(absent, 1)]),
        a_request(an_event(looked, 2)),
        a_request(an_event(uuid4()), looked_at=[(looked, 1)]),
        a_request(an_event(uuid4()), looked_at=[(looked, 2)]),
    )

    assert words(verdicts) == ["ok", "conflict", "conflict", "conflict", "ok", "conflict", "ok"]


def test_a_request_that_looked_at_the_stream_of_a_refused_one_is_a_conflict(connection: Connection) -> None:
    stream = uuid4()
    append(connection, a_request(an_event(stream), request_id="once"))

    verdicts = append(
        connection,
        a_request(an_event(stream, 2), request_id="once"),
        a_request(an_event(uuid4()), looked_at=[(stream, 1)]),
        a_request(looked_at=[(stream, 1)]),
    )

    assert words(verdicts) == ["repeated", "conflict", "conflict"]


def test_a_repeated_request_stores_nothing_and_tells_the_stored_result(connection: Connection) -> None:
    stream = uuid4()
    request = a_request(an_event(stream), an_event(stream, 2))
    append(connection, request)
    append(connection, a_request(an_event(stream, 3)))

    (verdict,) = append(connection, request)

    assert (verdict.verdict, verdict.stream, verdict.version, verdict.last_position) == ("repeated", stream, 2, 2)
    assert versions(connection, stream) == [1, 2, 3]


def test_a_request_id_with_another_payload_is_reused(connection: Connection) -> None:
    stream = uuid4()
    append(connection, a_request(an_event(uuid4()), request_id="r", fingerprint=b"one"))

    (verdict,) = append(connection, a_request(an_event(stream), request_id="r", fingerprint=b"two"))

    assert verdict.verdict == "reused"
    assert versions(connection, stream) == []


def test_a_request_id_twice_in_one_batch_is_stored_once(connection: Connection) -> None:
    stream = uuid4()
    request = a_request(an_event(stream))

    assert words(append(connection, request, request)) == ["ok", "repeated"]
    assert versions(connection, stream) == [1]


def test_a_refused_request_leaves_its_request_id_free(connection: Connection) -> None:
    stream = uuid4()

    refused = append(connection, a_request(an_event(stream, 5), request_id="r"))
    tried_again = append(connection, a_request(an_event(stream), request_id="r"))

    assert words(refused + tried_again) == ["conflict", "ok"]


def test_a_request_without_events_is_remembered_too(connection: Connection) -> None:
    verdicts = append(connection, a_request(request_id="r"), a_request(request_id="r"))

    assert words(verdicts) == ["ok", "repeated"]
    assert connection.execute("SELECT position FROM head").fetchone() == (0,)


def test_tracking_must_be_exactly_the_next_one(connection: Connection) -> None:
    def heard(after: int, upto: int) -> str:
        (verdict,) = append(connection, a_request(an_event(uuid4()), tracking=Position("claims", after, upto)))
        return verdict.verdict

    assert heard(1, 2) == "tracking"
    assert heard(0, 1) == "ok"
    assert heard(0, 1) == "tracking"
    assert heard(2, 3) == "tracking"
    assert heard(1, 5) == "ok"
    assert connection.execute("SELECT upstream, position FROM tracking").fetchall() == [("claims", 5)]


def test_tracking_says_where_it_is(connection: Connection) -> None:
    append(connection, a_request(tracking=Position("claims", 0, 4)))

    (verdict,) = append(connection, a_request(tracking=Position("claims", 0, 1)))

    assert (verdict.verdict, verdict.detail) == ("tracking", "tracking of claims is at 4")


def test_tracking_of_several_upstreams_chains_in_one_batch(connection: Connection) -> None:
    verdicts = append(
        connection,
        *(
            a_request(an_event(uuid4()), tracking=Position(upstream, after, after + 1))
            for after in range(3)
            for upstream in ("claims", "policy")
        ),
    )

    assert words(verdicts) == ["ok"] * 6


def test_a_refused_request_does_not_move_tracking(connection: Connection) -> None:
    verdicts = append(
        connection,
        a_request(an_event(uuid4(), 9), tracking=Position("claims", 0, 1)),
        a_request(an_event(uuid4()), tracking=Position("claims", 1, 2)),
    )

    assert words(verdicts) == ["conflict", "tracking"]
    assert connection.execute("SELECT count(*) FROM tracking").fetchone() == (0,)


def test_without_a_request_id_only_versions_decide(connection: Connection) -> None:
    request = without_id(a_request(an_event(uuid4())))

    assert words(append(connection, request) + append(connection, request)) == ["ok", "conflict"]
