"""The relay: publishes the outbox to JetStream, in order, from a cursor that can be turned back.

One leader per service. Publishing twice is harmless (consumers go by position), so the cursor may lag behind.
"""

import asyncio
import logging
from uuid import UUID

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NoStreamResponseError

from libs.common.messaging.jetstream import Bus, stream_name, subject_name
from libs.common.messaging.signing import Signer
from libs.common.store.reading import Log, OutboxRow
from libs.common.waking import Waker

log = logging.getLogger(__name__)

WINDOW = 256
PUBLISH_SECONDS = 5.0
LONGEST_SLEEP = 5.0
"""Seconds after which it looks by itself; what there is to do wakes it."""
CURSOR = "relay"

# Only if nobody turned the cursor meanwhile. It need not be on disk: the relay begins behind it after a crash, and
# publishes a few announcements again.
_MOVE = """
UPDATE cursor SET position = %s
WHERE name = %s AND position = %s AND set_config('synchronous_commit', 'off', true) = 'off'
"""


class Relay:
    """Publishes one service's announcements, signed."""

    def __init__(self, service: str, store: Log, bus: Bus, waker: Waker, signer: Signer) -> None:
        self._service = service
        self._log = store
        self._bus = bus
        self._signer = signer
        self._alarm = waker.alarm()
        self._log_id: UUID | None = None

    async def run(self) -> None:
        """Runs until cancelled; raises when NATS fails, to be begun again from the cursor."""
        jetstream = await self._bus.jetstream()
        await self._bus.ensure_stream(jetstream, self._service)
        await self._log.run(
            "INSERT INTO cursor (name, position) VALUES (%s, 0) ON CONFLICT (name) DO NOTHING", (CURSOR,)
        )
        interruptions = self._bus.interruptions
        while True:
            if self._bus.interruptions != interruptions and self._bus.connected:
                # Consumers may not make our stream, and wait for it if it was lost.
                interruptions = self._bus.interruptions
                await self._bus.ensure_stream(jetstream, self._service)
            if not await self.publish_next(jetstream):
                await self._alarm.wait(LONGEST_SLEEP)

    async def publish_next(self, jetstream: JetStreamContext) -> int:
        """Publishes the next window and moves the cursor; how many announcements that were."""
        if self._log_id is None:
            self._log_id = (await self._log.head()).id
        rows = await self._log.unpublished(CURSOR, WINDOW)
        if not rows:
            return 0
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await asyncio.gather(*(self._publish(jetstream, row) for row in rows))
        except NoStreamResponseError:
            await self._bus.ensure_stream(jetstream, self._service)
            return 1  # Again at once, from the same cursor.
        except (TimeoutError, NatsError) as error:
            log.warning("publishing failed and is tried again", extra={"error": type(error).__name__})
            await asyncio.sleep(0.5)
            return 1
        await self._log.run(_MOVE, (rows[-1].position, CURSOR, rows[0].position - 1))
        return len(rows)

    async def _publish(self, jetstream: JetStreamContext, row: OutboxRow) -> None:
        await jetstream.publish(
            subject_name(self._service, row.type, row.tenant),
            row.data,
            timeout=PUBLISH_SECONDS,
            stream=stream_name(self._service),
            headers=self._signer.sign(headers_of(self._service, self._log_id, row), row.data),
        )


def headers_of(service: str, log_id: UUID | None, row: OutboxRow) -> dict[str, str]:
    """CloudEvents attributes in NATS headers (binary mode), and the id by which JetStream drops a quick repeat."""
    headers = {
        "Nats-Msg-Id": f"{service}@{log_id}/{row.position}",
        "ce-specversion": "1.0",
        "ce-id": f"{service}/{row.position}",
        "ce-source": f"/hubao/{service}",
        "ce-type": row.type,
        "ce-subject": str(row.subject),
        "ce-time": row.recorded_at.isoformat(),
        "ce-datacontenttype": "application/protobuf",
        "ce-logid": str(log_id),
        "ce-tenant": row.tenant,
        "ce-position": str(row.position),
        "ce-logposition": str(row.log_position),
        "ce-correlationid": row.correlation_id,
    }
    if row.traceparent:
        headers["traceparent"] = row.traceparent
    return headers


async def relayed(store: Log) -> int:
    """The last outbox position that JetStream has acknowledged."""
    row = await store.one("SELECT position FROM cursor WHERE name = %s", (CURSOR,))
    return int(row[0]) if row else 0
