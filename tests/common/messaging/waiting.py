"""Running workers, and waiting for what they should lead to: for as long as a slow machine may take, and no longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from libs.common.messaging.relay import relayed
from libs.common.waking import cancelled, forever
from tests.common.messaging.town import TOWER, NoBell, Node, Tower


@asynccontextmanager
async def working(*workers: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(forever("test", worker, pause=0.1)) for worker in workers]
    try:
        yield
    finally:
        await cancelled(tasks)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def total(tower: Node) -> int:
    rows = await tower.application.history(Tower, TOWER, NoBell(name=""), tenant=None)
    return rows[-1].value.total


def heard(tower: Node, hours: int) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        with suppress(NoBell):
            return await total(tower) >= hours
        return False

    return condition


def published_all(bell: Node) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return await relayed(bell.log) == (await bell.log.head()).outbox_position

    return condition
