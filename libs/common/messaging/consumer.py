"""The consumer: takes one upstream's announcements strictly in order, from JetStream or, where that has gaps, from
the owner's feed.

JetStream brings news quickly; the feed is what is true. When nothing comes for a while the feed is asked, so that a
lost stream, or NATS being away, delays and never loses.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import grpc
from hubao.feed.v1.feed_service_pb2 import Announcement
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.common.messaging.feed import Feed, announcement_in, log_id_in
from libs.common.messaging.hearing import Hearing
from libs.common.messaging.jetstream import Bus, stream_name
from libs.common.outages import OutOfStep, in_a_line, is_outage
from libs.common.store.reading import Log

log = logging.getLogger(__name__)

BATCH = 200
FETCH_SECONDS = 1.0
RETRY_SECONDS = 0.2


class Consumer:
    """One service's ear at one upstream; `run` is led by a lease."""

    def __init__(self, service: str, hearing: Hearing, feed: Feed, bus: Bus, store: Log) -> None:
        self._service = service
        self._hearing = hearing
        self._feed = feed
        self._bus = bus
        self._log = store
        self.position = 0
        self.lag = 0
        """How many announcements are known to wait."""
        self.heard_at: datetime | None = None
        """When the last one was handled, in real time."""

    async def run(self) -> None:
        """Runs until cancelled; raises when it should begin again from what the database says."""
        self.position = await self._log.tracking(self._hearing.upstream)
        await self._hearing.open()
        await self._catch_up()
        if not self._feed.log_id:
            # What lies in JetStream can't be told from that of another log of the same name until the owner answers.
            await asyncio.sleep(RETRY_SECONDS)
            return
        jetstream = await self._joined()
        try:
            subscription = await self._subscribe(jetstream)
        except NatsError:
            await self._feed_only()
            return
        while True:
            try:
                messages = await subscription.fetch(BATCH, timeout=FETCH_SECONDS)
            except TimeoutError:
                if await self._catch_up():
                    # The feed had what JetStream did not bring: a subscription goes dead when its server restarts.
                    return
                continue
            except NatsError as error:
                log.warning("JetStream failed; reading the feed", extra={"error": type(error).__name__})
                await self._feed_only()
                return
            await self.take([announcement_in(message) for message in messages if self._is_of_this_log(message)])
            for message in messages:
                await message.ack()

    def _is_of_this_log(self, message: Msg) -> bool:
        if log_id_in(message) == self._feed.log_id:
            return True
        log.warning("an announcement of another log is left out", extra={"upstream": self._hearing.upstream})
        return False

    async def take(self, announcements: list[Announcement]) -> None:
        """Handles announcements in order; old ones do nothing, and what is missing before one is fetched."""
        index = 0
        while index < len(announcements):
            self.lag = max(announcements[-1].position - self.position, 0)
            announcement = announcements[index]
            if announcement.position > self.position + 1:
                await self._backfill(announcement.position - 1)
            if announcement.position == self.position + 1:
                index = await self._step(announcements, index)
            else:
                index += 1
            self.heard_at = datetime.now(UTC)
        self.lag = 0

    async def _step(self, announcements: list[Announcement], index: int) -> int:
        """Handles the announcement at `index`, or skips a run of uninteresting ones; the index behind it."""
        upto = index
        while upto < len(announcements) and not self._hearing.interested(announcements[upto]):
            if announcements[upto].position != announcements[index].position + upto - index:
                break
            upto += 1
        if upto > index:
            last = announcements[upto - 1].position
            await self._persist(lambda: self._hearing.skip(self.position, last))
            self.position = last
            return upto
        await self._persist(lambda: self._hearing.hear(announcements[index]))
        self.position = announcements[index].position
        return index + 1

    async def _persist(self, step: Callable[[], Awaitable[None]]) -> None:
        """Tries a step until it works; an outage is no fault of the announcement. OutOfStep ends this leadership."""
        while True:
            try:
                await step()
                return
            except OutOfStep:
                raise
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("handling waits for the platform: %s", in_a_line(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _backfill(self, upto: int) -> None:
        """Reads and handles what is missing up to a position."""
        while self.position < upto:
            missing = [one for one in await self._feed.read(self.position, BATCH) if one.position <= upto]
            if not missing:
                raise LookupError(f"{self._hearing.upstream} does not have what is missing behind {self.position}")
            log.info("gap filled from the feed", extra={"upstream": self._hearing.upstream, "count": len(missing)})
            await self.take(missing)

    async def _catch_up(self) -> bool:
        """Asks the feed for what is behind our position, and handles it; whether there was anything."""
        found = False
        try:
            while announcements := await self._feed.read(self.position, BATCH):
                found = True
                await self.take(announcements)
        except grpc.aio.AioRpcError as error:
            log.debug("feed does not answer", extra={"upstream": self._hearing.upstream, "code": str(error.code())})
        return found

    async def _feed_only(self) -> None:
        """For a while without JetStream: the feed alone, asked often."""
        for _ in range(10):
            if not await self._catch_up():
                await asyncio.sleep(RETRY_SECONDS)

    async def _joined(self) -> JetStreamContext:
        """JetStream; while it is away, the feed is read."""
        connecting = asyncio.ensure_future(self._bus.connect())
        try:
            while True:
                done, _ = await asyncio.wait({connecting}, timeout=RETRY_SECONDS)
                if done:
                    return connecting.result()
                await self._catch_up()
        finally:
            connecting.cancel()

    async def _subscribe(self, jetstream: JetStreamContext) -> JetStreamContext.PullSubscription:
        upstream = self._hearing.upstream
        await self._bus.ensure_stream(jetstream, upstream)
        return await jetstream.pull_subscribe(
            f"hubao.{upstream}.>",
            durable=self._service,
            stream=stream_name(upstream),
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.ALL, ack_wait=30, max_ack_pending=1000
            ),
        )
