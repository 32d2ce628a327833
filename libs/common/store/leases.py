"""Leases: one leader for each singleton of a service, in the service's own database.

A lease has a term and an epoch. Whoever lets the term pass loses it, and the next holder's epoch is higher. What a
leader does must be harmless when it is done twice, for a paused process does not know that its term has passed:
the relay only repeats publications, and a consumer's append names the position that it continues from.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from libs.common.outages import Outage
from libs.common.store.reading import Log
from libs.common.waking import cancelled

log = logging.getLogger(__name__)

TERM_SECONDS = 3.0

_TAKE = """
INSERT INTO lease (name, holder, epoch, until) VALUES (%(name)s, %(holder)s, 1, clock_timestamp() + %(term)s::interval)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
    epoch = lease.epoch + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END
WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
RETURNING epoch
"""


class Leases:
    """The leases of one process; `holder` names it."""

    def __init__(self, store: Log, holder: str, term: float = TERM_SECONDS) -> None:
        self._log = store
        self._holder = holder
        self._term = term
        self.held: set[str] = set()

    async def lead(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs `work` whenever, and only as long as, this process holds the lease `name`; until cancelled."""
        while True:
            if await self._take(name):
                await self._work(name, work)
            await asyncio.sleep(self._term / 3)

    async def _work(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self.held.add(name)
        task = asyncio.create_task(_run(work))
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._term / 3)
                if not task.done() and not await self._take(name):
                    log.warning("lease lost", extra={"lease": name})
                    break
            if task.done():
                task.result()
        finally:
            self.held.discard(name)
            await cancelled([task])
            await self._release(name)

    async def _take(self, name: str) -> bool:
        parameters = {"name": name, "holder": self._holder, "term": f"{self._term} seconds"}
        try:
            rows = await asyncio.wait_for(self._log.all(_TAKE, parameters), self._term)
        except TimeoutError:
            return False
        return bool(rows)

    async def _release(self, name: str) -> None:
        """Lets others take it at once; if the database is away, they wait until the term has passed."""
        with suppress(psycopg.Error, Outage, TimeoutError):
            async with asyncio.timeout(self._term):
                await self._log.run(
                    "UPDATE lease SET until = clock_timestamp() WHERE name = %s AND holder = %s", (name, self._holder)
                )


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
