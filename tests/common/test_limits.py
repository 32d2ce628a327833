"""One timer for all calls: each has its own time, and what is cancelled from elsewhere stays cancelled."""

import asyncio

import pytest

from libs.common.grpc.limits import Limit, TimeIsUp


async def test_what_is_done_in_time_gives_its_result() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0)
        return number

    limit = Limit(5.0)

    assert await asyncio.gather(*(limit.run(work(number)) for number in range(3))) == [0, 1, 2]


async def test_each_has_the_whole_time_from_its_own_beginning() -> None:
    limit = Limit(0.1)
    loop = asyncio.get_running_loop()

    async def took(delay: float) -> float:
        await asyncio.sleep(delay)
        began = loop.time()
        with pytest.raises(TimeIsUp):
            await limit.run(asyncio.Event().wait())
        return loop.time() - began

    for seconds in await asyncio.gather(took(0.0), took(0.05), took(0.15)):
        assert seconds >= 0.099


async def test_whose_time_is_up_may_go_on() -> None:
    with pytest.raises(TimeIsUp):
        await Limit(0.01).run(asyncio.Event().wait())

    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_call_that_is_cancelled_from_elsewhere_is_not_out_of_time() -> None:
    task = asyncio.create_task(Limit(5.0).run(asyncio.Event().wait()))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_of_the_work_itself_is_its_own() -> None:
    async def work() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Limit(5.0).run(work())


async def test_what_takes_no_time_any_more_leaves_nothing_to_cancel() -> None:
    limit = Limit(0.02)

    await limit.run(asyncio.sleep(0))

    await asyncio.sleep(0.05)  # The timer has found nobody.
    with pytest.raises(TimeIsUp):
        await limit.run(asyncio.Event().wait())
