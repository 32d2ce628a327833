"""A rehearsal: what a plan would do, on what the log holds, with nothing stored."""

from uuid import UUID

import pytest

from libs.common.rehearsal import recorded_in, rehearse
from libs.common.unit import Unit
from tests.common.store.domain import Purse, TooLittle, not_found
from tests.common.store.purses import Purses, a_call, purses_at


async def test_a_rehearsal_answers_and_stores_nothing(purses: Purses, purse: UUID) -> None:
    before = await purses.application.log.head()

    async def plan(unit: Unit) -> tuple[int, list[str]]:
        value = await unit.get(Purse, purse, not_found(purse))
        after = unit.record(Purse, purse, value.put_in(3))
        assert after is not None
        return after.balance, [type(event).__name__ for _, event in recorded_in(unit)]

    answer = await rehearse(purses.application, a_call(), plan)

    assert answer == (3, ["PutIn"])
    assert await purses.application.log.head() == before
    assert (await purses.put_in(purse, 1)).value.balance == 1


async def test_a_rehearsal_refuses_as_the_command_would(purses: Purses, purse: UUID) -> None:
    async def plan(unit: Unit) -> None:
        value = await unit.get(Purse, purse, not_found(purse))
        unit.record(Purse, purse, value.take_out(1))

    with pytest.raises(TooLittle):
        await rehearse(purses.application, a_call(), plan)


async def test_a_rehearsal_runs_again_when_another_process_was_faster(
    purses: Purses, purse: UUID, store_url: str
) -> None:
    await purses.put_in(purse, 1)
    seen: list[int] = []

    async with purses_at(store_url) as others:

        async def plan(unit: Unit) -> int:
            value = await unit.get(Purse, purse, not_found(purse))
            if not seen:
                await others.put_in(purse, 5)
            seen.append(value.balance)
            return value.balance

        answer = await rehearse(purses.application, a_call(), plan)

    assert answer == 6
    assert seen == [1, 6]


async def test_a_refusal_on_what_is_not_true_any_more_does_not_stand(
    purses: Purses, purse: UUID, store_url: str
) -> None:
    seen: list[int] = []

    async with purses_at(store_url) as others:

        async def plan(unit: Unit) -> int:
            value = await unit.get(Purse, purse, not_found(purse))
            if not seen:
                await others.put_in(purse, 5)
            seen.append(value.balance)
            after = unit.record(Purse, purse, value.take_out(2))
            assert after is not None
            return after.balance

        answer = await rehearse(purses.application, a_call(), plan)

    assert (answer, seen) == (3, [0, 5])
