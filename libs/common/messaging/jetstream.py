"""JetStream as this system uses it: names, a connection that never gives up, and streams that can be made anew.

JetStream is transport, never the only copy: all that is in it can be published again from the outbox.
"""

import asyncio
import logging

import nats
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

log = logging.getLogger(__name__)

WEEK = 7 * 24 * 3600


def stream_name(service: str) -> str:
    """The stream of a service's announcements, `HUBAO_POLICY`."""
    return f"HUBAO_{service.upper()}"


def subject_name(service: str, message_type: str, tenant: str) -> str:
    """The subject of one announcement, `hubao.policy.PolicyBound.<tenant>`."""
    return f"hubao.{service}.{message_type.rpartition('.')[2]}.{tenant}"


class Bus:
    """One process's connection to NATS."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def connect(self) -> JetStreamContext:
        """The JetStream context, connected; tries for ever, since everything also works (slower) without it."""
        async with self._connecting:
            return await self._connect()

    async def _connect(self) -> JetStreamContext:
        while self._client is None or self._client.is_closed:
            client = Client()
            try:
                await client.connect(
                    self._url,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    connect_timeout=2,
                    error_cb=_note,
                )
                self._client = client
            except (OSError, TimeoutError, nats.errors.Error) as error:
                log.warning("NATS does not answer", extra={"error": type(error).__name__})
                await asyncio.sleep(0.5)
        return self._client.jetstream(timeout=5)

    async def ensure_stream(self, jetstream: JetStreamContext, service: str) -> None:
        """Makes the stream of a service if it is not there, as after JetStream's directory was lost."""
        name = stream_name(service)
        try:
            await jetstream.stream_info(name)
        except NotFoundError:
            await jetstream.add_stream(
                StreamConfig(
                    name=name,
                    subjects=[f"hubao.{service}.>"],
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.OLD,
                    max_age=WEEK,
                    max_bytes=1 << 30,
                    duplicate_window=120,
                )
            )
            log.info("stream made", extra={"stream": name})

    async def close(self) -> None:
        """Disconnects. Publications are awaited one by one, and an unacknowledged message comes again: no drain."""
        if self._client is not None and not self._client.is_closed:
            await self._client.close()


async def _note(error: Exception) -> None:
    log.debug("NATS connection", extra={"error": repr(error)})


def message_class(full_name: str) -> type[Message]:
    """The Python class of an announcement's full name; KeyError if this process knows no such message."""
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))
