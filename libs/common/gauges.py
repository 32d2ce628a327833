"""The gauges of one process: how long its queues are, for how long their first one waits, and how full its guards are.

They are read only where somebody takes the metrics. Every process of a service shows what stands in its database; only
the one that leads a consumer knows how far that upstream has come.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from libs.common import telemetry
from libs.common.application import Application
from libs.common.clock import Clock
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.relay import CURSOR
from libs.common.projection.aside import standing
from libs.common.projection.tables import ReadTables

EVERY_SECONDS = 5.0

# Instants of the log are those of the service's clock.
_UNPUBLISHED = """
SELECT (SELECT outbox_position FROM head) - reached.position,
    (SELECT recorded_at FROM outbox WHERE outbox.position = reached.position + 1)
FROM (SELECT coalesce((SELECT position FROM cursor WHERE name = %s), 0) AS position) AS reached
"""
_UNPROJECTED = """
SELECT (SELECT position FROM head) - %(reached)s,
    (SELECT recorded_at FROM event WHERE position = %(reached)s::bigint + 1)
"""
_OVERDUE = "SELECT count(*), min(due_at) FROM timer WHERE due_at <= %s"
_PARKED = "SELECT upstream, count(*), min(parked_at) FROM parked WHERE dropped_at IS NULL GROUP BY upstream"
_FULLEST = "SELECT split_part(key, ':', 1), max(used::numeric / nullif(\"limit\", 0)) FROM guard GROUP BY 1"


class Gauges:
    """Reads what there is to read every few seconds, and sets the instruments of `telemetry`."""

    def __init__(
        self, application: Application, tables: ReadTables, consumers: Mapping[str, Consumer], clock: Clock
    ) -> None:
        self._application = application
        self._log = application.log
        self._tables = tables
        self._consumers = consumers
        self._clock = clock

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(EVERY_SECONDS)

    async def read(self) -> None:
        """Sets every gauge once."""
        telemetry.QUEUE_DEPTH.set(self._application.committer.depth)
        (unpublished, since), *_ = await self._log.all(_UNPUBLISHED, (CURSOR,))
        telemetry.RELAY_LAG.set(unpublished)
        telemetry.RELAY_LAG_SECONDS.set(self._age(since))
        reached = {"reached": await self._tables.position()}
        (unprojected, since), *_ = await self._log.all(_UNPROJECTED, reached)
        telemetry.PROJECTION_LAG.set(unprojected)
        telemetry.PROJECTION_LAG_SECONDS.set(self._age(since))
        aside = await standing(self._tables)
        telemetry.SET_ASIDE.set(aside.events)
        telemetry.SET_ASIDE_SECONDS.set(aside.seconds)
        (overdue, since), *_ = await self._log.all(_OVERDUE, (self._clock.now(),))
        telemetry.TIMERS_OVERDUE.set(overdue)
        telemetry.TIMERS_OVERDUE_SECONDS.set(self._age(since))
        await self._read_upstreams()
        for kind, share in await self._log.all(_FULLEST):
            if share is not None:
                telemetry.GUARD_USED.set(float(share), {"guard": kind})

    async def _read_upstreams(self) -> None:
        parked = {upstream: (count, since) for upstream, count, since in await self._log.all(_PARKED)}
        for upstream, consumer in self._consumers.items():
            labels = {"upstream": upstream}
            count, since = parked.get(upstream, (0, None))
            telemetry.PARKED.set(count, labels)
            telemetry.PARKED_SECONDS.set(self._age(since), labels)
            telemetry.CONSUMER_LAG.set(consumer.lag, labels)
            if consumer.heard_at is not None:
                age = datetime.now(UTC) - consumer.heard_at
                telemetry.CONSUMER_LAG_SECONDS.set(age.total_seconds() if consumer.lag else 0.0, labels)

    def _age(self, since: datetime | None) -> float:
        """Seconds of the service's clock; 0 if nothing waits."""
        return 0.0 if since is None else max((self._clock.now() - since).total_seconds(), 0.0)
