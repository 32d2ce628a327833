"""The gauges of one process: how long its queues are, how far its workers lag, and how full its guards are."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from libs.common import telemetry
from libs.common.application import Application
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.relay import relayed
from libs.common.projection.tables import ReadTables

EVERY_SECONDS = 5.0

_PARKED = "SELECT upstream, count(*) FROM parked WHERE dropped_at IS NULL GROUP BY upstream"
_FULLEST = "SELECT split_part(key, ':', 1), max(used::numeric / nullif(\"limit\", 0)) FROM guard GROUP BY 1"


class Gauges:
    """Reads what there is to read every few seconds, and sets the instruments of `telemetry`."""

    def __init__(self, application: Application, tables: ReadTables, consumers: Mapping[str, Consumer]) -> None:
        self._application = application
        self._log = application.log
        self._tables = tables
        self._consumers = consumers

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(EVERY_SECONDS)

    async def read(self) -> None:
        """Sets every gauge once."""
        head = await self._log.head()
        telemetry.QUEUE_DEPTH.set(self._application.committer.depth)
        telemetry.RELAY_LAG.set(head.outbox_position - await relayed(self._log))
        telemetry.PROJECTION_LAG.set(head.position - await self._tables.position())
        parked = {str(upstream): int(count) for upstream, count in await self._log.all(_PARKED)}
        for upstream, consumer in self._consumers.items():
            labels = {"upstream": upstream}
            telemetry.PARKED.set(parked.get(upstream, 0), labels)
            telemetry.CONSUMER_LAG.set(consumer.lag, labels)
            if consumer.heard_at is not None:
                age = datetime.now(UTC) - consumer.heard_at
                telemetry.CONSUMER_LAG_SECONDS.set(age.total_seconds() if consumer.lag else 0.0, labels)
        for kind, share in await self._log.all(_FULLEST):
            if share is not None:
                telemetry.GUARD_USED.set(float(share), {"guard": kind})
