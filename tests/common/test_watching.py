"""The loop of all watches: every item once, in order, and never more in memory than one batch."""

import asyncio
from contextlib import ExitStack, aclosing

import pytest

from libs.common import watching
from libs.common.outages import OutcomeUnknown
from libs.common.waking import Waker
from libs.common.watching import Batch, Found, News, Turns, follow


class Growing:
    """Numbers behind a position, three at a time."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.looks: list[int] = []

    async def read(self, after: int) -> Batch[str]:
        self.looks.append(after)
        upto = min(after + 3, self.end)
        return Batch([(n, f"item {n}") for n in range(after + 1, upto + 1)], upto, more=upto < self.end)


class Some:
    """A look at a source whose every item concerns everybody, or nobody."""

    def __init__(self, source: Growing, *, concerned: bool = True) -> None:
        self.source = source
        self.concerned = concerned
        self.waker = Waker()
        self.news = News(self.look, self.waker)

    async def look(self, after: int | None) -> Found:
        new = after is not None and self.source.end > after
        return Found(self.source.end, frozenset({"me"} if new and self.concerned else ()))

    def grow(self, end: int) -> None:
        self.source.end = end
        self.waker.nudge()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SHORTEST", 0.001)


async def test_every_item_comes_once_and_in_order() -> None:
    some, seen = Some(Growing(7)), []
    with some.news.watching("me") as watcher:
        async with aclosing(follow(some.source.read, 2, watcher)) as items:  # type: ignore[type-var]
            async for position, item in items:
                seen.append((position, item))
                if position == 7:
                    some.grow(9)
                if position == 9:
                    break

    assert seen == [(n, f"item {n}") for n in range(3, 10)]


async def test_nothing_more_is_read_before_what_was_read_is_taken() -> None:
    some = Some(Growing(100))
    with some.news.watching("me") as watcher:
        async with aclosing(follow(some.source.read, 0, watcher)) as items:  # type: ignore[type-var]
            for _ in range(3):
                await anext(items)
            await asyncio.sleep(0.02)
            assert some.source.looks == [0]
            await anext(items)
            assert some.source.looks == [0, 3]


async def test_silence_is_broken_now_and_then_without_a_look() -> None:
    some = Some(Growing(1))
    with some.news.watching("me") as watcher:
        items = follow(some.source.read, 0, watcher, heartbeat=0.05)
        async with aclosing(items):  # type: ignore[type-var]
            seen = [await asyncio.wait_for(anext(items), 5) for _ in range(4)]

    assert seen == [(1, "item 1"), (1, None), (1, None), (1, None)]
    assert len(some.source.looks) <= 2


async def test_what_concerns_others_moves_the_position_and_wakes_nobody() -> None:
    some = Some(Growing(1), concerned=False)
    with some.news.watching("me") as watcher:
        items = follow(some.source.read, 0, watcher, heartbeat=0.05)
        async with aclosing(items):  # type: ignore[type-var]
            assert await anext(items) == (1, "item 1")
            assert (await anext(items))[0] == 1
            looks = len(some.source.looks)
            some.grow(9)
            await asyncio.sleep(0.05)
            assert await anext(items) == (9, None)
            assert len(some.source.looks) == looks


async def test_without_a_heartbeat_silence_is_silence() -> None:
    some = Some(Growing(0))
    with some.news.watching("me") as watcher:
        async with aclosing(follow(some.source.read, 0, watcher)) as items:  # type: ignore[type-var]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(items), 0.05)


async def test_many_watchers_share_one_look_which_ends_with_the_last() -> None:
    some = Some(Growing(0), concerned=False)
    with ExitStack() as stack:
        for number in range(500):
            stack.enter_context(some.news.watching(number))
        await asyncio.sleep(0.1)
        assert some.news.looks <= 2
        for _ in range(5):
            some.waker.nudge()
            await asyncio.sleep(0.02)
        assert 3 <= some.news.looks <= 7
    looks = some.news.looks
    some.waker.nudge()
    await asyncio.sleep(0.05)
    assert some.news.looks == looks


async def test_what_many_read_at_once_is_read_once_and_never_from_before_a_change() -> None:
    some = Some(Growing(0))
    reads: list[int] = []
    go_on = asyncio.Event()

    async def read() -> int:
        reads.append(some.news.position)
        await go_on.wait()
        return reads[-1]

    with some.news.watching("me") as watcher:
        await watcher.wait(0, 5)
        early = [asyncio.create_task(some.news.shared("what", read)) for _ in range(100)]
        await asyncio.sleep(0.01)
        some.grow(3)
        await watcher.wait(0, 5)
        late = [asyncio.create_task(some.news.shared("what", read)) for _ in range(100)]
        await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.gather(*early, *late)

    assert reads == [0, 3]


async def test_a_look_that_fails_is_taken_again() -> None:
    some = Some(Growing(0))
    good, failed = some.look, False

    async def once_away(after: int | None) -> Found:
        nonlocal failed
        if not failed:
            failed = True
            raise OutcomeUnknown("the database does not answer")
        return await good(after)

    some.news = News(once_away, some.waker)
    with some.news.watching("me") as watcher:
        assert await asyncio.wait_for(watcher.wait(0, 10), 5) == (True, 0)


class Handing:
    """How many watchers hand on something at one moment."""

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.most = 0
        self.done: list[str] = []

    async def hand_on(self, turns: Turns, who: str, items: int, seconds: float = 0.01) -> None:
        async with turns.turn(who, items):
            self.now.add(who)
            self.most = max(self.most, len(self.now))
            await asyncio.sleep(seconds)
            self.now.discard(who)
        self.done.append(who)


async def test_a_few_hand_on_much_at_once_and_of_one_caller_one() -> None:
    turns, handing = Turns(), Handing()
    mine = [handing.hand_on(turns, "me", 500) for _ in range(20)]
    others = [handing.hand_on(turns, f"other {number}", 500) for number in range(3)]

    await asyncio.gather(*mine, *others)

    assert handing.most == watching.TURNS
    # Whoever comes after a caller's twenty waits for a place, and not for the twenty.
    assert max(handing.done.index(f"other {number}") for number in range(3)) < 6


async def test_news_of_a_moment_wait_for_nobody() -> None:
    turns, handing = Turns(), Handing()
    async with asyncio.timeout(5), turns.turn("me", 500), turns.turn("other", 500):
        await handing.hand_on(turns, "me", watching.MUCH - 1)

    assert handing.done == ["me"]


async def test_a_client_that_takes_nothing_keeps_its_turn_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "TURN", 0.02)
    turns, handing = Turns(), Handing()
    async with asyncio.timeout(5), turns.turn("me", 500):
        await handing.hand_on(turns, "me", 500)
        async with turns.turn("me", 500):
            waiting = asyncio.create_task(handing.hand_on(turns, "me", 500))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
    async with asyncio.timeout(5):
        await handing.hand_on(turns, "me", 500)

    assert handing.done == ["me", "me"]
