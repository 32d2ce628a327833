"""What the rig recomputes from the stored columns: a log as it should be, and each thing that may be wrong with one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest

from libs.common.store.migrate import prepare
from services.claims.reactions import REACTIONS
from tests.faults.history import REACTED, Recomputed, fullest, orphans, recomputed, unheard

STREAM, OTHER = str(UUID(int=1)), str(UUID(int=2))
Row = tuple[Any, ...]


def log_of(*events: tuple[str, int, list[list[Any]]]) -> list[Row]:
    """A log of events, each a stream, a version and the guard changes in it."""
    rows, chain = [], sha256(b"").digest()
    for position, (stream, version, guards) in enumerate(events, start=1):
        told = (position, "donghai", stream, version, "claims.Noted", 1, 1_700_000_000_000_000 + position)
        columns = (*told, json.dumps({"guards": guards}))
        chain = sha256(chain + "".join(f"{one}\x1f" for one in columns).encode() + b"{}").digest()
        rows.append((*columns, b"{}", chain))
    return rows


def read(rows: list[Row]) -> Recomputed:
    found = Recomputed("claims")
    for row in rows:
        found.read(row)
    return found


OPENED = (STREAM, 1, [["budget:a", None, 10], ["cap:b", None, 3]])
DRAWN = (STREAM, 2, [["budget:a", 7]])
GIVEN_BACK = (OTHER, 1, [["budget:a", -7]])


def test_a_whole_log_is_found_whole_with_its_guards() -> None:
    found = read(log_of(OPENED, DRAWN, GIVEN_BACK))

    assert found.refuted == []
    assert (found.used["budget:a"], found.limits) == (0, {"budget:a": 10, "cap:b": 3})


def test_a_changed_payload_is_found_at_its_position() -> None:
    first, second, third = log_of(OPENED, DRAWN, GIVEN_BACK)

    found = read([first, (*second[:8], b"{ }", second[9]), third])

    assert "claims position 2: the chain is not what the events make" in found.refuted


def test_a_missing_event_is_found_at_its_position() -> None:
    first, _, third = log_of(OPENED, DRAWN, GIVEN_BACK)

    assert read([first, third]).refuted[0] == "claims position 2: is read where 2 should be"


@pytest.mark.parametrize("version", [2, 4])
def test_a_version_that_does_not_follow_is_found(version: int) -> None:
    found = read(log_of(OPENED, DRAWN, (STREAM, version, [])))

    assert found.refuted == [f"claims position 3: version {version} of {STREAM} follows 2"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([["budget:a", 4]], "guard budget:a stands at 11 of 10"),
        ([["budget:a", -8]], "guard budget:a stands at -1 of 10"),
        ([["budget:z", 1]], "guard budget:z stands at 1 of None"),
    ],
)
def test_a_guard_beyond_its_limit_is_found_at_the_position_of_the_draw(changes: list[list[Any]], says: str) -> None:
    assert read(log_of(OPENED, DRAWN, (OTHER, 1, changes))).refuted == [f"claims position 3: {says}"]


def test_a_limit_below_what_is_used_is_no_fault_until_more_is_drawn() -> None:
    lowered, given = (OTHER, 1, [["budget:a", None, 5]]), (OTHER, 2, [["budget:a", -1]])
    more = (OTHER, 3, [["budget:a", 1]])

    assert read(log_of(OPENED, DRAWN, lowered, given)).refuted == []
    assert read(log_of(OPENED, DRAWN, lowered, given, more)).refuted == [
        "claims position 5: guard budget:a stands at 7 of 5"
    ]


def test_what_is_nearly_used_up_is_counted_by_kind_of_guard() -> None:
    whole = read(log_of(OPENED, (STREAM, 2, [["budget:a", 9], ["cap:b", 2]])))

    assert fullest([whole, replace(whole, limits={"cap:c": 0})]) == {"budget": (1, 1), "cap": (0, 1)}


@pytest.fixture
def admin(database: str) -> Iterator[psycopg.Connection[Any]]:
    """The logs of all services, empty but for one event of policy and its announcement."""
    for service in REACTIONS.keys() | {"claims"}:
        prepare(database, service)
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def announced(admin: psycopg.Connection[Any], kind: str) -> None:
    """The next announcement of policy, by hand."""
    ((position,),) = admin.execute("SELECT coalesce(max(position), 0) + 1 FROM policy.event").fetchall()
    stored(admin, "policy", position, str(uuid4()))
    admin.execute(
        "INSERT INTO policy.outbox VALUES (%s, %s, %s, 'donghai', %s, now(), '', '', '')",
        (position, position, kind, STREAM),
    )


def stored(admin: psycopg.Connection[Any], service: str, position: int, request: str) -> None:
    admin.execute(
        f"INSERT INTO {service}.event VALUES (%s, 'donghai', %s, %s, 'noted', 1, '', %s, now(), '')",
        (position, STREAM, position, json.dumps({"request_id": request})),
    )


def requested(admin: psycopg.Connection[Any], request: str) -> None:
    admin.execute("INSERT INTO claims.request VALUES ('donghai', %s, '', NULL, 0, 0)", (request,))


HEARD = next(iter(REACTIONS["policy"])).DESCRIPTOR.full_name


def test_a_reaction_that_is_not_there_is_found_and_what_nobody_listens_to_needs_none(
    admin: psycopg.Connection[Any],
) -> None:
    announced(admin, HEARD)
    announced(admin, "hubao.policy.v1.NeverHeardOf")

    assert unheard("claims", admin) == [f"claims: the reaction to policy/1, {HEARD}, is neither done nor parked"]
    requested(admin, str(uuid5(REACTED, "react/policy/1")))
    assert unheard("claims", admin) == []


def test_what_is_parked_is_not_lost_and_must_not_be_done_as_well(admin: psycopg.Connection[Any]) -> None:
    announced(admin, HEARD)
    admin.execute(
        "INSERT INTO claims.parked (upstream, position, subject, type, announcement, error, parked_at)"
        " VALUES ('policy', 1, %s, %s, '', '', now())",
        (STREAM, HEARD),
    )

    assert unheard("claims", admin) == []
    requested(admin, str(uuid5(REACTED, "react/policy/1")))
    assert unheard("claims", admin) == [f"claims: the reaction to policy/1, {HEARD}, is both done and parked"]


def test_an_event_of_a_request_that_is_not_there_is_found(admin: psycopg.Connection[Any]) -> None:
    requested(admin, str(UUID(int=7)))
    stored(admin, "claims", 1, str(UUID(int=7)))
    stored(admin, "claims", 2, str(UUID(int=8)))

    assert orphans("claims", admin) == ["claims position 2: its request is not there"]


def test_a_head_and_a_guard_that_the_events_do_not_know_are_found(admin: psycopg.Connection[Any]) -> None:
    assert recomputed("claims", admin).refuted == []
    admin.execute("UPDATE claims.head SET position = 1")
    admin.execute("INSERT INTO claims.guard VALUES ('budget:a', 1, 2)")

    assert recomputed("claims", admin).refuted == [
        "claims position 0: the head is not the end of the events",
        "claims: guard budget:a stands at 1 of 2, and the events say 0 of None",
    ]
