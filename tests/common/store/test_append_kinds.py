"""`append` keeps a stream to the kind that it began as, one by one and in batches that are checked whole."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from libs.common.store.requests import AppendRequest
from tests.common.store.domain import BoxLabelled, BoxMade, Noted, Opened, PutIn
from tests.common.store.examples import Connection, a_request, an_event, append, declare_kinds, versions, words

BOX, PURSE = BoxMade(label="a"), Opened(holder="An")


def with_others(*requests: AppendRequest, others: int) -> list[AppendRequest]:
    """The requests among so many that begin streams of their own; eight and more are checked as a whole."""
    return [*requests, *(a_request(an_event(uuid4(), happened=PURSE)) for _ in range(others))]


def request_of(stream: UUID, first: int, *happened: object) -> AppendRequest:
    return a_request(*(an_event(stream, version, happened=one) for version, one in enumerate(happened, start=first)))


@pytest.fixture(autouse=True)
def declared(connection: Connection) -> None:
    declare_kinds(connection)


@pytest.mark.parametrize("others", [0, 20])
@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ((BOX,), PutIn(amount=1, found=0)),
        ((PURSE,), BoxLabelled(label="b")),
        ((PURSE, Noted(text="x")), BoxLabelled(label="b")),
        ((BOX, Noted(text="x"), Noted(text="y")), PutIn(amount=1, found=0)),
    ],
)
def test_an_event_of_another_kind_is_refused_and_its_neighbours_are_not(
    connection: Connection, others: int, before: Sequence[object], wrong: object
) -> None:
    stream = uuid4()
    append(connection, request_of(stream, 1, *before))
    next_version = len(before) + 1

    verdict, *rest = append(connection, *with_others(request_of(stream, next_version, wrong), others=others))

    assert verdict.verdict == "kind"
    assert verdict.detail == f"stream {stream} holds {_name(before[-1])} and takes no {_name(wrong)}"
    assert words(rest) == ["ok"] * others
    assert versions(connection, stream) == list(range(1, next_version))


@pytest.mark.parametrize("others", [0, 20])
def test_a_stream_takes_one_kind_within_a_request_and_across_requests_of_a_batch(
    connection: Connection, others: int
) -> None:
    stream, other = uuid4(), uuid4()

    within = append(connection, *with_others(request_of(stream, 1, BOX, PutIn(amount=1, found=0)), others=others))
    across = append(
        connection,
        *with_others(request_of(other, 1, BOX), request_of(other, 2, PutIn(amount=1, found=0)), others=others),
    )

    assert words(within)[:1] == ["kind"]
    assert words(across)[:2] == ["ok", "kind"]
    assert (versions(connection, stream), versions(connection, other)) == ([], [1])


@pytest.mark.parametrize("others", [0, 20])
def test_what_several_kinds_share_goes_into_each_of_them(connection: Connection, others: int) -> None:
    box, purse = uuid4(), uuid4()
    requests = [
        request_of(box, 1, BOX, Noted(text="x"), BoxLabelled(label="b")),
        request_of(purse, 1, PURSE, Noted(text="x"), PutIn(amount=1, found=0), Noted(text="y")),
    ]

    first = append(connection, *with_others(*requests, others=others))
    second = append(
        connection,
        *with_others(
            request_of(box, 4, Noted(text="z")), request_of(purse, 5, PutIn(amount=1, found=1)), others=others
        ),
    )

    assert set(words(first + second)) == {"ok"}


def test_a_type_that_nobody_has_declared_is_not_compared(connection: Connection) -> None:
    stream = uuid4()
    unknown = replace(an_event(stream, 2), type="library.Whatever")

    (verdict,) = append(connection, a_request(an_event(stream, happened=PURSE), unknown))

    assert verdict.verdict == "ok"


def _name(happened: object) -> str:
    return f"test.{type(happened).__name__}"
