"""Following something that grows, for streams that end only with their client: the one loop of all `Watch…` methods.

A watcher reads so many items behind its position and hands them on one by one; it reads no more before its client has
taken them, so a slow client costs one batch of memory. Where nothing new is, it waits and now and then says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from libs.common.store.reading import Head, Log

T = TypeVar("T")

PAUSE = 0.2
"""Seconds between looks while nothing happens."""
HEARTBEAT = 15.0
"""Seconds of silence after which a client is told how far its stream has come."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """The next items, and the position behind all that was looked at for them; `more` says there is more already."""

    items: Sequence[tuple[int, T]]
    position: int
    more: bool = False


async def follow(
    read: Callable[[int], Awaitable[Batch[T]]], after: int, *, heartbeat: float | None = None
) -> AsyncIterator[tuple[int, T | None]]:
    """Each item with its position, from behind `after` on, for ever.

    None stands for an item when there was nothing to tell for `heartbeat` seconds: the position is good to go on from.
    """
    told = monotonic()
    while True:
        batch = await read(after)
        for position, item in batch.items:
            yield position, item
            told = monotonic()
        after = batch.position
        if heartbeat is not None and monotonic() - told >= heartbeat:
            yield after, None
            told = monotonic()
        if not batch.more:
            await asyncio.sleep(PAUSE)


class Tail:
    """Where a log ends, asked at most once in `PAUSE` seconds for all who watch it."""

    def __init__(self, store: Log) -> None:
        self._log = store
        self._asking = asyncio.Lock()
        self._head: Head | None = None
        self._asked = 0.0

    async def head(self) -> Head:
        """The head of the log, no older than one pause."""
        async with self._asking:
            if self._head is None or monotonic() - self._asked >= PAUSE:
                asked = monotonic()
                self._head = await self._log.head()
                self._asked = asked
            return self._head
