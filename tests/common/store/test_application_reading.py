"""What reads show: what the log holds, whole, from a snapshot or not, and never what is only on its way."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from tests.common.store.domain import (
    Opened,
    Purse,
    PutIn,
    Renamed,
    not_found,
)
from tests.common.store.examples import AT
from tests.common.store.holding import asking, log_held
from tests.common.store.purses import Purses, a_call, purses_at


async def test_a_read_never_shows_what_is_only_on_its_way(database: str, purses: Purses, purse: UUID) -> None:
    async with log_held(database) as holder:
        writing = asyncio.create_task(purses.put_in(purse, 5))
        await asking(holder)
        following = asyncio.create_task(purses.put_in(purse, 7))
        await asyncio.sleep(0.05)

        assert (await purses.read(purse)).balance == 0

    assert ((await writing).value.balance, (await following).value.balance) == (5, 12)
    assert (await purses.read(purse)).balance == 12


async def test_a_read_after_a_repeated_command_shows_only_what_is_stored(purses: Purses, purse: UUID) -> None:
    call = a_call()
    await purses.put_in(purse, 5, call)
    await purses.put_in(purse, 5, call)

    assert await purses.read(purse) == Purse("An", balance=5, events=2)


async def test_history_shows_each_event_with_the_value_after_it(purses: Purses, purse: UUID) -> None:
    day = timedelta(days=1)
    await purses.put_in(purse, 5, a_call(now=AT + day))
    await purses.put_in(purse, 7, a_call(now=AT + 2 * day))

    history = await purses.application.history(Purse, purse, not_found(purse), tenant="t1")
    known = await purses.application.history(Purse, purse, not_found(purse), tenant="t1", recorded_until=AT + day)

    assert [(one.event, one.value.balance, one.version, one.position, one.recorded_at) for one in history] == [
        (Opened(holder="An"), 0, 1, 1, AT),
        (PutIn(amount=5, found=0), 5, 2, 2, AT + day),
        (PutIn(amount=7, found=5), 12, 3, 3, AT + 2 * day),
    ]
    assert known == history[:2]


async def test_an_event_of_an_older_shape_is_read_in_its_present_one(
    purses: Purses, purse: UUID, database: str
) -> None:
    await purses.rename(purse, "Bo")
    rows = await purses.application.log.stream(purse)

    assert (rows[1].type, rows[1].schema_version) == ("test.Renamed", 2)
    history = await purses.application.history(Purse, purse, not_found(purse), tenant="t1")
    assert history[1].event == Renamed(holder="Bo")


async def test_a_long_stream_is_loaded_whole_with_and_without_its_snapshot(store_url: str, purses: Purses) -> None:
    purse = uuid4()
    await purses.open(purse)
    await asyncio.gather(*(purses.put_in(purse, 1) for _ in range(450)))

    async with purses_at(store_url) as first:
        assert await first.read(purse) == Purse("An", balance=450, events=451)
        await first.application.settle()
        assert await first.application.log.all("SELECT version, kind FROM snapshot") == [(451, "test.Purse")]
    await purses.put_in(purse, 5)

    async with purses_at(store_url) as second:
        assert await second.read(purse) == Purse("An", balance=455, events=452)
        assert (await second.put_in(purse, 5)).value == Purse("An", balance=460, events=453)
