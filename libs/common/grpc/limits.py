"""A limit of time that is the same for every call, so that one timer is enough for all that run."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class TimeIsUp(Exception):
    """The limit has passed."""


class Limit:
    """Cancels whatever runs longer than so many seconds. The oldest comes first, as all have the same time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; TimeIsUp if it took too long. One at a time in a task."""
        task = asyncio.current_task()
        assert task is not None
        cancelled_before = task.cancelling()
        loop = task.get_loop()
        self._until[task] = until = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._expire, loop)
        try:
            return await work
        except asyncio.CancelledError:
            # What is cancelled from elsewhere, too, stays cancelled.
            if task not in self._until and task.uncancel() <= cancelled_before:
                raise TimeIsUp from None
            raise
        finally:
            self._until.pop(task, None)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for task, until in list(self._until.items()):
            if until > now:
                self._timer = loop.call_at(until, self._expire, loop)
                return
            del self._until[task]
            task.cancel()
