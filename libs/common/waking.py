"""Waking up the workers of one process, and keeping them at work. What wakes them is in `libs.common.pulse`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from libs.common.outages import in_a_line, is_outage

log = logging.getLogger(__name__)


class Waker:
    """Tells all who wait that the log, the clock or something else has moved."""

    def __init__(self) -> None:
        self._alarms: list[Alarm] = []

    def nudge(self, but: "Alarm | None" = None) -> None:
        """Wakes everyone who waits, except the one who says so itself."""
        for alarm in self._alarms:
            if alarm is not but:
                alarm.ring()

    def alarm(self) -> "Alarm":
        """One worker's own alarm; it remembers a nudge that comes while the worker is busy."""
        alarm = Alarm()
        self._alarms.append(alarm)
        return alarm


class Alarm:
    """Waits for the next nudge."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wakes the one who waits, or who will."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Returns at the next nudge, at once if one came since the last wait, and after `seconds` at the latest."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._event.clear()


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
