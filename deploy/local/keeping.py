"""Keeps a stack up: a service's process that dies is started again, which is said, until it dies too often."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.local.servers import ServerError
from deploy.local.stack import Stack

MOST_RESTARTS, WITHIN_SECONDS = 5, 60.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
LOOK_EVERY = 0.5


@dataclass
class Restarts:
    """When each process was started again, and how long to wait before the next time."""

    most: int = MOST_RESTARTS
    within: float = WITHIN_SECONDS
    _times: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def allow(self, name: str, now: float) -> float | None:
        """Seconds to wait before the process is started again, doubled each time; None when it has died too often."""
        times = self._times[name]
        while times and now - times[0] >= self.within:
            times.popleft()
        if len(times) >= self.most:
            return None
        times.append(now)
        return float(min(FIRST_WAIT * 2 ** (len(times) - 1), LONGEST_WAIT))


async def keep_up(stack: Stack, tell: Callable[[str], None], restarts: Restarts | None = None) -> None:
    """Looks after the processes until cancelled. ServerError when a server has died, or a service too often."""
    allowed = restarts or Restarts()
    while True:
        stack.check_servers()
        for name in stack.dead():
            await _restart(stack, name, tell, allowed)
        await asyncio.sleep(LOOK_EVERY)


async def _restart(stack: Stack, name: str, tell: Callable[[str], None], allowed: Restarts) -> None:
    child = stack.services[name]
    wait = allowed.allow(name, time.monotonic())
    ended = f"{name} ended with status {child.exit_status}"
    if wait is None:
        raise ServerError(f"{ended}, for the {allowed.most + 1}th time in a minute; its log ends:\n{child.tail()}")
    tell(f"{ended}; it is started again in {wait:g} s")
    await asyncio.sleep(wait)
    stack.start_service(name)
