"""What an operator asks of a service while its database is away, and of a clock that two processes were told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb

from libs.common.clock import Clock, MovableClock
from libs.common.context import calling
from libs.common.messaging.admin import AdminServicer, Context
from libs.common.messaging.parking import ParkingLot
from libs.common.outages import OutcomeUnknown
from libs.common.store.leases import Leases
from libs.common.store.reading import Log
from tests.common.messaging.town import BELL, Node
from tests.common.store.proxy import Proxy

LATER = datetime(2099, 1, 1, tzinfo=UTC)
ASKED: list[Message] = [
    pb.GetStatusRequest(),
    pb.SetClockRequest(now=Timestamp(seconds=int(LATER.timestamp()))),
    pb.ListParkedRequest(),
    pb.ReplayParkedRequest(upstream="bell", subject=str(UUID(int=1))),
    pb.DropParkedRequest(upstream="bell", position=1, reason="a trial"),
    pb.RepublishRequest(from_position=1),
    pb.VerifyLogRequest(),
    pb.ReadEventsRequest(from_position=1),
    pb.ListTimersRequest(),
]


@pytest.fixture
async def bell(database: str) -> AsyncIterator[Node]:
    async with Node(BELL, database) as node:
        yield node


def admin_of(bell: Node, log: Log, clock: Clock | None = None) -> AdminServicer:
    parking, leases = ParkingLot(log, {}), Leases(log, "one")
    return AdminServicer(log, bell.tables, bell.projector, {}, parking, leases, clock or bell.clock, bell.waker, {})


async def ask(bell: Node, admin: AdminServicer, request: Message) -> Any:
    method = getattr(admin, request.DESCRIPTOR.name.removesuffix("Request"))
    with calling(bell.call()):
        return await method(request, cast(Context, None))


def to(moment: datetime) -> pb.SetClockRequest:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return pb.SetClockRequest(now=stamp)


async def offset(bell: Node) -> timedelta:
    ((value,),) = await bell.log.all("SELECT value FROM setting WHERE key = 'clock.offset'")
    return timedelta(microseconds=int(value))


async def test_in_an_outage_no_answer_is_a_bug_and_each_may_be_asked_again(bell: Node) -> None:
    async with Proxy(bell.url) as proxy:
        log = Log(proxy.url, patience=0.3)
        await log.open()
    # The proxy has gone, and the database with it.
    answers = await asyncio.gather(*(ask(bell, admin_of(bell, log), one) for one in ASKED), return_exceptions=True)
    await log.close()
    assert [type(answer) for answer in answers] == [OutcomeUnknown] * len(ASKED)

    # A clock that was moved, and could not be kept, is kept when it is told again.
    await ask(bell, admin_of(bell, bell.log), to(LATER))
    assert await offset(bell) == bell.clock.offset


async def test_of_two_processes_that_are_told_different_times_the_later_one_is_kept(bell: Node) -> None:
    ahead, behind = MovableClock(), MovableClock()
    await ask(bell, admin_of(bell, bell.log, ahead), to(LATER))

    await ask(bell, admin_of(bell, bell.log, behind), to(LATER - timedelta(days=1)))

    assert await offset(bell) == ahead.offset
