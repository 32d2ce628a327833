"""One unit of work is one append: several aggregates, guards, reactions and their position, timers."""

import asyncio
from uuid import UUID, uuid4

import pytest

from libs.common.errors import AmountOutOfRange, GuardExceeded, NotYet
from libs.common.outages import OutOfStep
from libs.common.store.requests import Position
from libs.common.unit import Unit
from tests.common.store.domain import (
    Opened,
    Purse,
    Reminded,
    Spent,
    TooLittle,
    not_found,
)
from tests.common.store.examples import AT
from tests.common.store.purses import Purses, a_call, purses_at


async def test_an_append_changes_several_aggregates_or_none(purses: Purses, purse: UUID) -> None:
    other = uuid4()
    await purses.open(other, "Bo")
    await purses.put_in(purse, 5)

    await purses.move(purse, other, 3)
    with pytest.raises(TooLittle):
        await purses.move(purse, other, 3)

    assert ((await purses.read(purse)).balance, (await purses.read(other)).balance) == (2, 3)


async def test_a_guard_refuses_with_its_name_and_the_amount(purses: Purses, purse: UUID) -> None:
    await purses.limit(purse, "budget", 10)

    with pytest.raises(GuardExceeded) as refusal:
        await purses.record(purse, Spent(guard="budget", amount=6), Spent(guard="budget", amount=5))

    assert refusal.value.details == {"guard": "budget", "limit": "budget", "amount": "11", "left": "10"}
    assert await purses.application.log.available("budget") == 10
    assert (await purses.spend(purse, "budget", 10)).version == 3


async def test_events_know_who_asked_and_after_what(purses: Purses, purse: UUID) -> None:
    await purses.limit(purse, "budget", 10)
    await purses.spend(purse, "budget", 3)

    rows = await purses.application.log.stream(purse)

    assert '"event_id":"' + f"{purse}/1" in rows[0].metadata
    assert '"principal":"An","organisation":"org","correlation_id":"c1"' in rows[0].metadata
    assert [row.metadata.partition('"guards":')[2] for row in rows] == ["", '[["budget",null,10]]}', '[["budget",3]]}']


async def test_a_plan_that_begins_what_is_there_already_is_a_bug_and_says_so(purses: Purses, purse: UUID) -> None:
    with pytest.raises(LookupError, match="has not looked for it"):
        await purses.open(purse, "Bo")

    assert (await purses.put_in(purse, 1)).value == Purse("An", balance=1, events=2)


async def test_what_is_taken_for_new_and_is_there_is_found_out_by_the_append(store_url: str, purse: UUID) -> None:
    runs: list[bool] = []

    async def plan(unit: Unit) -> None:
        runs.append(await unit.is_new(Purse, purse))
        if runs[-1]:
            unit.record(Purse, purse, [Opened(holder="Bo")])

    async with purses_at(store_url) as others:  # Another process, which has not seen the purse.
        done = await others.application.execute(a_call(), Purse, purse, plan)

    assert runs == [True, False]
    assert (done.value, done.version) == (Purse("An", balance=0, events=1), 1)


async def test_a_refusal_after_a_trusting_look_stands_only_if_it_was_right(store_url: str, purse: UUID) -> None:
    async def plan(unit: Unit) -> None:
        if await unit.is_new(Purse, purse):
            raise not_found(purse)

    async with purses_at(store_url) as others:
        done = await others.application.execute(a_call(), Purse, purse, plan)

    assert done.value.holder == "An"


async def test_a_command_that_leaves_nothing_is_a_bug_and_says_so(purses: Purses) -> None:
    async def plan(unit: Unit) -> None:
        """Does nothing."""

    with pytest.raises(LookupError):
        await purses.application.execute(a_call(), Purse, uuid4(), plan)


async def test_a_plan_that_asked_what_is_available_runs_again_when_others_were_faster(
    purses: Purses, purse: UUID
) -> None:
    await purses.limit(purse, "budget", 25)
    others = [uuid4() for _ in range(10)]
    for other in others:
        await purses.open(other)

    async def spender(other: UUID) -> int:
        async def plan(unit: Unit) -> None:
            await unit.get(Purse, other, not_found(other))
            available = await unit.available("budget")
            assert available is not None
            unit.record(Purse, other, [Spent(guard="budget", amount=min(4, available))])

        await purses.application.execute(a_call(), Purse, other, plan)
        (*_, last) = await purses.application.history(Purse, other, not_found(other), tenant="t1")
        assert isinstance(last.event, Spent)
        return last.event.amount

    spent = await asyncio.gather(*(spender(other) for other in others))

    assert sorted(spent) == [0, 0, 0, 1, 4, 4, 4, 4, 4, 4]
    assert await purses.application.log.available("budget") == 0


async def test_a_reaction_and_the_upstreams_position_are_one_append(purses: Purses, purse: UUID) -> None:
    async def react(unit: Unit) -> None:
        value = await unit.get(Purse, purse, not_found(purse))
        unit.record(Purse, purse, value.put_in(5))

    first = a_call("one")
    await purses.application.react(first, react, tracking=Position("claims", 0, 1))
    await purses.application.react(first, react, tracking=Position("claims", 0, 1))
    with pytest.raises(OutOfStep):
        await purses.application.react(a_call("two"), react, tracking=Position("claims", 0, 1))

    assert (await purses.read(purse)).balance == 5
    assert await purses.application.log.tracking("claims") == 1


async def test_a_reaction_that_must_wait_moves_nothing(purses: Purses) -> None:
    purse = uuid4()

    async def react(unit: Unit) -> None:
        if await unit.find(Purse, purse) is None:
            raise NotYet("no purse")

    with pytest.raises(NotYet):
        await purses.application.react(a_call("r"), react, tracking=Position("claims", 0, 1))
    await purses.open(purse)
    await purses.application.react(a_call("r"), react, tracking=Position("claims", 0, 1))

    assert await purses.application.log.tracking("claims") == 1


async def test_a_timer_fires_once_and_not_when_it_was_cancelled(purses: Purses, purse: UUID) -> None:
    async def fired(unit: Unit) -> None:
        value = await unit.get(Purse, purse, not_found(purse))
        unit.record(Purse, purse, value.put_in(1))

    async def running() -> list[UUID]:
        return [row[0] for row in await purses.application.log.all("SELECT id FROM timer")]

    await purses.record(purse, Reminded(name="one", due_at=AT))
    (one,) = await running()
    await purses.application.fire(a_call(str(one)), one, fired)
    await purses.application.fire(a_call(str(one)), one, fired)
    await purses.record(purse, Reminded(name="two", due_at=AT))
    (two,) = await running()
    await purses.record(purse, Reminded(name="two", due_at=None))
    await purses.application.fire(a_call(str(two)), two, fired)

    assert await running() == []
    assert (await purses.put_in(purse, 1)).value.balance == 2


async def test_a_guard_is_told_nothing_that_it_could_not_add_up(purses: Purses, purse: UUID) -> None:
    with pytest.raises(AmountOutOfRange):
        await purses.limit(purse, "budget", 2**62 + 1)
    await purses.limit(purse, "budget", 2**62)

    for amount in (2**61 + 1, 2**64):
        with pytest.raises(AmountOutOfRange):
            await purses.record(purse, Spent(guard="budget", amount=amount))
    for _ in range(2):
        await purses.record(purse, Spent(guard="budget", amount=2**61))
    with pytest.raises(GuardExceeded):
        await purses.record(purse, Spent(guard="budget", amount=2**61))
