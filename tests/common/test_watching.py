"""The loop of all watches: every item once, in order, and never more in memory than one batch."""

import asyncio
from contextlib import aclosing

import pytest

from libs.common import watching
from libs.common.watching import Batch, follow


class Growing:
    """Numbers behind a position, three at a time."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.looks: list[int] = []

    async def read(self, after: int) -> Batch[str]:
        self.looks.append(after)
        upto = min(after + 3, self.end)
        return Batch([(n, f"item {n}") for n in range(after + 1, upto + 1)], upto, more=upto < self.end)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAUSE", 0.001)


async def test_every_item_comes_once_and_in_order() -> None:
    source, seen = Growing(7), []
    async with aclosing(follow(source.read, 2)) as items:  # type: ignore[type-var]
        async for position, item in items:
            seen.append((position, item))
            if position == 7:
                source.end = 9
            if position == 9:
                break

    assert seen == [(n, f"item {n}") for n in range(3, 10)]


async def test_nothing_more_is_read_before_what_was_read_is_taken() -> None:
    source = Growing(100)
    async with aclosing(follow(source.read, 0)) as items:  # type: ignore[type-var]
        for _ in range(3):
            await anext(items)
        await asyncio.sleep(0.02)
        assert source.looks == [0]
        await anext(items)
        assert source.looks == [0, 3]


async def test_silence_is_broken_now_and_then() -> None:
    source = Growing(1)
    async with aclosing(follow(source.read, 0, heartbeat=0.02)) as items:  # type: ignore[type-var]
        seen = [await asyncio.wait_for(anext(items), 5) for _ in range(3)]

    assert seen == [(1, "item 1"), (1, None), (1, None)]
    assert len(source.looks) > 3


async def test_without_a_heartbeat_silence_is_silence() -> None:
    source = Growing(0)
    async with aclosing(follow(source.read, 0)) as items:  # type: ignore[type-var]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(items), 0.05)
