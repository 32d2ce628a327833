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

from libs.common.outages import Outage, in_a_line, is_outage
from libs.common.store.reading import Log
from libs.common.waking import cancelled

log = logging.getLogger(__name__)

TERM_SECONDS = 3.0
PROLONGED_AFTER = 0.4
"""The part of a term after which it is prolonged."""
GIVEN_UP = 0.8
"""The part of a term that prolonging may take: the end of the term is then not far behind, as another may lead."""

_TAKE = """
INSERT INTO lease (name, holder, epoch, until) VALUES (%(name)s, %(holder)s, 1, clock_timestamp() + %(term)s::interval)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
    epoch = lease.epoch + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END
WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
RETURNING epoch
"""
_TAKEN = "SELECT 1 FROM lease WHERE name = %s AND holder <> %s AND until >= clock_timestamp()"
_PROLONG = """
UPDATE lease SET until = clock_timestamp() + %(term)s::interval
WHERE name = ANY(%(names)s) AND holder = %(holder)s AND until >= clock_timestamp()
RETURNING name
"""


class Leases:
    """The leases of one process; `holder` names it. Those it holds are prolonged together."""

    def __init__(self, store: Log, holder: str, term: float = TERM_SECONDS) -> None:
        self._log = store
        self._holder = holder
        self._term = term
        self.held: set[str] = set()
        self._lost: dict[str, asyncio.Event] = {}
        self._prolonging: asyncio.Task[None] | None = None

    async def lead(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs `work` whenever, and only as long as, this process holds the lease `name`; until cancelled."""
        while True:
            if await self._is_free(name) and await self._take(name):
                await self._work(name, work)
            await asyncio.sleep(self._term / 3)

    async def _work(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        lost = self._hold(name)
        losing, task = asyncio.create_task(lost.wait()), asyncio.create_task(_run(work))
        try:
            await asyncio.wait({task, losing}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            else:
                log.warning("lease lost", extra={"lease": name})
        finally:
            losing.cancel()
            self.held.discard(name)
            self._lost.pop(name, None)
            await cancelled([task])
            await self._release(name)

    def _hold(self, name: str) -> asyncio.Event:
        """Notes a lease that was just taken; what is returned is set when it is lost."""
        self.held.add(name)
        self._lost[name] = asyncio.Event()
        if self._prolonging is None or self._prolonging.done():
            self._prolonging = asyncio.create_task(self._prolong(), name="leases")
        return self._lost[name]

    async def _prolong(self) -> None:
        """Prolongs all that is held, as long as anything is; what can't be prolonged in time is lost."""
        while True:
            await asyncio.sleep(self._term * PROLONGED_AFTER)
            names = list(self._lost)
            if not names:
                return
            try:
                kept = await self._prolonged(names)
            except Exception as error:
                # Whatever it is: who can't say that it leads, must not.
                log.warning("leases can't be prolonged: %s", in_a_line(error), exc_info=not is_outage(error))
                kept = set()
            for name in names:
                if name not in kept and name in self._lost:
                    self._lost[name].set()

    async def _prolonged(self, names: list[str]) -> set[str]:
        parameters = {"names": names, "holder": self._holder, "term": f"{self._term} seconds"}
        return {row[0] for row in await asyncio.wait_for(self._log.all(_PROLONG, parameters), self._term * GIVEN_UP)}

    async def _is_free(self, name: str) -> bool:
        """Whether it is worth while to try: looking writes nothing."""
        try:
            rows = await asyncio.wait_for(self._log.all(_TAKEN, (name, self._holder)), self._term)
        except TimeoutError:
            return False
        return not rows

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
