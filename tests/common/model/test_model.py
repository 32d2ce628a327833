"""Every interleaving of a small append, relay and consumer; and each safeguard left out is missed."""

from tests.common.model.explorer import explore
from tests.common.model.hearing import hearing
from tests.common.model.writing import writing


def test_no_order_of_crashes_lost_answers_and_zombies_loses_or_doubles_a_write() -> None:
    explored = explore(writing())

    assert explored.finding is None
    assert explored.states > 1_000


def test_no_order_of_crashes_lost_streams_and_zombies_loses_or_doubles_a_reaction() -> None:
    explored = explore(hearing())

    assert explored.finding is None
    assert explored.states > 10_000


def test_an_answer_before_the_commit_is_found() -> None:
    finding = explore(writing(acknowledge_early=True)).finding

    assert finding is not None
    assert finding.problem == "a was acknowledged and is lost"
    assert finding.steps == ("a is sent to writer 1", "writer 1 dies with a")


def test_a_writer_whose_epoch_is_ignored_is_found() -> None:
    finding = explore(writing(ignore_epoch=True)).finding

    assert finding is not None
    assert finding.problem.endswith("was acknowledged and is lost")
    assert "the log moves" in finding.steps


def test_forgotten_request_ids_are_found() -> None:
    finding = explore(writing(forget_requests=True)).finding

    assert finding is not None
    assert finding.problem.endswith("is there twice")


def test_a_consumer_that_skips_the_check_of_tracking_is_found() -> None:
    finding = explore(hearing(skip_tracking=True)).finding

    assert finding is not None
    assert finding.problem.startswith("handled")


def test_a_transport_that_is_the_only_copy_is_found() -> None:
    finding = explore(hearing(without_feed=True)).finding

    assert finding is not None
    assert finding.problem == "it never comes to rest"
    assert "JetStream is lost" in finding.steps
