"""Commands: happens, is refused, is repeated; and what a read may show."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from libs.common.context import SHARED, calling
from libs.common.errors import RequestIdReused, Stale
from libs.common.unit import Unit
from tests.common.store.domain import (
    Opened,
    Purse,
    PurseNotFound,
    TooLittle,
    not_found,
)
from tests.common.store.holding import asking, log_held
from tests.common.store.purses import Purses, a_call


async def test_a_command_happens(purses: Purses) -> None:
    purse = uuid4()
    with calling(a_call()) as positions:
        opened = await purses.open(purse, "An")
        filled = await purses.put_in(purse, 5)

    assert (opened.value, opened.version, opened.position, opened.repeated) == (Purse(holder="An"), 1, 1, False)
    assert (filled.value, filled.version, filled.stream) == (Purse("An", balance=5, events=2), 2, purse)
    assert positions == [1, 2]
    assert await purses.read(purse) == filled.value


async def test_a_command_is_refused_and_nothing_happens(purses: Purses, purse: UUID) -> None:
    with pytest.raises(TooLittle):
        await purses.take_out(purse, 1)

    assert (await purses.application.log.head()).position == 1


async def test_a_command_is_repeated_and_answers_as_the_first_time(purses: Purses, purse: UUID) -> None:
    call = a_call()
    first = await purses.put_in(purse, 5, call)
    await purses.put_in(purse, 7)

    again = await purses.put_in(purse, 5, call)

    assert again == replace(first, repeated=True)
    assert (await purses.read(purse)).balance == 12


async def test_an_opening_is_repeated_though_its_plan_does_not_look(purses: Purses) -> None:
    purse, call = uuid4(), a_call()
    first = await purses.open(purse, "An", call)
    await purses.put_in(purse, 7)

    again = await purses.open(purse, "An", call)

    assert again == replace(first, repeated=True)
    assert (await purses.put_in(purse, 1)).value.balance == 8


async def test_a_repeated_command_answers_though_the_rule_would_refuse_it_now(purses: Purses, purse: UUID) -> None:
    await purses.put_in(purse, 5)
    call = a_call()
    first = await purses.take_out(purse, 5, call)

    again = await purses.take_out(purse, 5, call)

    assert again == replace(first, repeated=True)


async def test_the_same_command_twice_at_once_happens_once(purses: Purses, purse: UUID) -> None:
    await purses.put_in(purse, 5)
    call = a_call()

    results = await asyncio.gather(*(purses.take_out(purse, 5, call) for _ in range(5)))

    assert sorted(result.repeated for result in results) == [False, True, True, True, True]
    assert {result.version for result in results} == {3}
    assert (await purses.read(purse)).balance == 0


@pytest.mark.parametrize("amount", [5, 500])
async def test_a_request_id_with_another_payload_is_refused(purses: Purses, purse: UUID, amount: int) -> None:
    """Also when the rule would refuse that payload."""
    call = a_call()
    await purses.put_in(purse, 5, call)

    with pytest.raises(RequestIdReused):
        await purses.take_out(purse, amount, replace(call, fingerprint=b"other"))


async def test_request_ids_of_two_tenants_are_not_the_same(purses: Purses, purse: UUID) -> None:
    await purses.put_in(purse, 5, a_call("r"))

    done = await purses.open(uuid4(), "Bo", a_call("r", tenant="t2", fingerprint=b"g"))

    assert not done.repeated


async def test_what_was_done_already_changes_nothing_and_is_remembered(purses: Purses, purse: UUID) -> None:
    call = a_call()

    done = await purses.rename(purse, "An", call)
    again = await purses.rename(purse, "An", call)

    assert (done.version, done.repeated, again.repeated) == (1, False, True)
    assert again.value == done.value


async def test_there_is_no_such_purse(purses: Purses) -> None:
    with pytest.raises(PurseNotFound):
        await purses.put_in(uuid4())
    with pytest.raises(PurseNotFound):
        await purses.read(uuid4())


async def test_another_tenants_purse_can_not_be_told_from_none(purses: Purses, purse: UUID) -> None:
    with pytest.raises(PurseNotFound):
        await purses.put_in(purse, 1, a_call(tenant="t2"))
    with pytest.raises(PurseNotFound):
        await purses.read(purse, tenant="t2")
    with pytest.raises(PurseNotFound):
        await purses.application.history(Purse, purse, not_found(purse), tenant="t2")
    assert await purses.read(purse, tenant=None) == Purse("An")


async def test_what_is_shared_belongs_to_everyone(purses: Purses) -> None:
    purse = uuid4()

    async def plan(unit: Unit) -> None:
        unit.record(Purse, purse, [Opened(holder="all")], tenant=SHARED)

    await purses.application.execute(a_call(), Purse, purse, plan)

    assert (await purses.put_in(purse, 1, a_call(tenant="t2"))).value.balance == 1
    rows = await purses.application.log.stream(purse)
    assert [row.tenant for row in rows] == [SHARED, SHARED]


async def test_an_etag_must_be_the_version_that_the_command_finds(purses: Purses, purse: UUID) -> None:
    call = a_call()
    first = await purses.put_in(purse, 1, call, etag="1")

    with pytest.raises(Stale) as refusal:
        await purses.put_in(purse, 1, etag="1")

    assert refusal.value.details == {"current": "2", "given": "1"}
    assert await purses.put_in(purse, 1, call, etag="1") == replace(first, repeated=True)


async def test_of_many_with_the_same_etag_one_happens(purses: Purses, purse: UUID) -> None:
    results = await asyncio.gather(*(purses.put_in(purse, 1, etag="1") for _ in range(10)), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["Done"] + ["Stale"] * 9


async def test_a_caller_that_hangs_up_leaves_the_command_to_happen(database: str, purses: Purses, purse: UUID) -> None:
    async with log_held(database) as holder:
        task = asyncio.create_task(purses.put_in(purse, 5))
        await asking(holder)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (await purses.put_in(purse, 1)).value == Purse("An", balance=6, events=3)
