"""A durable consumer of one JetStream stream, asked ahead: there is always a request with the server, so that the next
message is sent in the moment it is stored.

`fetch` of nats-py makes one or two requests each time, and waits for nothing but messages; here one request serves for
many, and an alarm that others ring, too, says when to look.
"""

import json
from collections import deque
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.common.messaging.jetstream import stream_name
from libs.common.waking import Alarm

REQUEST_SECONDS = 60.0
"""For how long the server keeps a request."""
GRACE_SECONDS = 5.0

ACKNOWLEDGED_AT = "$JS.ACK."

_OVER = {"404", "408"}
"""No messages, or time over: the request is done, and the next one may be made."""


class PullEnded(NatsError):
    """The server answers a request with an error: its stream, its consumer or JetStream as a whole has gone."""


class Pull:
    """Messages of an upstream's stream for one service, in its order; rings `alarm` when there are some."""

    def __init__(self, client: Client, upstream: str, service: str, alarm: Alarm, batch: int) -> None:
        self._client = client
        self._stream = stream_name(upstream)
        self._subject = f"hubao.{upstream}.>"
        self._durable = service
        self._alarm = alarm
        self._batch = batch
        self._received: deque[Msg] = deque()
        self._subscription: Subscription | None = None
        self._wanted = 0
        self._until = 0.0

    async def open(self, jetstream: JetStreamContext) -> None:
        """Makes the consumer if it is not there, and asks for the first messages; raises NatsError."""
        await jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self._durable,
                filter_subject=self._subject,
                ack_policy=AckPolicy.EXPLICIT,
                deliver_policy=DeliverPolicy.ALL,
                ack_wait=30,
                max_ack_pending=1000,
            ),
        )
        self._inbox = self._client.new_inbox()
        self._subscription = await self._client.subscribe(self._inbox, cb=self._take)
        await self._ask()

    async def close(self) -> None:
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()

    async def messages(self) -> list[Msg]:
        """What has come since the last time, acknowledged or not; PullEnded if nothing more will come."""
        messages: list[Msg] = []
        while self._received:
            message = self._received.popleft()
            status = (message.headers or {}).get("Status") if not message.reply else None
            if status is None:
                messages.append(message)
                self._wanted -= 1
            elif status in _OVER:
                self._wanted = 0
            elif status != "100":
                raise PullEnded(f"{status} {(message.headers or {}).get('Description', '')}")
        if self._wanted <= 0 or monotonic() > self._until:
            await self._ask()
        return messages

    async def _ask(self) -> None:
        request = {"batch": self._batch, "expires": int(REQUEST_SECONDS * 1e9)}
        self._wanted, self._until = self._batch, monotonic() + REQUEST_SECONDS + GRACE_SECONDS
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}"
        await self._client.publish(subject, json.dumps(request).encode(), self._inbox)

    async def _take(self, message: Msg) -> None:
        """Keeps what JetStream sent, and no more of it than was asked for: others may be able to write to an inbox."""
        asked_for = message.reply.startswith(ACKNOWLEDGED_AT) or (
            not message.reply and "Status" in (message.headers or {})
        )
        if asked_for and len(self._received) < 2 * self._batch:
            self._received.append(message)
            self._alarm.ring()
