"""The pulse of one process: one question tells all of its workers what others have changed, and wakes whom it concerns.

It is asked at once when this process writes and when another process says so over NATS (`Bus.tell`), and otherwise
ever less often, for as long as nothing happens. What is said over NATS only makes it quicker: while NATS is away the
question is asked as often as it may be. PostgreSQL's NOTIFY takes a cluster-wide lock at commit and is not used.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from time import monotonic

from libs.common.clock import Clock, MovableClock
from libs.common.messaging.jetstream import Bus, Hint
from libs.common.projection.tables import ReadTables
from libs.common.store.reading import Log
from libs.common.waking import Waker

log = logging.getLogger(__name__)

SHORTEST = 0.1
"""Seconds between two questions at least."""
LONGEST = 1.0
"""Seconds after which the question is asked in any case: so late is noticed what nobody has told."""
AWAKE = 2.0
"""Seconds after a change for which it is asked as often as it may be: one change seldom comes alone."""

_QUESTION = """
SELECT position, outbox_position,
    (SELECT position FROM cursor WHERE name = 'relay'),
    (SELECT value FROM setting WHERE key = 'clock.offset'),
    (SELECT value FROM setting WHERE key = %s),
    (SELECT due_at FROM timer WHERE claimed_until IS NULL OR claimed_until < clock_timestamp() ORDER BY due_at LIMIT 1)
FROM head
"""


class Pulse:
    """Nudges `waker` when the log has moved or the relay's cursor was turned back, `timers` when one is due."""

    def __init__(
        self, service: str, store: Log, tables: ReadTables, clock: Clock, bus: Bus, *, waker: Waker, timers: Waker
    ) -> None:
        self._service = service
        self._log = store
        self._tables = tables
        self._clock = clock
        self._bus = bus
        self._waker = waker
        self._timers = timers
        self._alarm = waker.alarm()
        self.seen = Hint(0, 0)
        """Where the log and its outbox stood at the last beat."""
        self.published = 0
        """Where the relay's cursor stood."""
        self.beats = 0
        """How often the question was answered."""
        self._due_at: datetime | None = None
        self._moved_at = monotonic()
        self._pause = SHORTEST

    async def run(self) -> None:
        """Runs until cancelled."""
        async with self._bus.listening(self._service, self._told):
            while True:
                await self.beat()
                await asyncio.sleep(SHORTEST)
                await self._alarm.wait(self._until_next() - SHORTEST)

    async def beat(self) -> None:
        """Asks once, and wakes whom the answer concerns."""
        row = await self._log.one(_QUESTION, (self._tables.setting,))
        assert row is not None
        self.beats += 1
        position, outbox_position, cursor, offset, schema, self._due_at = row
        self._follow(None if offset is None else timedelta(microseconds=int(offset)), schema)
        before, self.seen = self.seen, Hint(position, outbox_position)
        turned_back, self.published = (cursor or 0) < self.published, cursor or 0
        if before != self.seen or turned_back:
            self._moved_at, self._pause = monotonic(), SHORTEST
            self._waker.nudge(but=self._alarm)
        if before != self.seen:
            await self._bus.tell(self._service, self.seen)
        if self._due_at is not None and self._due_at <= self._clock.now():
            self._timers.nudge()

    def _follow(self, offset: timedelta | None, schema: str | None) -> None:
        """Takes over a time that another process was told, and a generation of read tables that it has switched to."""
        if isinstance(self._clock, MovableClock) and offset is not None and offset > self._clock.offset:
            self._clock.offset = offset
            self._timers.nudge()
        if schema is not None and schema != self._tables.schema:
            self._tables.schema = schema
            self._waker.nudge(but=self._alarm)

    def _told(self, hint: Hint) -> None:
        """Another process of this service says how far the log has come."""
        if hint.position > self.seen.position:
            self._alarm.ring()

    def _until_next(self) -> float:
        """Seconds until the next question: doubled from one to the next while nothing happens, never past a timer."""
        if not self._bus.connected or monotonic() < self._moved_at + AWAKE:
            self._pause = SHORTEST
        else:
            self._pause = min(self._pause * 2, LONGEST)
        if self._due_at is None:
            return self._pause
        return min(self._pause, max((self._due_at - self._clock.now()).total_seconds(), SHORTEST))
