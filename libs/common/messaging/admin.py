"""The admin service: how a service is doing, and what an operator may do about it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
from hubao.feed.v1 import admin_service_pb2 as pb
from hubao.feed.v1 import admin_service_pb2_grpc as pb_grpc

from libs.common.clock import Clock, ClockNotMovable, MovableClock
from libs.common.context import current_call
from libs.common.grpc.pages import next_token, page_of
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.feed import timestamp
from libs.common.messaging.parking import Parked, ParkingLot, content_of
from libs.common.messaging.relay import CURSOR, relayed
from libs.common.projection.aside import SetAside, standing
from libs.common.projection.projector import Projector
from libs.common.projection.tables import ReadTables
from libs.common.store.leases import Leases
from libs.common.store.reading import Log, StoredRow
from libs.common.store.selecting import Span, Wanted, select_events
from libs.common.store.verify import verify
from libs.common.waking import Waker

_MICROSECOND = timedelta(microseconds=1)

Context = grpc.aio.ServicerContext[object, object]

_TIMERS = "SELECT count(*) FILTER (WHERE due_at <= %s), count(*) FILTER (WHERE due_at > %s) FROM timer"
_LEASES = "SELECT name, holder, epoch, until < clock_timestamp() FROM lease ORDER BY name"
_BEFORE_ALL = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""No timer is due earlier."""
_RUNNING = (
    "SELECT stream, name, tenant, due_at, id FROM timer WHERE (due_at, id) > (%s, %s) ORDER BY due_at, id LIMIT %s"
)


class AdminServicer(pb_grpc.AdminServiceServicer):
    """Each method reads the engine's own tables or asks one worker."""

    def __init__(
        self,
        store: Log,
        tables: ReadTables,
        projector: Projector,
        consumers: Mapping[str, Consumer],
        parking: ParkingLot,
        leases: Leases,
        clock: Clock,
        clock_waker: Waker,
        owners: Mapping[str, Sequence[str]],
    ) -> None:
        self._log = store
        self._tables = tables
        self._projector = projector
        self._consumers = consumers
        self._parking = parking
        self._leases = leases
        self._clock = clock
        self._clock_waker = clock_waker
        self._owners = owners

    async def GetStatus(self, request: pb.GetStatusRequest, context: Context) -> pb.GetStatusResponse:
        head = await self._log.head()
        now = self._clock.now()
        (due, waiting), *_ = await self._log.all(_TIMERS, (now, now))
        aside = await standing(self._tables)
        return pb.GetStatusResponse(
            log=head.log,
            position=head.position,
            outbox_position=head.outbox_position,
            published_position=await relayed(self._log),
            projected_position=await self._tables.position(),
            consumers=[await self._consumer(upstream, consumer) for upstream, consumer in self._consumers.items()],
            timers_due=due,
            timers_waiting=waiting,
            clock_movable=isinstance(self._clock, MovableClock),
            parked=await self._parking.count(),
            now=timestamp(now),
            chain=head.chain.hex(),
            leases=sorted(self._leases.held),
            service_leases=[
                pb.LeaseStatus(name=name, holder=holder, epoch=epoch, expired=expired)
                for name, holder, epoch, expired in await self._log.all(_LEASES)
            ],
            set_aside=aside.events,
            set_aside_streams=aside.streams,
            first_set_aside=[_set_aside(one) for one in aside.first],
            database_trouble=self._log.trouble.now or self._tables.trouble.now,
        )

    async def _consumer(self, upstream: str, consumer: Consumer) -> pb.ConsumerStatus:
        rejected = consumer.rejected
        return pb.ConsumerStatus(
            upstream=upstream,
            position=await self._log.tracking(upstream),
            leading=f"consumer {upstream}" in self._leases.held,
            rejected=rejected.count,
            rejected_time=timestamp(rejected.at) if rejected.at else None,
            rejected_reason=rejected.reason,
        )

    async def SetClock(self, request: pb.SetClockRequest, context: Context) -> pb.SetClockResponse:
        if not isinstance(self._clock, MovableClock):
            raise ClockNotMovable()
        self._clock.set(request.now.ToDatetime(tzinfo=UTC))
        await self._log.run(
            "INSERT INTO setting (key, value) VALUES ('clock.offset', %s)"
            # Another process of this service may have been told a later time.
            " ON CONFLICT (key) DO UPDATE SET value = greatest(setting.value::bigint, excluded.value::bigint)::text",
            (str(self._clock.offset // _MICROSECOND),),
        )
        self._clock_waker.nudge()
        return pb.SetClockResponse(now=timestamp(self._clock.now()))

    async def ListParked(self, request: pb.ListParkedRequest, context: Context) -> pb.ListParkedResponse:
        page = page_of(request, default=100)
        rows = await self._parking.list(page.after or ("", 0), page.size + 1)
        parked, token = next_token(page, rows, key=lambda one: (one.upstream, one.position))
        return pb.ListParkedResponse(
            parked=[_parked(one) for one in parked],
            next_page_token=token,
        )

    async def GetParked(self, request: pb.GetParkedRequest, context: Context) -> pb.GetParkedResponse:
        one, announcement = await self._parking.get(request.upstream, request.position)
        return pb.GetParkedResponse(
            parked=_parked(one),
            tenant=announcement.tenant,
            recorded_time=announcement.recorded_time,
            content=content_of(announcement),
            data=announcement.data,
        )

    async def ReplayParked(self, request: pb.ReplayParkedRequest, context: Context) -> pb.ReplayParkedResponse:
        replayed, remaining, error = await self._parking.replay(request.upstream, UUID(request.subject))
        return pb.ReplayParkedResponse(replayed=replayed, remaining=remaining, error=error)

    async def DropParked(self, request: pb.DropParkedRequest, context: Context) -> pb.DropParkedResponse:
        call = current_call()
        await self._parking.drop(request.upstream, request.position, request.reason, call.principal, call.now)
        return pb.DropParkedResponse()

    async def Republish(self, request: pb.RepublishRequest, context: Context) -> pb.RepublishResponse:
        # Never forward: what lies between would not be published.
        await self._log.run(
            "UPDATE cursor SET position = least(position, %s) WHERE name = %s", (request.from_position - 1, CURSOR)
        )
        return pb.RepublishResponse()

    async def VerifyLog(self, request: pb.VerifyLogRequest, context: Context) -> pb.VerifyLogResponse:
        events, violations = await verify(self._log, None if request.quick else self._owners)
        return pb.VerifyLogResponse(events=events, violations=violations)

    async def RebuildProjection(
        self, request: pb.RebuildProjectionRequest, context: Context
    ) -> pb.RebuildProjectionResponse:
        before = (await standing(self._tables)).events
        position, equal = await self._projector.rebuild()
        after = (await standing(self._tables)).events
        return pb.RebuildProjectionResponse(position=position, equal=equal, set_aside_before=before, set_aside=after)

    async def ReadEvents(self, request: pb.ReadEventsRequest, context: Context) -> pb.ReadEventsResponse:
        head = await self._log.head()
        wanted = Wanted(
            stream=UUID(request.stream) if request.stream else None,
            tenants=tuple(one for one in (current_call().visible_tenant, request.tenant or None) if one is not None),
            type=request.type,
            principal=request.principal,
            correlation_id=request.correlation_id,
        )
        before = min(request.before_position or head.position + 1, head.position + 1)
        span = Span(max(request.from_position, 1), before, request.newest)
        rows, rest = await select_events(self._log, wanted, span, request.page_size or 50)
        events = [_logged(row) for row in rows]
        return pb.ReadEventsResponse(events=events, head_position=head.position, next_position=rest)

    async def ListTimers(self, request: pb.ListTimersRequest, context: Context) -> pb.ListTimersResponse:
        page = page_of(request, default=100)
        rows = await self._log.all(_RUNNING, (*(page.after or _BEFORE_ALL), page.size + 1))
        shown, token = next_token(page, rows, key=lambda row: (row[3], row[4]))
        timers = [
            pb.RunningTimer(stream=str(stream), name=name, tenant=tenant, due_time=timestamp(due_at))
            for stream, name, tenant, due_at, _ in shown
        ]
        return pb.ListTimersResponse(timers=timers, next_page_token=token, now=timestamp(self._clock.now()))


def _parked(one: Parked) -> pb.ParkedAnnouncement:
    return pb.ParkedAnnouncement(
        upstream=one.upstream,
        position=one.position,
        subject=str(one.subject),
        type=one.type,
        error=one.error,
        parked_time=timestamp(one.parked_at),
    )


def _set_aside(one: SetAside) -> pb.SetAsideEvent:
    return pb.SetAsideEvent(
        position=one.position,
        stream=str(one.stream),
        tenant=one.tenant,
        type=one.type,
        error=one.error,
        reason=one.reason,
        set_aside_time=timestamp(one.set_aside_at),
    )


def _logged(row: StoredRow) -> pb.LoggedEvent:
    return pb.LoggedEvent(
        position=row.position,
        tenant=row.tenant,
        stream=str(row.stream),
        version=row.version,
        type=row.type,
        schema_version=row.schema_version,
        recorded_time=timestamp(row.recorded_at),
        payload=row.payload.decode(),
        metadata=row.metadata,
    )
