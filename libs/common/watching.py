"""Following something that grows, for streams that end only with their client: the one loop of all `Watch…` methods.

A watcher reads so many items behind its position and hands them on one by one; it reads no more before its client has
taken them, so a slow client costs one batch of memory. Where nothing new is, it waits, and asks nobody: one look for
all watchers of a process finds out whom a change concerns, and wakes those. So watchers cost memory and nothing else
while nothing happens, however many there are.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from libs.common.waking import Waker, forever

T = TypeVar("T")

LONGEST = 1.0
"""Seconds between looks of a process that has watchers, if nothing tells it of a change."""
SHORTEST = 0.05
"""Seconds between two looks at least: one change seldom comes alone."""
TURNS = 2
"""How many watchers of a process hand on much at once."""
TURN = 0.25
"""Seconds after which a turn is over, also for a client that does not take what it asked for."""
MUCH = 20
"""Items from which on a batch waits for its turn; news of a moment do not."""
HEARTBEAT = 15.0
"""Seconds of silence after which a client is told how far its stream has come."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """The next items, and the position behind all that was looked at for them; `more` says there is more already."""

    items: Sequence[tuple[int, T]]
    position: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a look behind a position has found: how far it came, whom the changes up to there concern, and if all is."""

    position: int
    concerned: frozenset[Hashable]
    more: bool = False


Look = Callable[[int | None], Awaitable[Found]]
"""Looks behind a position; behind None it only says where the end is."""


class Turns:
    """Who may hand on much now: a few at once, and of those that watch the same thing one.

    Each answer takes the event loop for a moment. Two hundred watchers that begin together would leave others hardly
    any of it, and so would a client's many watches to another's one.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(TURNS)
        self._own: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, who: Hashable, items: int) -> AsyncIterator[None]:
        """For handing on so many items; few need no turn. It is over with the context, or after `TURN` seconds."""
        if items < MUCH:
            yield
            return
        own = self._own.setdefault(who, asyncio.Lock())
        await own.acquire()
        try:
            await self._places.acquire()
        except BaseException:
            own.release()
            raise
        held: list[asyncio.Lock | asyncio.Semaphore] = [own, self._places]

        def end() -> None:
            while held:
                held.pop().release()

        timer = asyncio.get_running_loop().call_later(TURN, end)
        try:
            yield
        finally:
            timer.cancel()
            end()


class Watcher:
    """One who waits for changes that concern it."""

    def __init__(self, news: "News", who: Hashable) -> None:
        self._news = news
        self._who = who
        self._woken = asyncio.Event()

    def turn(self, items: int) -> AbstractAsyncContextManager[None]:
        """Its turn to hand on so many items."""
        return self._news.turns.turn(self._who, items)

    def wake(self) -> None:
        self._woken.set()

    async def wait(self, after: int, seconds: float | None) -> tuple[bool, int]:
        """Waits for a change, so many seconds at most. Returns whether there is one, and from where on to read.

        `after` is where the watcher has come to, and it has read all that there was; up to what is returned there is
        nothing that concerns it, though it has not looked.
        """
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return False, max(after, self._news.position)
        self._woken.clear()
        return True, after


class News:
    """The one look of a process for all watchers of one thing. It is taken only while there are any."""

    def __init__(self, look: Look, waker: Waker) -> None:
        self._look = look
        self._alarm = waker.alarm()
        self._watchers: defaultdict[Hashable, set[Watcher]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None
        self._reading: dict[Hashable, asyncio.Task[Any]] = {}
        self._position: int | None = None
        self.turns = Turns()
        self.looks = 0
        """How often it has looked."""

    @property
    def position(self) -> int:
        """So far everybody has been woken whom it concerns."""
        return self._position or 0

    @contextmanager
    def watching(self, who: Hashable) -> Iterator[Watcher]:
        """A watcher of what concerns `who`. What changes from now on wakes it."""
        watcher = Watcher(self, who)
        self._watchers[who].add(watcher)
        if self._looking is None:
            self._looking = asyncio.create_task(forever("watch", self._run), name="watch")
        try:
            yield watcher
        finally:
            self._watchers[who].discard(watcher)
            if not self._watchers[who]:
                del self._watchers[who]
            if not self._watchers and self._looking is not None:
                self._looking.cancel()
                self._looking = self._position = None

    async def shared(self, what: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What is read by many at once is read once. A change that woke its reader is in it: the position says so."""
        key = (what, self._position)
        task = self._reading.get(key)
        if task is None:
            task = asyncio.ensure_future(read())
            self._reading[key] = task
            task.add_done_callback(lambda _: self._reading.pop(key))
        return await asyncio.shield(task)

    async def _run(self) -> None:
        while True:
            found = await self._look(self._position)
            self.looks += 1
            # Whoever came before the first look may have read what was there before it, and not what came after.
            concerned = tuple(self._watchers) if self._position is None else found.concerned
            self._position = max(found.position, self.position)
            for who in concerned:
                for watcher in self._watchers.get(who, ()):
                    watcher.wake()
            if not found.more:
                await asyncio.sleep(SHORTEST)
                await self._alarm.wait(LONGEST - SHORTEST)


async def follow(
    read: Callable[[int], Awaitable[Batch[T]]], after: int, watcher: Watcher, *, heartbeat: float | None = None
) -> AsyncIterator[tuple[int, T | None]]:
    """Each item with its position, from behind `after` on, for ever.

    None stands for an item when there was nothing to tell for `heartbeat` seconds: the position is good to go on from.
    """
    told = monotonic()
    while True:
        batch = await read(after)
        async with watcher.turn(len(batch.items)):
            for position, item in batch.items:
                yield position, item
                told = monotonic()
        after = batch.position
        if heartbeat is not None and monotonic() - told >= heartbeat:
            yield after, None
            told = monotonic()
        while not batch.more:
            woken, after = await watcher.wait(after, _rest(heartbeat, told))
            if woken:
                break
            yield after, None
            told = monotonic()


def _rest(heartbeat: float | None, told: float) -> float | None:
    return None if heartbeat is None else max(heartbeat - (monotonic() - told), 0.01)
