"""Two small services for the engine's tests: `bell` strikes and announces it, `tower` counts what it hears."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from google.protobuf.message import Message
from hubao.policy.v1.events_pb2 import PolicyBound, PolicyExpired
from sqlalchemy import Column, Integer, MetaData, String, Table

from libs.common.application import Application, Done
from libs.common.changes import Cancel, Draw, GuardChange, Recorded, Schedule, SetLimit, TimerChange
from libs.common.clock import MovableClock
from libs.common.context import SHARED, Call
from libs.common.errors import NotFound, NotYet, Refused
from libs.common.events import event
from libs.common.messaging.hearing import Hearing
from libs.common.messaging.jetstream import Bus
from libs.common.messaging.relay import Relay
from libs.common.messaging.signing import Signer, Verifier
from libs.common.projection.projector import Projector
from libs.common.projection.rows import RowChange, put
from libs.common.projection.tables import ReadTables
from libs.common.pulse import Pulse
from libs.common.service import Projection, Service
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from libs.common.store.timers import Timers
from libs.common.streams import stream_id
from libs.common.tokens import make_key, write_jwks
from libs.common.unit import Unit
from libs.common.waking import Waker


class BellBroken(Refused):
    message = "The bell {name} is broken."


class NoBell(NotFound):
    message = "There is no bell {name}."


@event("bell.Cast")
class Cast:
    name: str


@event("bell.Struck")
class Struck:
    hours: int
    again_at: datetime | None = None


@dataclass(frozen=True)
class Bell:
    KIND: ClassVar[str] = "bell.Bell"
    name: str
    strikes: int = 0

    def strike(self, hours: int, again_at: datetime | None = None) -> list[Struck]:
        if hours > 12:
            raise BellBroken(name=self.name)
        return [Struck(hours=hours, again_at=again_at)]

    @classmethod
    def begin(cls, event: Cast) -> "Bell":
        return cls(event.name)

    def evolve(self, event: Struck) -> "Bell":
        return replace(self, strikes=self.strikes + event.hours)


@event("tower.Heard")
class Heard:
    bell: str
    hours: int


@dataclass(frozen=True)
class Tower:
    KIND: ClassVar[str] = "tower.Tower"
    total: int = 0

    @classmethod
    def begin(cls, event: Heard) -> "Tower":
        return cls(event.hours)

    def evolve(self, event: Heard) -> "Tower":
        return replace(self, total=self.total + event.hours)


TOWER = stream_id(SHARED, "tower.Tower", "tower")


def bell_id(tenant: str, name: str) -> UUID:
    return stream_id(tenant, "bell.Bell", name)


def announce(recorded: Recorded[Any]) -> Message | None:
    match recorded.event:
        case Struck(hours=hours):
            return PolicyBound(submission_id=recorded.value.name, bound_on={"year": 2026, "month": 1, "day": hours})
        case Cast():
            return PolicyExpired(policy_id=str(recorded.stream))
    return None


def draws(recorded: Recorded[Any]) -> list[GuardChange]:
    match recorded.event:
        case Cast(name=name):
            return [SetLimit(f"strikes:{name}", 100)]
        case Struck(hours=hours):
            return [Draw(f"strikes:{recorded.value.name}", hours)]
    return []


def timers(recorded: Recorded[Any]) -> list[TimerChange]:
    match recorded.event:
        case Struck(again_at=None):
            return [Cancel("again")]
        case Struck(again_at=datetime() as at):
            return [Schedule("again", at)]
    return []


async def strike_again(unit: Unit, stream: UUID) -> None:
    bell = await unit.get(Bell, stream, NoBell(name=stream))
    unit.record(Bell, stream, bell.strike(1))


MENDED: set[str] = set()
"""Names of bells that the tower no longer chokes on."""

KNOWN: set[str] = set()
"""Names of bells that `late` waits for."""


async def count_strikes(unit: Unit, heard: PolicyBound) -> None:
    name = heard.submission_id
    if name.startswith("poison") and name not in MENDED:
        raise ValueError(f"can't count {name}")
    if name.startswith("late") and name not in KNOWN:
        raise NotYet(name)
    await unit.find(Tower, TOWER)
    unit.record(Tower, TOWER, [Heard(bell=name, hours=heard.bound_on.day)], tenant=SHARED)


METADATA = MetaData()
STRIKES = Table("strikes", METADATA, Column("stream", String, primary_key=True), Column("hours", Integer))


def project(recorded: Recorded[Any]) -> list[RowChange]:
    match recorded.event:
        case Struck(hours=hours):
            return [put(STRIKES, {"stream": str(recorded.stream), "hours": hours}, adds={"hours": hours})]
    return []


BELL = Service(
    name="bell",
    projection=Projection(version=1, metadata=METADATA, project=project),
    announce=announce,
    aggregates=(Bell,),
    draws=draws,
    timers=timers,
    firing={"again": strike_again},
)
TOWER_SERVICE = Service(
    name="tower",
    projection=Projection(version=1, metadata=MetaData(), project=lambda recorded: ()),
    announce=lambda recorded: None,
    aggregates=(Tower,),
    reactions={"bell": {PolicyBound: count_strikes}},
)


KEYS = TemporaryDirectory(prefix="hubao-town-")
"""The services' keys for announcements; removed with this process."""


def key_file(service: str) -> Path:
    return Path(KEYS.name) / f"{service}.key"


def jwks_file(service: str) -> Path:
    return Path(KEYS.name) / f"{service}.jwks.json"


def signer_of(service: str) -> Signer:
    """By which a service signs: always the same key."""
    make_key(key_file(service))
    signer = Signer(service, key_file(service))
    signer.open()
    return signer


def verifier_of(upstream: str) -> Verifier:
    """By which an upstream is believed."""
    write_jwks(jwks_file(upstream), make_key(key_file(upstream)))
    return Verifier(upstream, jwks_file(upstream))


class Node:
    """One service's engine in this process, without gRPC."""

    def __init__(self, service: Service, admin_url: str, nats_url: str = "") -> None:
        self.service = service
        self.url = prepare(admin_url, service.name)
        self.clock = MovableClock()
        self.log = Log(self.url)
        self.waker = Waker()
        self.application = Application(service, self.log, self.url, wake=self.committed)
        self.tables = ReadTables(service, self.url)
        self.projector = Projector(service, self.tables, self.waker)
        self.timer_waker = Waker()
        self.timers = Timers(self.application, service.firing, self.clock, self.log, self.timer_waker)
        self.bus = Bus(nats_url, service.name)
        self.signer = signer_of(service.name)
        self.relay = Relay(service.name, self.log, self.bus, self.waker, self.signer)
        self.pulse = Pulse(
            service.name, self.log, self.tables, self.clock, self.bus, waker=self.waker, timers=self.timer_waker
        )

    def committed(self) -> None:
        """Called when something of this process was stored."""
        self.waker.nudge()

    async def __aenter__(self) -> Self:
        await self.application.open()
        await self.tables.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.bus.close()
        await self.application.close()
        await self.tables.close()

    def call(self, request_id: str | None = None, fingerprint: bytes = b"f", tenant: str = "lead") -> Call:
        return Call(
            tenant=tenant,
            organisation=tenant,
            principal="user:ringer",
            roles=frozenset(),
            request_id=request_id or str(uuid4()),
            fingerprint=fingerprint,
            now=self.clock.now(),
            correlation_id="c",
        )

    async def cast(self, name: str) -> Done[Bell]:
        stream = bell_id("lead", name)

        async def plan(unit: Unit) -> None:
            if await unit.find(Bell, stream) is None:
                unit.record(Bell, stream, [Cast(name=name)])

        return await self.application.execute(self.call(), Bell, stream, plan)

    async def strike(self, name: str, hours: int = 1, again_at: datetime | None = None) -> Done[Bell]:
        return await self.application.change(
            self.call(), Bell, bell_id("lead", name), lambda bell: bell.strike(hours, again_at), NoBell(name=name)
        )

    def hearing(self, upstream: str, not_yet_seconds: float = 1.0) -> Hearing:
        return Hearing(
            upstream, self.service.reactions[upstream], self.application, self.clock, self.log, not_yet_seconds
        )


class LocalFeed:
    """A feed that reads the owner's outbox directly, as the owner's FeedService does."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.reads = 0
        self.log_id = ""

    async def read(self, after: int, limit: int = 500) -> list[Any]:
        from libs.common.messaging.feed import announcement_of

        self.reads += 1
        self.log_id = str((await self.node.log.head()).id)
        return [announcement_of(row) for row in await self.node.log.outbox(after, limit)]
