"""What a process can send that may reach NATS, but is not the owner; and where to wait for what became of it."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hubao.policy.v1.events_pb2 import PolicyBound

from libs.common.messaging.consumer import Consumer
from libs.common.messaging.relay import headers_of
from libs.common.store.reading import OutboxRow
from libs.common.tokens import write_jwks
from tests.common.messaging.town import BELL, TOWER_SERVICE, LocalFeed, Node, jwks_file, verifier_of
from tests.common.messaging.waiting import until

SUBJECT = "hubao.bell.PolicyBound.lead"


class EmptyFeed(LocalFeed):
    """A feed that has nothing to tell: what is heard came from JetStream."""

    async def read(self, after: int, limit: int = 500) -> list[Any]:
        await super().read(after, limit)
        return []


@dataclass
class Scene:
    """A bell that has been cast and struck once, and a tower with a consumer; nothing runs yet."""

    bell: Node
    tower: Node
    consumer: Consumer
    feed: LocalFeed

    async def genuine(self, position: int) -> tuple[dict[str, str], bytes]:
        """What the relay publishes of an announcement."""
        row = await self.row(position)
        return self.bell.signer.sign(headers_of("bell", await self.log_id(), row), row.data), row.data

    async def forged(self, position: int, hours: int) -> tuple[dict[str, str], bytes]:
        """A strike that never was, made of a real one and of what anybody can see."""
        real = await self.row((await self.bell.log.head()).outbox_position)
        heard = PolicyBound.FromString(real.data)
        heard.bound_on.day = hours
        now = datetime.now(UTC)
        row = replace(real, position=position, subject=uuid4(), recorded_at=now, data=heard.SerializeToString())
        return headers_of("bell", await self.log_id(), row), row.data

    async def row(self, position: int) -> OutboxRow:
        (row,) = await self.bell.log.outbox(position - 1, 1)
        return row

    async def log_id(self) -> UUID:
        return (await self.bell.log.head()).id

    async def publish(self, headers: Mapping[str, str], data: bytes) -> None:
        """Into the bell's stream, as somebody else does it."""
        jetstream = await self.tower.bus.jetstream()
        await jetstream.publish(SUBJECT, data, headers={**headers, "Nats-Msg-Id": str(uuid4())})

    def know(self, *keys: Ed25519PrivateKey) -> None:
        """From now on the tower believes the bell by these keys, and by no other."""
        write_jwks(jwks_file("bell"), *keys)

    async def rejects(self, count: int, seconds: float = 15) -> None:
        async def so_many() -> bool:
            return self.consumer.rejected.count >= count

        await until(so_many, seconds)

    async def joins(self) -> None:
        async def joined() -> bool:
            return self.consumer.joined

        await until(joined)

    def left_over(self) -> Callable[[], Awaitable[bool]]:
        """Whether JetStream has anything that it would send to the tower once more."""

        async def nothing() -> bool:
            info = await (await self.tower.bus.jetstream()).consumer_info("HUBAO_BELL", "tower")
            return (info.num_pending, info.num_ack_pending, info.num_redelivered) == (0, 0, 0)

        return nothing


@asynccontextmanager
async def scene(database: str, nats_url: str, feed: type[LocalFeed] = LocalFeed) -> AsyncIterator[Scene]:
    async with Node(BELL, database, nats_url) as bell, Node(TOWER_SERVICE, database, nats_url) as tower:
        await bell.bus.ensure_stream(await bell.bus.jetstream(), "bell")
        await bell.cast("big")
        await bell.strike("big", 1)
        source = feed(bell)
        consumer = Consumer("tower", tower.hearing("bell"), source, tower.bus, tower.log, verifier_of("bell"))
        yield Scene(bell, tower, consumer, source)


def publish_raw(url: str, subject: str, headers: bytes, data: bytes) -> None:
    """Publishes bytes that no library would send."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), 5) as link:
        link.recv(4096)
        size, total = len(headers), len(headers) + len(data)
        link.sendall(b'CONNECT {"verbose":false,"headers":true}\r\n')
        link.sendall(b"HPUB %s %d %d\r\n%b%b\r\nPING\r\n" % (subject.encode(), size, total, headers, data))
        answer = link.recv(4096)
        assert b"PONG" in answer, answer
