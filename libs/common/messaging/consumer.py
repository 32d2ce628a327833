"""The consumer: takes one upstream's announcements strictly in order, from JetStream or, where that has gaps, from
the owner's feed.

JetStream brings news quickly; the feed is what is true. When nothing comes for a while the feed is asked, so that a
lost stream, or NATS being away, delays and never loses. Soon after the last news it is asked after a second, and then
ever less often; at once when the connection to NATS breaks, and soon when the owner says that there is more.

What JetStream brings is believed only if its owner has signed it. What it has not is counted and thrown away, and the
feed is asked soon for what may have been in its place.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import monotonic

import grpc
from hubao.feed.v1.feed_service_pb2 import Announcement
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from libs.common.messaging.feed import Feed
from libs.common.messaging.hearing import Hearing
from libs.common.messaging.jetstream import Bus, Hint
from libs.common.messaging.pull import Pull
from libs.common.messaging.rejected import Rejected
from libs.common.messaging.signing import NotBelieved, Verifier
from libs.common.outages import OutOfStep, in_a_line, is_outage
from libs.common.store.reading import Log

log = logging.getLogger(__name__)

BATCH = 200
SHORTEST_SILENCE = 1.0
"""Seconds without news after which the feed is asked, while there was some not long ago."""
LONGEST_SILENCE = 10.0
"""And when there was none for long: the time is doubled from one question to the next."""
TOLD_SECONDS = 0.5
"""For how long JetStream may take to bring what the owner says that there is; so often, too, the feed is asked at most
because of what anybody could have sent."""
MISSED = 2
"""How often the feed may have what JetStream did not bring, before everything is asked for anew."""
RETRY_SECONDS = 0.2


class Consumer:
    """One service's ear at one upstream; `run` is led by a lease."""

    def __init__(self, service: str, hearing: Hearing, feed: Feed, bus: Bus, store: Log, verifier: Verifier) -> None:
        self._service = service
        self._verifier = verifier
        self.rejected = Rejected(hearing.upstream)
        self._hearing = hearing
        self._feed = feed
        self._bus = bus
        self._log = store
        self.position = 0
        self._known = 0
        self.heard_at: datetime | None = None
        """When the last one was handled, in real time."""
        self.joined = False
        """Whether JetStream is listened to."""
        self._alarm = bus.interrupted.alarm()
        self._silence = SHORTEST_SILENCE
        self._ask_at = 0.0

    @property
    def lag(self) -> int:
        """How many announcements are known to wait."""
        return max(self._known - self.position, 0)

    async def run(self) -> None:
        """Runs until cancelled; raises what is no outage of NATS or of the owner."""
        while True:
            await self._session()

    async def _session(self) -> None:
        """Begins from what the database says; returns when it should begin again."""
        self._known = self.position = await self._log.tracking(self._hearing.upstream)
        await self._hearing.open()
        await self._catch_up()
        if not self._feed.log_id:
            # What lies in JetStream can't be told from that of another log of the same name until the owner answers.
            await asyncio.sleep(RETRY_SECONDS)
            return
        jetstream = await self._joined()
        try:
            await self._listen(jetstream)
        except NatsError as error:
            log.warning("JetStream failed; reading the feed", extra={"error": type(error).__name__})
            await self._feed_only()

    async def _listen(self, jetstream: JetStreamContext) -> None:
        """Takes what JetStream brings, until that is less than the feed has; raises NatsError."""
        upstream, interruptions = self._hearing.upstream, self._bus.interruptions
        pull = Pull(await self._bus.connect(), upstream, self._service, self._alarm, BATCH)
        async with self._bus.listening(upstream, self._told):
            try:
                await pull.open(jetstream)
                self.joined = True
                await self._follow(pull, interruptions)
            finally:
                self.joined = False
                await pull.close()

    async def _follow(self, pull: Pull, interruptions: int) -> None:
        missed = 0
        self._news()
        while self._bus.interruptions == interruptions and missed < MISSED:
            messages = await pull.messages()
            genuine = await self._genuine(messages)
            if genuine:
                missed = 0
                await self.take([announcement for _, announcement in genuine])
                for message, _ in genuine:
                    await message.ack()
                self._news()
            elif not messages and monotonic() < self._ask_at:
                await self._alarm.wait(self._ask_at - monotonic())
            if len(genuine) < len(messages):
                self._ask_within(TOLD_SECONDS)
            if monotonic() >= self._ask_at:
                if await self._catch_up():
                    # A subscription may be dead, or JetStream is only late, or it has much that is not to be believed.
                    missed += not messages
                    self._news()
                else:
                    self._silence = min(self._silence * 2, LONGEST_SILENCE)
                    self._ask_at = monotonic() + self._silence

    async def _genuine(self, messages: list[Msg]) -> list[tuple[Msg, Announcement]]:
        """Those that their owner has signed, for this log; the others are counted, and never come again."""
        genuine: list[tuple[Msg, Announcement]] = []
        for message in messages:
            try:
                genuine.append((message, await self._verifier.announcement(message, self._feed.log_id)))
            except NotBelieved as error:
                self.rejected.note(str(error))
                await message.term()
        return genuine

    def _news(self) -> None:
        self._silence = SHORTEST_SILENCE
        self._ask_at = monotonic() + self._silence

    def _told(self, hint: Hint) -> None:
        """The owner, or whoever can send in its name, says how far its outbox has come; JetStream should bring it."""
        self._known = hint.outbox_position
        if self.lag:
            self._ask_within(TOLD_SECONDS)

    def _ask_within(self, seconds: float) -> None:
        """The feed is asked no later than that, and no more often for being told so again and again."""
        if self._ask_at > monotonic() + seconds:
            self._ask_at = monotonic() + seconds
            self._alarm.ring()

    async def take(self, announcements: list[Announcement]) -> None:
        """Handles announcements in order; old ones do nothing, and what is missing before one is fetched."""
        index = 0
        while index < len(announcements):
            self._known = max(self._known, announcements[-1].position)
            announcement = announcements[index]
            if announcement.position > self.position + 1:
                await self._backfill(announcement.position - 1)
            if announcement.position == self.position + 1:
                index = await self._step(announcements, index)
            else:
                index += 1
            self.heard_at = datetime.now(UTC)

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
            self._known = self.position  # Whatever a hint has said.
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
        connecting = asyncio.ensure_future(self._bus.jetstream())
        try:
            while True:
                done, _ = await asyncio.wait({connecting}, timeout=RETRY_SECONDS)
                if done:
                    return connecting.result()
                await self._catch_up()
        finally:
            connecting.cancel()
