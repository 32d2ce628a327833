"""Waking up the workers of one process: at once for what this process writes, by one poll for what others write.

PostgreSQL's NOTIFY takes a cluster-wide lock at commit and is not used.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from libs.common.outages import in_a_line, is_outage
from libs.common.store.reading import Head, Log

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1


class Waker:
    """Tells all who wait that the log, the clock or something else has moved."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def nudge(self) -> None:
        """Wakes everyone who waits."""
        for event in self._waiting:
            event.set()

    def alarm(self) -> "Alarm":
        """One worker's own alarm; it remembers a nudge that comes while the worker is busy."""
        event = asyncio.Event()
        self._waiting.add(event)
        return Alarm(event)


class Alarm:
    """Waits for the next nudge."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, seconds: float) -> None:
        """Returns at the next nudge, at once if one came since the last wait, and after `seconds` at the latest."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._event.clear()


class HeadWatcher:
    """Polls the head row once for the whole process and nudges when another process has written."""

    def __init__(self, store: Log, waker: Waker) -> None:
        self._log = store
        self._waker = waker
        self.head: Head | None = None

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            head = await self._log.head()
            if self.head is None or head.position != self.head.position:
                self.head = head
                self._waker.nudge()
            await asyncio.sleep(POLL_SECONDS)


async def cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Ends tasks; asks again where a library has swallowed a cancellation."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)


async def forever(name: str, work: Callable[[], Awaitable[None]], pause: float = 0.5) -> None:
    """Runs a worker until cancelled; when it fails, says so in the log and begins again after a pause.

    An outage is one line; anything else may be a bug, and the log gets all of it.
    """
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if is_outage(error):
                log.warning("worker %s begins again: %s", name, in_a_line(error))
            else:
                log.exception("worker %s failed and begins again", name)
        await asyncio.sleep(pause)
