"""Long work beside the event loop: for each kind of it a few threads of its own, and so many callers at most.

What takes long has no place among the threads that everything shares: there it would keep read tables and everybody's
files waiting. A kind of work has places. Whoever gets none is told at once to come again (RESOURCE_EXHAUSTED with
RetryInfo), and one owner has at most a share of them. A place is kept until its thread has let go: work looks at `stop`
between rows or chunks, which tells it that its caller has gone or that the process ends.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from threading import Event
from typing import TypeVar

from libs.common import telemetry
from libs.common.outages import Overloaded

T = TypeVar("T")

Stop = Callable[[], bool]
"""Whether nobody waits for the work any more."""

log = logging.getLogger(__name__)


class Abandoned(Exception):
    """Work has found that nobody waits for it; nobody is left to be told."""


class Place:
    """One caller's place; its pieces of work run one after the other, in turn with those of others."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._stop = Event()
        self.stop: Stop = self._stop.is_set

    async def run(self, work: Callable[[Stop], T]) -> T:
        """Does it in a thread. A caller that is cancelled leaves when the thread has noticed."""
        future = self._threads.submit(work, self.stop)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._stop.set()
            # What has not begun is cancelled with the wrapper. What runs ends at its next look; its error is nobody's.
            if not future.cancelled():
                with suppress(Exception):
                    await asyncio.shield(asyncio.wrap_future(future))
            raise

    def leave(self) -> None:
        self._stop.set()


class Workers:
    """The threads and places of one kind of work in this process."""

    def __init__(self, name: str, *, threads: int, places: int, share: int) -> None:
        """`places` is how many may run or wait at once, `share` how many of them one owner may have."""
        self.name = name
        self._places = places
        self._share = share
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._taken: Counter[str] = Counter()

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._taken.total()

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[Place]:
        """A place for work of several pieces. Overloaded if there is none, or if its owner has too many."""
        if self.busy >= self._places or self._taken[owner] >= self._share:
            telemetry.REFUSALS.add(1, {"reason": f"NO_PLACE_{self.name.upper()}"})
            raise Overloaded(self.name)
        self._taken[owner] += 1
        place = Place(self._threads)
        try:
            yield place
        finally:
            place.leave()
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]

    async def run(self, owner: str, work: Callable[[Stop], T]) -> T:
        """Work of one piece."""
        async with self.place(owner) as place:
            return await place.run(work)
