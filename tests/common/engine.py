"""One service's engine in the test's process, on a real database; its servicers are called without the network."""

from datetime import datetime
from typing import Any, Self

from google.protobuf.message import Message

from libs.common.application import Application
from libs.common.context import Call
from libs.common.messaging.jetstream import message_class
from libs.common.projection.projector import Projector
from libs.common.projection.tables import ReadTables
from libs.common.runtime import Servicers
from libs.common.service import Service
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from libs.common.store.timers import Timers
from libs.common.unit import Unit
from libs.common.waking import Waker


class StandingClock:
    """A clock that stands where the test puts it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def set(self, now: datetime) -> None:
        self.at = now


class Engine:
    """What a service's own test harness begins with."""

    def __init__(self, service: Service, servicers: Servicers, admin_url: str, at: datetime) -> None:
        url = prepare(admin_url, service.name)
        self.service = service
        self.clock = StandingClock(at)
        self.log = Log(url)
        waker = Waker()
        self.application = Application(service, self.log, url)
        self.tables = ReadTables(service, url)
        self.projector = Projector(service, self.tables, waker)
        self.timers = Timers(self.application, service.firing, self.clock, self.log, waker)
        self.servicers = [servicer for _, servicer, _ in servicers(self.application, self.tables)]
        self._announced = 0

    async def __aenter__(self) -> Self:
        await self.application.open()
        await self.tables.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.application.close()
        await self.tables.close()

    async def react(self, call: Call, heard: Message) -> None:
        """Reacts to another service's announcement."""
        upstream = heard.DESCRIPTOR.full_name.split(".")[1]
        reaction = self.service.reactions[upstream][type(heard)]

        async def plan(unit: Unit) -> None:
            await reaction(unit, heard)

        await self.application.react(call, plan)

    async def fire(self) -> None:
        """Fires all timers that are due."""
        while await self.timers.fire_due():
            pass

    async def announced(self) -> list[Any]:
        """The announcements since the last look."""
        rows = await self.log.outbox(self._announced, 1000)
        self._announced += len(rows)
        return [message_class(row.type).FromString(row.data) for row in rows]

    async def project(self) -> None:
        """Brings the read tables up to the log."""
        while await self.projector.advance(self.tables.schema):
            pass
