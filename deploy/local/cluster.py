"""The four services as one whole: their common clock, and the moment at which everything has been heard by everyone."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb

from deploy.local.clients import SERVICES, Caller

SHANGHAI = ZoneInfo("Asia/Shanghai")
DRAIN_WITHIN = 120


class NotDrained(Exception):
    """The announcements did not come to rest in time; the message says where they stand."""


class Parked(Exception):
    """Something waits for a person: an announcement that could not be handled, an event that read tables can't take."""


class Cluster:
    """All services, as an operator sees them; they are given so many seconds to come to rest."""

    def __init__(self, operator: Caller, drain_within: float = DRAIN_WITHIN) -> None:
        self._operator = operator
        self._drain_within = drain_within

    async def set_clock(self, now: datetime) -> None:
        """Moves every clock to `now`; one that is ahead already stays where it is."""
        moment = Timestamp()
        moment.FromDatetime(now.astimezone(UTC))
        for service, status in (await self.status()).items():
            if status.now.ToDatetime(UTC) < now:
                await self._operator(pb.SetClockRequest(now=moment), at=service)

    async def open_day(self, day: date, hour: int = 9) -> None:
        """Lets a day begin for everyone, at an hour in Shanghai, and waits until all that it sets off has settled."""
        await self.set_clock(datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI))
        await self.drain()

    async def status(self) -> dict[str, Any]:
        answers = await asyncio.gather(*(self._operator(pb.GetStatusRequest(), at=name) for name in SERVICES))
        return dict(zip(SERVICES, answers, strict=True))

    async def now(self) -> datetime:
        """The time of the service whose clock is furthest ahead."""
        instants: list[datetime] = [status.now.ToDatetime(UTC) for status in (await self.status()).values()]
        return max(instants)

    async def drain(self) -> None:
        """Waits until every announcement is published and heard, every timer fired and every read table up to date.

        Statuses are read one after the other, so the services are at rest only if two rounds agree.
        """
        deadline = time.monotonic() + self._drain_within
        before: dict[str, int] = {}
        while True:
            status = await self.status()
            await self._refuse_waiting(status)
            positions = {name: one.position for name, one in status.items()}
            left = unsettled(status)
            if not left and positions == before:
                return
            before = {} if left else positions
            if time.monotonic() > deadline:
                raise NotDrained("; ".join(left) or "positions keep moving")
            await asyncio.sleep(0.02)

    async def verify_logs(self) -> dict[str, Any]:
        """Each service's own check of its whole log: chain, numbering, guards at every position."""
        answers = await asyncio.gather(*(self._operator(pb.VerifyLogRequest(), at=name) for name in SERVICES))
        return dict(zip(SERVICES, answers, strict=True))

    async def _refuse_waiting(self, status: Mapping[str, Any]) -> None:
        found = []
        for name, one in status.items():
            if one.parked:
                listed = await self._operator(pb.ListParkedRequest(page_size=1), at=name)
                first = [
                    f"; the first is {each.type} of {each.upstream} at {each.position}: {each.error}"
                    for each in listed.parked
                ]
                found.append(f"{name} has {one.parked} parked" + "".join(first))
            if one.set_aside:
                found.append(f"{name} has {one.set_aside} events set aside: hubao status -s {name}")
        if found:
            raise Parked("\n".join(found))


def unsettled(status: Mapping[str, Any]) -> list[str]:
    """What has not come to rest, in words; empty if everything has."""
    heads = {one.log: one.outbox_position for one in status.values()}
    left = []
    for name, one in status.items():
        if one.published_position != one.outbox_position:
            left.append(f"{name} published {one.published_position} of {one.outbox_position}")
        if one.projected_position != one.position:
            left.append(f"{name} projected {one.projected_position} of {one.position}")
        if one.timers_due:
            left.append(f"{name} has {one.timers_due} timers due")
        left += [
            f"{name} heard {consumer.position} of {heads[consumer.upstream]} from {consumer.upstream}"
            for consumer in one.consumers
            if consumer.position != heads[consumer.upstream]
        ]
    return left
