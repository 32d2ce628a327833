"""Timers: rows written with the event that starts them, fired as commands whose request id is the timer's.

Any process may fire any timer: claims skip what another one has claimed, and the append consumes the timer together
with what it led to, so that it happens once. A firing that fails keeps its timer and is tried again later.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import telemetry
from libs.common.application import Application, Plan
from libs.common.clock import Clock
from libs.common.context import Call
from libs.common.outages import in_a_line, is_outage
from libs.common.service import Firing
from libs.common.store.reading import Log
from libs.common.unit import Unit
from libs.common.waking import Waker

log = logging.getLogger(__name__)

CLAIM_SECONDS = 30
BATCH = 100
LONGEST_SLEEP = 5.0
"""Seconds after which it looks by itself; it is woken when a timer is due (`libs.common.pulse`)."""

_CLAIM = """
UPDATE timer SET claimed_until = clock_timestamp() + %s * interval '1 second'
WHERE id IN (
    SELECT id FROM timer
    WHERE due_at <= %s AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING id, stream, name, tenant, due_at
"""


class Timers:
    """Fires the timers of one service when they are due by its clock."""

    def __init__(
        self, application: Application, firing: Mapping[str, Firing], clock: Clock, store: Log, waker: Waker
    ) -> None:
        self._application = application
        self._firing = firing
        self._clock = clock
        self._log = store
        self._alarm = waker.alarm()

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            if not await self.fire_due():
                await self._alarm.wait(LONGEST_SLEEP)

    async def fire_due(self) -> int:
        """Claims and fires what is due now; how many were claimed."""
        rows = await self._log.all(_CLAIM, (CLAIM_SECONDS, self._clock.now(), BATCH))
        for timer, stream, name, tenant, due_at in sorted(rows, key=lambda row: row[4]):
            await self._fire(timer, stream, name, tenant, due_at)
        return len(rows)

    async def _fire(self, timer: UUID, stream: UUID, name: str, tenant: str, due_at: datetime) -> None:
        now = self._clock.now()
        telemetry.TIMERS_LATE.record(max(now - due_at, timedelta()).total_seconds())
        firing = self._firing.get(name.partition(":")[0])
        with telemetry.span(f"timer {name.partition(':')[0]}"):
            call = Call(
                tenant=tenant,
                organisation="",
                principal=f"timer:{name}",
                roles=frozenset(),
                request_id=str(timer),
                fingerprint=b"timer",
                now=now,
                correlation_id=str(timer),
                causation_id=f"{stream}/{name}",
                traceparent=telemetry.current_traceparent(),
            )
            try:
                if firing is None:
                    raise LookupError(f"nothing fires the timer {name}")
                await self._application.fire(call, timer, _plan(firing, stream))
            except Exception as error:
                names = {"timer": name, "stream": str(stream)}
                if is_outage(error):
                    log.warning("timer is tried again: %s", in_a_line(error), extra=names)
                else:
                    log.exception("timer failed and is tried again", extra=names)


def _plan(firing: Firing, stream: UUID) -> Plan:
    async def plan(unit: Unit) -> None:
        await firing(unit, stream)

    return plan
