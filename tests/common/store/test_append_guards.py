"""Guards: named counters that are never drawn past their limit, and whose refusal undoes the whole request."""

from uuid import uuid4

from libs.common.changes import Draw, SetLimit
from tests.common.store.examples import Connection, a_request, an_event, append, guard, versions, with_guards, words


def test_a_guard_is_opened_drawn_on_and_given_back(connection: Connection) -> None:
    verdicts = append(
        connection,
        with_guards(SetLimit("budget", 100)),
        with_guards(Draw("budget", 70)),
        with_guards(Draw("budget", -20)),
    )

    assert words(verdicts) == ["ok", "ok", "ok"]
    assert guard(connection, "budget") == (50, 100)


def test_a_draw_up_to_the_limit_is_allowed_and_one_more_is_not(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("budget", 100), Draw("budget", 100)))

    (verdict,) = append(connection, with_guards(Draw("budget", 1)))

    assert (verdict.verdict, verdict.detail) == ("guard", "budget")
    assert guard(connection, "budget") == (100, 100)


def test_an_overdraw_refuses_the_request_whole(connection: Connection) -> None:
    stream = uuid4()
    append(connection, with_guards(SetLimit("small", 5), SetLimit("large", 500)))

    (verdict,) = append(
        connection,
        a_request(an_event(stream, guards=[Draw("large", 10)]), an_event(stream, 2, guards=[Draw("small", 6)])),
    )

    assert (verdict.verdict, verdict.detail) == ("guard", "small")
    assert versions(connection, stream) == []
    assert (guard(connection, "small"), guard(connection, "large")) == ((0, 5), (0, 500))


def test_a_guard_that_was_never_opened_refuses_every_draw(connection: Connection) -> None:
    verdicts = append(connection, with_guards(Draw("nothing", 1)), with_guards(Draw("nothing", -1)))

    assert words(verdicts) == ["guard", "guard"]
    assert guard(connection, "nothing") is None


def test_more_can_not_be_given_back_than_was_drawn(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("budget", 100), Draw("budget", 10)))

    assert words(append(connection, with_guards(Draw("budget", -11)))) == ["guard"]
    assert guard(connection, "budget") == (10, 100)


def test_a_limit_may_be_lowered_below_what_is_used_and_then_only_giving_back_works(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("budget", 100), Draw("budget", 60)))

    verdicts = append(
        connection,
        with_guards(SetLimit("budget", 50)),
        with_guards(Draw("budget", 1)),
        with_guards(Draw("budget", 0)),
        with_guards(Draw("budget", -5)),
    )

    assert words(verdicts) == ["ok", "guard", "ok", "ok"]
    assert guard(connection, "budget") == (55, 50)


def test_a_refused_request_takes_back_limits_and_draws_in_any_mixture(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("old", 100), Draw("old", 30)))

    (verdict,) = append(
        connection,
        with_guards(
            SetLimit("new", 10),
            Draw("new", 4),
            SetLimit("old", 40),
            Draw("old", 10),
            SetLimit("new", 20),
            Draw("old", -25),
            SetLimit("old", 15),
            Draw("new", 17),
        ),
    )

    assert (verdict.verdict, verdict.detail) == ("guard", "new")
    assert guard(connection, "new") is None
    assert guard(connection, "old") == (30, 100)


def test_what_a_neighbour_gives_back_can_be_drawn_in_the_same_batch(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("budget", 10), Draw("budget", 10)))

    verdicts = append(
        connection, with_guards(Draw("budget", 3)), with_guards(Draw("budget", -3)), with_guards(Draw("budget", 3))
    )

    assert words(verdicts) == ["guard", "ok", "ok"]
    assert guard(connection, "budget") == (10, 10)


def test_a_request_refused_for_its_version_touches_no_guard(connection: Connection) -> None:
    append(connection, with_guards(SetLimit("budget", 10)))

    verdicts = append(connection, a_request(an_event(uuid4(), 2, guards=[Draw("budget", 5)])))

    assert words(verdicts) == ["conflict"]
    assert guard(connection, "budget") == (0, 10)


def test_a_draw_beyond_what_can_be_counted_is_refused_like_any_other(connection: Connection) -> None:
    most = 2**63 - 1
    append(connection, with_guards(SetLimit("huge", most), Draw("huge", most - 1)))

    assert words(append(connection, with_guards(Draw("huge", 1)))) == ["ok"]
    assert words(append(connection, with_guards(Draw("huge", 1)))) == ["guard"]
    assert guard(connection, "huge") == (most, most)
