"""The whole scene on a running stack: the year, the portfolio, the incidents, and then every check."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from deploy.local.checks import Check, Figure, Invariant
from deploy.local.flow import Watcher
from deploy.local.invariants import invariants
from deploy.local.players import Players
from deploy.local.portfolio.play import Portfolio
from deploy.local.reporting import Reported, report_incidents
from deploy.local.stack import Stack
from deploy.local.year.play import Year

T = TypeVar("T")


@dataclass
class Outcome:
    """What the scene came to."""

    figures: list[Figure] = field(default_factory=list)
    invariants: list[Invariant] = field(default_factory=list)
    reported: Reported | None = None

    @property
    def checks(self) -> list[Check]:
        return [*self.figures, *self.invariants, *(self.reported.checks() if self.reported else ())]


async def play(players: Players, watcher: Watcher, enterprises: int, incidents: Path) -> Outcome:
    """Plays everything; a second time on the same data changes nothing and comes to the same."""
    outcome = Outcome()
    year = Year(players.cast, players.cluster)
    advance = watcher.stage("the year", len(year.days()))
    async for day, title in year.play():
        watcher.tell(f"{day}  {title}")
        advance()
    outcome.figures = year.scene.figures
    portfolio = Portfolio(players.cast, players.cluster, year.scene, watcher, enterprises)
    await portfolio.play()
    outcome.reported = await report_incidents(players, incidents, portfolio.sold, watcher)
    outcome.invariants = await invariants(players.cast, players.cluster)
    return outcome


async def while_alive(stack: Stack, work: Awaitable[T]) -> T:
    """Does the work; if a process of the stack dies meanwhile, the work ends with that error at once."""
    working = asyncio.ensure_future(work)
    watching = asyncio.create_task(watch(stack))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return await working
    finally:
        for task in (working, watching):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def watch(stack: Stack) -> None:
    """Looks after the processes until cancelled; ServerError when one has died."""
    while True:
        stack.check()
        await asyncio.sleep(0.5)
