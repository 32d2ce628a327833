"""What an operator asks of a service while its database is away, and of a clock that two processes were told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb

from libs.common.clock import Clock, MovableClock
from libs.common.context import calling
from libs.common.errors import InvalidField
from libs.common.messaging.admin import AdminServicer, Context
from libs.common.messaging.parking import ParkingLot
from libs.common.outages import OutcomeUnknown
from libs.common.store.leases import Leases
from libs.common.store.reading import Log
from libs.common.store.requests import AppendRequest, Parking, Position
from libs.common.unit import Unit
from tests.common.messaging.town import BELL, Bell, Cast, Node, bell_id
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


@pytest.mark.parametrize("role", ["auditor", "underwriter", "vendor", "service", ""])
async def test_only_an_operator_reads_the_events_of_all_insurers(bell: Node, role: str) -> None:
    admin = admin_of(bell, bell.log)
    for tenant in ("north", "south"):

        async def found(unit: Unit, tenant: str = tenant) -> None:
            unit.record(Bell, bell_id(tenant, "great"), [Cast(name="great")])

        await bell.application.execute(bell.call(tenant=tenant), Bell, bell_id(tenant, "great"), found)

    async def seen(role: str, tenant: str) -> set[str]:
        call = replace(bell.call(), roles=frozenset({role}), tenant=tenant)
        with calling(call):
            answer = await admin.ReadEvents(pb.ReadEventsRequest(), cast(Context, None))
        return {event.tenant for event in answer.events}

    assert await seen("operator", "") == {"north", "south"}
    assert await seen(role, "") == set()
    assert await seen(role, "north") == await seen("operator", "north") == {"north"}


FORGED = ["²", "bell/²", "bell/٣", "bell/3", "/", "x", "2026-01-01T00:00:00+00:00/nobody", "AAAA" * 20, "\x00"]


@pytest.mark.parametrize("token", FORGED)
async def test_a_page_token_that_is_none_of_ours_is_a_wrong_field(bell: Node, token: str) -> None:
    for request in (pb.ListParkedRequest(page_token=token), pb.ListTimersRequest(page_token=token)):
        with pytest.raises(InvalidField) as refusal:
            await ask(bell, admin_of(bell, bell.log), request)

        assert refusal.value.field == "page_token"


async def test_timers_and_parked_announcements_are_listed_page_by_page(bell: Node) -> None:
    admin, subject = admin_of(bell, bell.log), UUID(int=7)
    for number in range(3):
        await bell.cast(f"bell {number}")
        await bell.strike(f"bell {number}", again_at=LATER + timedelta(days=number))
    for upstream, after, position in (("north", 0, 1), ("north", 1, 2), ("south", 0, 1)):
        parking = Parking(upstream, position, subject, "type", b"", "broken", LATER)
        moved = Position(upstream, after, position)
        await bell.application.committer.submit(AppendRequest((), tracking=moved, parking=(parking,)))

    timers: list[str] = []
    parked: list[tuple[str, int]] = []
    token = ""
    while not timers or token:
        answer = await ask(bell, admin, pb.ListTimersRequest(page_size=1, page_token=token))
        timers += [timer.stream for timer in answer.timers]
        token = answer.next_page_token
    while not parked or token:
        answer = await ask(bell, admin, pb.ListParkedRequest(page_size=2, page_token=token))
        parked += [(one.upstream, one.position) for one in answer.parked]
        token = answer.next_page_token

    assert timers == [str(bell_id("lead", f"bell {number}")) for number in range(3)]
    assert parked == [("north", 1), ("north", 2), ("south", 1)]
