"""Much work at once, but not too much, with a bar for whoever watches."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")
Advance = Callable[[], None]

IN_FLIGHT = 64


class Watcher(Protocol):
    """Somebody who wants to see how far the work has come."""

    def stage(self, title: str, steps: int) -> Advance:
        """Begins a stage of so many steps; the answer is called after each of them."""
        ...

    def tell(self, text: str) -> None:
        """Says in a line what happens now."""
        ...


class Unwatched:
    """Nobody looks."""

    def stage(self, title: str, steps: int) -> Advance:
        return lambda: None

    def tell(self, text: str) -> None:
        """Nobody listens."""


async def each(items: Iterable[T], work: Callable[[T], Awaitable[None]], advance: Advance) -> None:
    """Works on every item, on some of them at a time. The first failure ends the others and is raised."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)
            advance()

    workers = [asyncio.create_task(worker()) for _ in range(IN_FLIGHT)]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
