"""Two processes' worth of one service on one log, and commands that build on each other before they are stored.

What must never happen: that something stands which was decided on a state that was not, or is no longer, true.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from libs.common.errors import GuardExceeded, NotYet, Stale
from libs.common.store import codec
from libs.common.store.requests import Position
from libs.common.unit import Unit
from tests.common.store.crowd import Both, Crowd, check
from tests.common.store.domain import Copied, Purse, Spent, TooLittle, not_found
from tests.common.store.proxy import Proxy
from tests.common.store.purses import Purses, a_call, purses_at


@pytest.fixture
async def both(store_url: str) -> AsyncIterator[Both]:
    async with purses_at(store_url) as one, purses_at(store_url) as two:
        yield one, two


@pytest.fixture
async def purse(both: Both) -> UUID:
    """A purse that both processes have in memory, so that each may believe in an old one."""
    purse = uuid4()
    await both[0].open(purse)
    await both[0].put_in(purse, 0)
    await both[1].put_in(purse, 0)
    await both[0].put_in(purse, 0)
    return purse


async def test_a_command_is_not_refused_on_an_old_state(both: Both, purse: UUID) -> None:
    one, two = both
    await two.put_in(purse, 5)

    assert (await one.take_out(purse, 5)).value.balance == 0


async def test_a_command_is_not_accepted_on_an_old_state(both: Both, purse: UUID) -> None:
    one, two = both
    await one.put_in(purse, 5)
    await two.take_out(purse, 5)

    with pytest.raises(TooLittle):
        await one.take_out(purse, 5)


async def test_what_was_done_already_is_not_believed_on_an_old_state(both: Both, purse: UUID) -> None:
    one, two = both
    await two.rename(purse, "Bo")

    renamed = await one.rename(purse, "An")

    assert (renamed.version, (await one.read(purse)).holder) == (6, "An")


async def test_what_is_only_looked_at_is_not_an_old_state(both: Both, purse: UUID) -> None:
    one, two = both
    target = uuid4()
    await one.open(target)
    await two.put_in(purse, 5)

    assert (await one.copy(purse, target)).value.balance == 5


async def test_an_etag_is_not_compared_with_an_old_state(both: Both, purse: UUID) -> None:
    one, two = both
    newest = await two.put_in(purse, 5)

    with pytest.raises(Stale) as refusal:
        await one.put_in(purse, 1, etag=str(newest.version - 1))
    assert refusal.value.details["current"] == str(newest.version)
    assert (await one.put_in(purse, 1, etag=str(newest.version))).value.balance == 6


async def test_a_reaction_does_not_wait_for_what_another_process_has_stored(both: Both, purse: UUID) -> None:
    one, two = both
    await two.put_in(purse, 5)

    async def react(unit: Unit) -> None:
        if (await unit.get(Purse, purse, not_found(purse))).balance == 0:
            raise NotYet("nothing is there")

    await one.application.react(a_call(), react, tracking=Position("claims", 0, 1))


async def test_a_reader_sees_what_another_process_has_stored(both: Both, purse: UUID) -> None:
    one, two = both
    await one.read(purse)
    await two.put_in(purse, 5)

    assert (await one.read(purse)).balance == 5


async def test_one_request_sent_to_both_happens_once(both: Both, purse: UUID) -> None:
    for _ in range(20):
        call = a_call()
        results = await asyncio.gather(*(purses.put_in(purse, 1, call) for purses in both for _ in range(2)))
        assert sorted(result.repeated for result in results) == [False, True, True, True]
        assert len({(result.version, result.position, result.value) for result in results}) == 1

    assert (await both[0].read(purse)).balance == 20


async def test_nothing_stands_on_a_command_that_a_guard_refuses(both: Both, purse: UUID) -> None:
    """The others are decided while the refused one is on its way, in its batch and behind it."""
    one, _ = both
    other, third = uuid4(), uuid4()
    await one.open(other)
    await one.open(third)
    await one.limit(third, "budget", 4)

    for _ in range(20):
        refused = asyncio.create_task(one.put_in_and_spend(purse, 5, "budget", holder="Bo"))
        await asyncio.sleep(0)
        taken = asyncio.create_task(one.take_out(purse, 5))
        copied = asyncio.create_task(one.copy(purse, other))
        renamed = asyncio.create_task(one.rename(purse, "Bo"))

        with pytest.raises(GuardExceeded):
            await refused
        with pytest.raises(TooLittle):
            await taken
        assert (await copied).value.balance == 0
        done = await renamed
        assert (done.value.holder, (await one.read(purse)).holder) == ("Bo", "Bo")
        await one.rename(purse, "An")

    await check(one.application.log)


async def test_a_guard_is_never_over_whoever_draws(both: Both, purse: UUID) -> None:
    await both[0].limit(purse, "budget", 100)
    spenders = [uuid4() for _ in range(60)]
    await asyncio.gather(*(both[0].open(spender) for spender in spenders))

    results = await asyncio.gather(
        *(purses.spend(spender, "budget", 3) for spender in spenders for purses in both), return_exceptions=True
    )

    assert Counter(type(result).__name__ for result in results) == {"Done": 33, "GuardExceeded": 87}
    assert await both[1].application.log.available("budget") == 1
    spent = [row for row in await both[0].application.log.events(0, 1000) if row.type == "test.Spent"]
    assert len(spent) == 33
    await check(both[0].application.log)


async def test_whoever_asks_what_is_available_gets_all_of_it_and_no_more(both: Both, purse: UUID) -> None:
    await both[0].limit(purse, "budget", 101)
    spenders = [uuid4() for _ in range(40)]
    await asyncio.gather(*(both[0].open(spender) for spender in spenders))

    async def spend_what_is_left(purses: Purses, spender: UUID) -> None:
        async def plan(unit: Unit) -> None:
            await unit.get(Purse, spender, not_found(spender))
            unit.record(Purse, spender, [Spent(guard="budget", amount=min(4, await unit.available("budget") or 0))])

        await purses.application.execute(a_call(), Purse, spender, plan)

    await asyncio.gather(*(spend_what_is_left(purses, spender) for spender in spenders[::2] for purses in both))

    assert await both[0].application.log.available("budget") == 0
    await check(both[0].application.log)


@pytest.mark.parametrize("seed", range(3))
async def test_a_crowd_of_commands_leaves_a_history_in_which_each_was_decided_on_the_truth(
    both: Both, seed: int
) -> None:
    crowd = Crowd(both, seed)
    await crowd.open()

    await crowd.run(commands=600, at_once=40)

    values = await check(both[0].application.log)
    copied = Counter[UUID]()
    for row in await both[0].application.log.events(0, 100_000):
        event = codec.decode(row.type, row.schema_version, row.payload)
        copied[row.stream] += event.amount if isinstance(event, Copied) else 0
    assert {purse: values[purse].balance for purse in crowd.purses} == {
        purse: crowd.balance[purse] + copied[purse] for purse in crowd.purses
    }
    assert crowd.outcomes["GuardExceeded"] > 20
    assert crowd.outcomes["Done"] > 200


async def test_a_crowd_keeps_to_the_truth_while_answers_are_lost(store_url: str) -> None:
    async with Proxy(store_url) as proxy, purses_at(store_url) as near, purses_at(proxy.url) as far:
        crowd = Crowd((near, far), seed=7)
        await crowd.open()

        async def trouble() -> None:
            while True:
                await asyncio.sleep(0.1)
                proxy.lose_answer()
                await asyncio.sleep(0.1)
                proxy.cut()

        troubling = asyncio.create_task(trouble())
        await crowd.run(commands=200, at_once=20)
        troubling.cancel()

        await check(near.application.log)
        assert proxy.lost > 0
