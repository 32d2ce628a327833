"""Events are chosen by what is known of them, with a bound on what one question looks at."""

from typing import Any
from uuid import UUID

import pytest

from libs.common.store import selecting
from libs.common.store.selecting import Span, Wanted, select_events
from tests.common.store.purses import Purses


async def spent(purses: Purses, purse: UUID, times: int) -> Any:
    await purses.limit(purse, "budget", 100)
    for _ in range(times):
        await purses.spend(purse, "budget", 1)
    return purses.application.log


async def chosen(log: Any, wanted: Wanted, *, newest: bool = False, limit: int = 100) -> tuple[list[str], int]:
    head = (await log.head()).position
    rows, rest = await select_events(log, wanted, Span(1, head + 1, newest), limit)
    return [row.type for row in rows], rest


async def test_a_type_is_a_glob_and_nothing_else_in_it_means_more_than_itself(purses: Purses, purse: UUID) -> None:
    log = await spent(purses, purse, 2)
    rows, _ = await select_events(log, Wanted(), Span(1, 1000, False), 100)
    first = rows[-1].type

    assert (await chosen(log, Wanted(type=first)))[0] == [row.type for row in rows if row.type == first]
    assert (await chosen(log, Wanted(type=first[:3] + "*")))[0] == [
        row.type for row in rows if row.type[:3] == first[:3]
    ]
    assert (await chosen(log, Wanted(type=first[:-1] + "_")))[0] == []
    assert (await chosen(log, Wanted(type="%")))[0] == []


async def test_who_did_it_and_after_what_are_chosen_by(purses: Purses, purse: UUID) -> None:
    log = await spent(purses, purse, 2)
    all_of_them = (await chosen(log, Wanted()))[0]

    assert (await chosen(log, Wanted(principal="An", correlation_id="c1")))[0] == all_of_them
    assert (await chosen(log, Wanted(principal="Bo")))[0] == []
    assert (await chosen(log, Wanted(correlation_id="c2")))[0] == []
    assert (await chosen(log, Wanted(tenants=("nobody",))))[0] == []


async def test_the_newest_come_in_the_order_of_the_log_and_say_where_to_go_on(purses: Purses, purse: UUID) -> None:
    log = await spent(purses, purse, 5)
    head = (await log.head()).position

    rows, rest = await select_events(log, Wanted(), Span(1, head + 1, True), 2)

    assert [row.position for row in rows] == [head - 1, head]
    assert rest == head - 1


async def test_one_question_looks_at_so_many_events_and_says_where_to_go_on(
    purses: Purses, purse: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await spent(purses, purse, 5)
    head = (await log.head()).position
    monkeypatch.setattr(selecting, "MOST_LOOKED_AT", 2)
    found, start = [], 1
    while start:
        rows, start = await select_events(log, Wanted(), Span(start, head + 1, False), 100)
        found += [row.position for row in rows]

    assert found == list(range(1, head + 1))
    assert await select_events(log, Wanted(principal="Bo"), Span(1, head + 1, False), 100) == ([], 3)
