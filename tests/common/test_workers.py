"""Long work has places of its own, so many for one owner, and ends when nobody waits for it."""

import asyncio
from threading import Event

import pytest

from libs.common.outages import Overloaded
from libs.common.workers import Stop, Workers


class Work:
    """Work that runs until it is told to go on, or finds that nobody waits."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.abandoned = Event(), Event(), Event()

    def __call__(self, stop: Stop) -> str:
        self.begun.set()
        while not self.go_on.wait(0.01):
            if stop():
                self.abandoned.set()
                return "abandoned"
        return "done"


async def begun(work: Work) -> None:
    assert await asyncio.get_running_loop().run_in_executor(None, work.begun.wait, 10)


async def test_work_is_done_beside_the_loop() -> None:
    workers, work = Workers("test", threads=1, places=1, share=1), Work()

    running = asyncio.create_task(workers.run("a", work))
    await begun(work)
    assert workers.busy == 1
    work.go_on.set()

    assert await running == "done"
    assert workers.busy == 0


async def test_there_are_so_many_places_and_a_share_of_them_for_one() -> None:
    workers, work = Workers("test", threads=1, places=3, share=2), Work()
    held = [asyncio.create_task(workers.run("a", work)) for _ in range(2)]
    await begun(work)

    with pytest.raises(Overloaded):
        await workers.run("a", work)
    held.append(asyncio.create_task(workers.run("b", work)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await workers.run("c", work)

    work.go_on.set()
    assert await asyncio.gather(*held) == ["done"] * 3
    assert await workers.run("c", work) == "done"


async def test_a_place_is_kept_until_the_thread_has_let_go() -> None:
    workers, work = Workers("test", threads=1, places=1, share=1), Work()
    running = asyncio.create_task(workers.run("a", work))
    await begun(work)

    running.cancel()
    await asyncio.wait([running], timeout=10)

    assert running.cancelled()
    assert work.abandoned.is_set()
    assert workers.busy == 0


async def test_what_has_not_begun_never_does() -> None:
    workers, first, second = Workers("test", threads=1, places=2, share=2), Work(), Work()
    running = asyncio.create_task(workers.run("a", first))
    await begun(first)
    waiting = asyncio.create_task(workers.run("a", second))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting], timeout=10)
    first.go_on.set()

    assert await running == "done"
    assert workers.busy == 0
    assert not second.begun.is_set()


async def test_another_kind_of_work_does_not_wait_for_it() -> None:
    work = Work()
    running = asyncio.create_task(Workers("slow", threads=1, places=1, share=1).run("a", work))
    await begun(work)

    assert await Workers("quick", threads=1, places=1, share=1).run("a", lambda stop: 7) == 7
    work.go_on.set()
    await running


async def test_an_error_is_the_callers() -> None:
    def fail(stop: Stop) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Workers("test", threads=1, places=1, share=1).run("a", fail)
