"""JetStream as this system uses it: names, a connection that never gives up, and streams that can be made anew.

JetStream is transport, never the only copy: all that is in it can be published again from the outbox.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from libs.common.messaging.seldom import Seldom
from libs.common.waking import Waker

log = logging.getLogger(__name__)

WEEK = 7 * 24 * 3600
PING_SECONDS = 2
PINGS = 2
"""A server that has left so many pings unanswered is away: some six seconds after its last word."""
LONGEST_HINT = 40
HINTS_WAITING = 100
"""What comes faster than it is looked at is lost, as hints may be."""


@dataclass(frozen=True, slots=True)
class Hint:
    """How far a service's log and its outbox have come, as one of its processes says; never more than a hint."""

    position: int
    outbox_position: int

    @classmethod
    def read(cls, data: bytes) -> "Hint | None":
        """A hint from its two numbers; None if it is none, for anybody may have sent it."""
        position, _, outbox_position = data.partition(b" ")
        if len(data) > LONGEST_HINT or not (position.isdigit() and outbox_position.isdigit()):
            return None
        return cls(int(position), int(outbox_position))


def stream_name(service: str) -> str:
    """The stream of a service's announcements, `HUBAO_POLICY`."""
    return f"HUBAO_{service.upper()}"


def subject_name(service: str, message_type: str, tenant: str) -> str:
    """The subject of one announcement, `hubao.policy.PolicyBound.<tenant>`."""
    return f"hubao.{service}.{message_type.rpartition('.')[2]}.{tenant}"


def hint_subject(service: str) -> str:
    """The subject of a service's hints. No stream keeps them: who does not hear one finds out by asking."""
    return f"hubao_pulse.{service}"


class _Client(Client):
    """The library's, which stops reading for good when somebody sends headers that it can't decode."""

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        try:
            found: dict[str, str] | None = await super()._process_headers(headers)
        except (ValueError, IndexError):
            return None
        return found


class Bus:
    """One process's connection to NATS: as the user in the URL, with the password there or the one in a file."""

    def __init__(self, url: str, name: str, password_file: Path | None = None) -> None:
        self._url = url
        self._name = name
        self._password_file = password_file
        self._unreadable, self._refused = Seldom(), Seldom()
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._listeners: dict[str, list[Callable[[Hint], None]]] = {}
        self._subscribed: set[str] = set()
        self.interruptions = 0
        """How often the connection was lost: what was asked of NATS before need not be answered any more."""
        self.interrupted = Waker()

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def connect(self) -> Client:
        """The client, connected; tries for ever, since everything also works (slower) without it."""
        async with self._connecting:
            while self._client is None or self._client.is_closed:
                await self._connect()
        while not self._client.is_connected:
            await asyncio.sleep(0.1)
        return self._client

    async def keep(self) -> None:
        """Connects even if this process leads nothing, for the hints; runs until cancelled."""
        await self.connect()
        await asyncio.get_running_loop().create_future()

    async def jetstream(self) -> JetStreamContext:
        """The JetStream context of a connected client."""
        return (await self.connect()).jetstream(timeout=5)

    async def _connect(self) -> None:
        client = _Client()
        try:
            await client.connect(
                self._url,
                name=self._name,
                inbox_prefix=f"_INBOX_{self._name}",
                **self._user(),
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                connect_timeout=2,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=PINGS,
                error_cb=self._note,
                disconnected_cb=self._interrupt,
            )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            log.warning("NATS does not answer", extra={"error": type(error).__name__})
            await asyncio.sleep(0.5)
            return
        self._client, self._subscribed = client, set()
        for service in self._listeners:
            await self._subscribe(service)

    async def _subscribe(self, service: str) -> None:
        """Takes a service's hints from now on; a client does so again by itself after an interruption."""
        if self._client is not None and not self._client.is_closed and service not in self._subscribed:
            self._subscribed.add(service)
            await self._client.subscribe(hint_subject(service), cb=self._heard, pending_msgs_limit=HINTS_WAITING)

    def _user(self) -> dict[str, Any]:
        """By whose name and password the client is let in, if they are not both in the URL; read at each attempt."""
        path = self._password_file
        if path is None:
            return {}
        return {"user": urlsplit(self._url).username, "password": lambda: path.read_text().strip()}

    async def _note(self, error: Exception) -> None:
        log.debug("NATS connection", extra={"error": repr(error)})
        if any(words in str(error).lower() for words in ("authorization", "permissions violation")):
            self._refused.warning("NATS refuses what %s may not do: %s", self._name, error)

    async def _interrupt(self) -> None:
        self.interruptions += 1
        self.interrupted.nudge()

    async def tell(self, service: str, hint: Hint) -> None:
        """Gives a hint to whoever listens; nothing if NATS is away."""
        if self._client is not None and self._client.is_connected:
            await self._client.publish(hint_subject(service), b"%d %d" % (hint.position, hint.outbox_position))

    @asynccontextmanager
    async def listening(self, service: str, heard: Callable[[Hint], None]) -> AsyncIterator[None]:
        """While inside, `heard` is called with each hint of a service that arrives."""
        listeners = self._listeners.setdefault(service, [])
        listeners.append(heard)
        try:
            await self._subscribe(service)
            yield
        finally:
            listeners.remove(heard)

    async def _heard(self, message: Msg) -> None:
        hint = Hint.read(message.data)
        if hint is None:
            self._unreadable.warning("a hint on %s can't be read", message.subject)
            return
        for heard in tuple(self._listeners.get(message.subject.rpartition(".")[2], ())):
            heard(hint)

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


def message_class(full_name: str) -> type[Message]:
    """The Python class of an announcement's full name; KeyError if this process knows no such message."""
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))
